"""OpenAI-compatible servers as a provider: `openai:NAME@HOST`.

The hosts stand in the settings; docs/openai.md describes them. None is there by itself, and none
on another machine is asked for an answer unless the user has put one of its models into a chain.
"""

from __future__ import annotations

import ssl
import threading
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from functools import partial
from typing import Any

from core.errors import AnswerEmpty, ModelMissing
from core.hosts import HostSettings
from core.messages import PromptMessage
from core.providers.abilities import check_able
from core.providers.base import THINKING, Chunk, GenerationOptions, ModelInfo, ProviderState
from core.providers.guard import repeated
from core.providers.openai.body import chat_body
from core.providers.openai.client import OpenAIClient
from core.providers.openai.hosts import Host, host_for, hosts_of, split
from core.providers.openai.lists import Lists
from core.providers.openai.models import Entry, abilities, model_info
from core.providers.watch import Cancelled, Watch

MOST_AT_ONCE = 8


class OpenAIProvider:
    """The models of all hosts. Thread-safe; nothing is asked before the first call.

    `tls` replaces the usual certificates, for a server with one of its own.
    """

    name = "openai"

    def __init__(
        self, hosts: Mapping[str, HostSettings], *, tls: ssl.SSLContext | None = None
    ) -> None:
        self.hosts = hosts_of(hosts)
        self._client = OpenAIClient(tls)
        self._lists = Lists(self._client)
        self._closing = threading.Event()

    # --- what is there ------------------------------------------------------------------

    def models(self) -> list[ModelInfo]:
        """What the hosts list, and what the settings name; a host that is away adds nothing."""
        return [info for found in self._each(self._models_of) for info in found]

    def info(self, ref: str) -> ModelInfo:
        """One model.

        Raises:
            HostUnknown: no such host is set up.
            ModelMissing: the host lists its models, and this is none of them.
            ProviderError: the host does not answer as it should.
        """
        host, name = host_for(self.hosts, ref)
        listed = self._lists.of(host)
        entry = next((one for one in listed.entries if one.name == name), None)
        if entry is None and listed.error is not None:
            raise listed.error
        if entry is None and host.lists:
            raise ModelMissing(model=ref)
        return model_info(host, entry or Entry(name))

    def states(self) -> list[ProviderState]:
        """How each host is; those on this machine are asked now, within 1 s. Never raises."""
        return self._each(self._state_of)

    def host(self, ref: str) -> str | None:
        """The machine's name; `None` for this one, or for a host that is not set up."""
        found = self.hosts.get(split(ref)[1])
        return found.name if found else None

    def server(self, ref: str) -> str:
        """What fails together with this model: its host, as the breaker names it."""
        return f"openai@{split(ref)[1]}"

    # --- answers ------------------------------------------------------------------------

    def stream(
        self,
        ref: str,
        messages: Sequence[PromptMessage],
        options: GenerationOptions,
        cancel: threading.Event,
    ) -> Iterator[Chunk]:
        """Answer; see `Provider.stream`. Repeats a refused request before the first token.

        Raises:
            ProviderError: one of its subclasses, see docs/openai.md.
        """
        host, name = host_for(self.hosts, ref)
        able = self._abilities(host, name)
        if host.preset.told or host.about(name).capabilities is not None:
            check_able(ref, able, messages, options)
        host.api_key(ref)
        watch = Watch(
            ref,
            host.url,
            options.first_token_s,
            options.between_tokens_s,
            lambda: cancel.is_set() or self._closing.is_set(),
        )
        once = partial(self._answer, host, name, messages, options, watch)
        try:
            yield from repeated(once, options.retries, watch)
        except Cancelled:
            return

    def warm(self, ref: str) -> None:  # noqa: ARG002  (what a server holds is its own business)
        """Import what an answer needs, so that the first one need not wait for it."""
        if self.hosts:
            threading.Thread(target=_prepare, name="openai-warm", daemon=True).start()

    def close(self) -> None:
        """End every answer; they notice within 0.3 s."""
        self._closing.set()
        self._client.close()

    # --- inside -------------------------------------------------------------------------

    def _answer(
        self,
        host: Host,
        name: str,
        messages: Sequence[PromptMessage],
        options: GenerationOptions,
        watch: Watch,
    ) -> Iterator[Chunk]:
        from core.providers.openai.chat import OpenAIChatModel, answer  # costs 0.5 s once

        watch.check()
        thinks = options.reasoning if THINKING in self._abilities(host, name) else None

        def pieces(asked: Sequence[Mapping[str, Any]]) -> Iterator[Any]:
            unfinished = bool(messages) and messages[-1].unfinished
            body = chat_body(watch.model, host, name, asked, options, thinks, unfinished=unfinished)
            return self._client.chat(host, name, body, watch)

        spoken = False
        with closing(answer(OpenAIChatModel(ref=watch.model, pieces=pieces), messages)) as chunks:
            for chunk in chunks:
                spoken = spoken or chunk.says
                if chunk.done_reason and not spoken:
                    raise AnswerEmpty(model=watch.model)
                yield chunk

    def _abilities(self, host: Host, name: str) -> frozenset[str]:
        return abilities(host, self._lists.known(host, name), host.about(name))

    def _models_of(self, host: Host) -> list[ModelInfo]:
        return [model_info(host, entry) for entry in self._lists.of(host).entries]

    def _state_of(self, host: Host) -> ProviderState:
        error = self._lists.of(host).error
        return ProviderState(f"openai@{host.key}", error is None, host.url, error=error)

    def _each(self, ask: Any) -> list[Any]:
        hosts = list(self.hosts.values())
        if len(hosts) < 2:
            return [ask(host) for host in hosts]
        with ThreadPoolExecutor(min(MOST_AT_ONCE, len(hosts)), "openai-hosts") as pool:
            return list(pool.map(ask, hosts))


def _prepare() -> None:
    import core.providers.openai.chat  # noqa: F401
