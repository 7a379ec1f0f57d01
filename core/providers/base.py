"""What every provider of chat models is and gives.

A reference names a model everywhere: `ollama:NAME`, `hf:FOLDER_OR_ID`, `starter`. What stands
before the colon is the provider's name; the rest is the provider's own business.
"""

from __future__ import annotations

import ipaddress
import threading
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, Literal, Protocol, runtime_checkable
from urllib.parse import urlsplit

from core.errors import WorkbenchError
from core.messages import PromptMessage, ToolCall, Usage
from core.runner.loading import LoadOptions

STARTER = "starter"
ADAPTER_PREFIX = "ad_"
ADAPTED = (STARTER, "hf")  # providers whose models take adapters by reference

CHAT = "chat"
EMBEDDING = "embedding"
TOOLS = "tools"
VISION = "vision"
THINKING = "thinking"
STRUCTURED = "structured"  # answers in JSON of a given shape


@dataclass(frozen=True, slots=True)
class ModelInfo:
    """What is known of one model. `None` means unknown, never zero or no.

    `size_bytes` is the size of the weights on disk. `context_tokens` is the model's own window.
    `capabilities` holds the words above. `host` is set when the model runs elsewhere (`local`
    is then false), and is what the badge shows. `loaded` tells whether it is in memory now, and
    `load` how (device, quantization, gpu_layers …), as far as its runner says so. `adapters` are
    those that can be put onto it: `hf:starter+ad_pirate`.
    """

    ref: str
    title: str
    provider: str
    size_bytes: int | None
    context_tokens: int | None
    capabilities: frozenset[str]
    local: bool = True
    host: str | None = None
    parameters: str | None = None
    quantization: str | None = None
    family: str | None = None
    loaded: bool | None = None
    adapters: tuple[str, ...] = ()
    load: Mapping[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class Tool:
    """A tool that a model may wish to have run; `parameters` is a JSON schema of an object."""

    name: str
    description: str
    parameters: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class GenerationOptions:
    """How one answer is wanted.

    `None` leaves a value to the model's own default. `extra` goes to the provider as it is.
    `first_token_s` includes loading the model; `between_tokens_s` is the longest silence after
    it. `retries` counts repeats before the first token only. `reasoning` asks a model that can
    think to do so; one that cannot is never asked. `tools` are what it may wish to have run.
    `format` wants the answer as JSON: any ("json"), or as a JSON schema says. A model that is
    known not to be able to do these two, or to see pictures, refuses before it is asked.
    `load` is how a model of this machine must be
    loaded; `None` takes it as it is, or as it fits best.
    """

    context_tokens: int = 4096
    max_tokens: int = 512
    temperature: float | None = None
    top_p: float | None = None
    seed: int | None = None
    stop: tuple[str, ...] = ()
    extra: Mapping[str, Any] = field(default_factory=dict)
    first_token_s: float = 120.0
    between_tokens_s: float = 30.0
    retries: int = 2
    reasoning: bool = False
    tools: tuple[Tool, ...] = ()
    format: Literal["json"] | Mapping[str, Any] | None = None
    load: LoadOptions | None = None


@dataclass(frozen=True, slots=True)
class Chunk:
    """A piece of an answer. Only the last one has `done_reason` ("stop" or "length").

    `tool_calls` come whole, never in parts; an answer that has some need not have a text.

    `usage` and `load_ms` (milliseconds spent loading the model) come with the last one too,
    as far as the provider knows them.
    """

    text: str = ""
    reasoning: str = ""
    usage: Usage | None = None
    done_reason: str | None = None
    load_ms: float | None = None
    tool_calls: tuple[ToolCall, ...] = ()

    @property
    def says(self) -> bool:
        """Whether it holds something of an answer: more than blanks and thoughts."""
        return bool(self.tool_calls or self.text.strip())


@dataclass(frozen=True, slots=True)
class ProviderState:
    """Whether a provider can be used just now.

    `address` is where its server listens, `None` for one that lives in this app. `version` is
    the server's, `None` when unknown. `error` says why it is not available.
    """

    name: str
    available: bool
    address: str | None = None
    version: str | None = None
    error: WorkbenchError | None = None


class Provider(Protocol):
    """A source of chat models. Sync throughout, usable from several threads at once."""

    name: str

    def models(self) -> list[ModelInfo]:
        """Every model that is there.

        Raises:
            ProviderError: the server does not answer (`ServerAway`) or not as it should.
        """

    def info(self, ref: str) -> ModelInfo:
        """One model, in as much detail as there is.

        Raises:
            ModelMissing: it is not installed.
            ProviderError: the server does not answer (`ServerAway`) or not as it should.
        """

    def stream(
        self,
        ref: str,
        messages: Sequence[PromptMessage],
        options: GenerationOptions,
        cancel: threading.Event,
    ) -> Iterator[Chunk]:
        """Answer, piece by piece; the last chunk has `done_reason`.

        When `cancel` is set the iterator ends within 0.3 s without `done_reason`, also while
        it waits, and the run on the server stops; closing the iterator does the same.

        Raises:
            ProviderError: only its subclasses; `StreamBroken` when it ended before it was done.
        """

    def warm(self, ref: str) -> None:
        """Begin to load a model in the background. Returns at once and never raises."""

    def close(self) -> None:
        """End what is running and give everything back."""


@runtime_checkable
class Served(Protocol):
    """A provider that stands on a server of its own and can tell how that one is."""

    def state(self) -> ProviderState:
        """The server's state, asked now with limits of at most 1 s. Never raises."""

    def host(self, ref: str) -> str | None:
        """The name of the machine where a model runs; `None` when it is this one. Never raises."""


@runtime_checkable
class ManyServers(Protocol):
    """A provider whose models stand on several servers."""

    def states(self) -> list[ProviderState]:
        """Each server's state, with limits of a few seconds. Never raises."""

    def host(self, ref: str) -> str | None:
        """The name of the machine where a model runs; `None` when it is this one. Never raises."""

    def server(self, ref: str) -> str:
        """The name of a model's server; what has one name fails together. Never raises."""


@dataclass(frozen=True, slots=True)
class Place:
    """A model server as far as waiting and swapping go.

    `memory` names what its models share, "" when nothing is known of that; `limited`: they
    displace each other there. `parallel`: answers of one model at a time; 0: as many as anybody
    asks for, and nobody waits. `tells_loads`: the provider itself stores how long loads took.
    """

    name: str
    memory: str = ""
    limited: bool = False
    parallel: int = 0
    tells_loads: bool = False


@runtime_checkable
class Placed(Protocol):
    """A provider that knows where its models are kept."""

    def place(self, ref: str) -> Place:
        """Where this one is. Asks nobody and never raises."""


def prefix_of(ref: str) -> str:
    """The provider's name in a reference: "ollama" of "ollama:qwen3:4b"."""
    return ref.partition(":")[0].strip()


def name_of(ref: str) -> str:
    """The model's name in a reference: "qwen3:4b" of "ollama:qwen3:4b"; "" for "starter"."""
    return ref.partition(":")[2].strip()


def split_adapter(ref: str) -> tuple[str, str]:
    """("hf:starter", "ad_pirate") of "hf:starter+ad_pirate"; no adapter is ""."""
    base, plus, adapter = ref.rpartition("+")
    if plus and adapter.startswith(ADAPTER_PREFIX) and prefix_of(base) in ADAPTED:
        return base, adapter
    return ref, ""


def base_of(ref: str) -> str:
    """The model that is in memory for a reference: without its adapter, and one for the starter."""
    base = split_adapter(ref)[0]
    return STARTER if base == f"hf:{STARTER}" else base


def with_adapter(ref: str, adapter: str | None) -> str:
    """The reference with an adapter put onto it, where it can take one and has none yet."""
    if not adapter or prefix_of(ref) not in ADAPTED or split_adapter(ref)[1]:
        return ref
    name = adapter if adapter.startswith(ADAPTER_PREFIX) else f"{ADAPTER_PREFIX}{adapter}"
    return f"hf:{STARTER}+{name}" if ref == STARTER else f"{ref}+{name}"


@lru_cache(maxsize=64)  # asked with every answer; reading an address takes a while
def is_local(url: str) -> bool:
    """Whether a server's address is on this machine; an unreadable one counts as elsewhere."""
    host = host_of(url)
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return False
    mapped = getattr(address, "ipv4_mapped", None) or address
    return bool(mapped.is_loopback or mapped.is_unspecified)


def host_of(url: str) -> str:
    """The host's name in a URL, without port, user and brackets; "" when there is none."""
    try:
        host = urlsplit(url if "//" in url else f"//{url}").hostname
    except ValueError:
        return ""
    return (host or "").rstrip(".")
