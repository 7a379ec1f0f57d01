"""Models of the `llm` command-line tool: `llm:NAME`, when it is installed.

Each answer is one run of `llm -m NAME`, whose output is streamed; nothing goes into its log. It
takes one text and a system text, so the talk is written out for it. Where a model of `llm`
computes is its plugin's business: it counts as elsewhere, with the badge “llm”, and nothing falls
back to it.
"""

from __future__ import annotations

import importlib.util
import json
import re
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from core.errors import (
    AnswerEmpty,
    LlmAbsent,
    ModelMissing,
    ProviderError,
    ServerFault,
    StreamBroken,
)
from core.messages import PromptMessage, Usage
from core.providers.abilities import check_able
from core.providers.base import CHAT, Chunk, GenerationOptions, ModelInfo, ProviderState, name_of
from core.providers.faults import shortened
from core.providers.llm.run import Run
from core.providers.watch import Cancelled, Watch

AGE_S = 600.0
LIST_S = 20.0
_USAGE = re.compile(r"Token usage: ([\d,]+) input(?:, ([\d,]+) output)?")


class LlmProvider:
    """Thread-safe. `command` replaces the one that is found on the path."""

    name = "llm"

    def __init__(self, command: Sequence[str] | None = None) -> None:
        self._given = list(command) if command is not None else None
        self._closing = threading.Event()
        self._lock = threading.Lock()
        self._listed: tuple[float, list[ModelInfo]] | None = None

    def command(self) -> list[str]:
        """How the tool is called; empty when it is not installed."""
        if self._given is not None:
            return self._given
        found = shutil.which("llm")
        if found:
            return [found]
        return [sys.executable, "-m", "llm"] if importlib.util.find_spec("llm") else []

    def models(self) -> list[ModelInfo]:
        """Its models, asked for at most every ten minutes; none when it is not installed.

        Raises:
            ServerFault: it does not list them.
        """
        if not self.command():
            return []
        with self._lock:
            if self._listed is None or time.monotonic() - self._listed[0] > AGE_S:
                self._listed = time.monotonic(), self._ask()
            return list(self._listed[1])

    def info(self, ref: str) -> ModelInfo:
        """
        Raises:
            LlmAbsent: the tool is not installed.
            ModelMissing: it has no such model.
        """
        self._needed(ref)
        for info in self.models():
            if info.ref == ref:
                return info
        raise ModelMissing(model=ref)

    def state(self) -> ProviderState:
        """Whether it is installed; that it is not is no fault."""
        return ProviderState(self.name, available=bool(self.command()))

    def host(self, ref: str) -> str | None:  # noqa: ARG002  (nobody knows where it computes)
        return "llm"

    def stream(
        self,
        ref: str,
        messages: Sequence[PromptMessage],
        options: GenerationOptions,
        cancel: threading.Event,
    ) -> Iterator[Chunk]:
        """Answer; see `Provider.stream`. Of the options only `extra` is passed on: each model
        has its own.

        Raises:
            LlmAbsent, ModelMissing, Incapable: it is not to be asked.
            ProviderError: it failed, with the tool's own words.
        """
        command = self._needed(ref)
        check_able(ref, {CHAT}, messages, options)
        watch = Watch(
            ref,
            "llm",
            options.first_token_s,
            options.between_tokens_s,
            lambda: cancel.is_set() or self._closing.is_set(),
        )
        system, text = written_out(messages)
        with tempfile.TemporaryDirectory(prefix="engawa-llm-") as folder:
            asked = [*command, "-m", name_of(ref), "--no-log", "--hide-reasoning", "--usage"]
            if system:  # in a file that only its owner reads: arguments are seen by everybody
                file = Path(folder) / "system.txt"
                file.write_text(system, encoding="utf-8")
                asked += ["--sf", str(file)]
            for key, value in options.extra.items():
                asked += ["-o", key, str(value)]
            try:
                yield from _answer(Run(asked, text), watch)
            except Cancelled:
                return

    def warm(self, ref: str) -> None:
        """Nothing can be loaded beforehand."""

    def close(self) -> None:
        """End every answer; they notice within 0.3 s."""
        self._closing.set()

    def _needed(self, ref: str) -> list[str]:
        command = self.command()
        if not command:
            raise LlmAbsent(model=ref)
        if not name_of(ref) or name_of(ref).startswith("-"):
            raise ModelMissing(model=ref)
        return command

    def _ask(self) -> list[ModelInfo]:
        try:
            done = subprocess.run(
                [*self.command(), "models", "list", "--json"],
                capture_output=True,
                timeout=LIST_S,
                check=True,
                stdin=subprocess.DEVNULL,
            )
            entries = json.loads(done.stdout)
        except (OSError, subprocess.SubprocessError, ValueError) as error:
            detail = f"“llm models list” failed ({type(error).__name__})"
            raise ServerFault(model="llm", detail=detail) from None
        return [info for entry in entries if (info := _info(entry)) is not None]


def written_out(messages: Sequence[PromptMessage]) -> tuple[str, str]:
    """The system text, and the talk as one text; a single question stays as it is."""
    system = "\n\n".join(one.content for one in messages if one.role == "system")
    talk = [one for one in messages if one.role != "system"]
    if len(talk) == 1:
        return system, talk[0].content
    names = {"user": "User", "assistant": "Assistant", "tool": "Tool"}
    lines = [f"{names[one.role]}: {one.content}" for one in talk]
    return system, "\n\n".join([*lines, "Assistant:"])


def _answer(run: Run, watch: Watch) -> Iterator[Chunk]:
    spoken = False
    with run:
        for piece in run.pieces(watch):
            watch.token()
            spoken = spoken or bool(piece.strip())
            yield Chunk(text=piece)
        code, said = run.ended()
    if code != 0:
        raise _fault(watch.model, said, spoken)
    if not spoken:
        raise AnswerEmpty(model=watch.model)
    yield Chunk(usage=_usage(said), done_reason="stop")


def _fault(model: str, said: str, spoken: bool) -> ProviderError:
    lines = [line for line in said.splitlines() if line.strip()] or ["it ended with an error"]
    detail = shortened(lines[-1].removeprefix("Error: "))
    if spoken:
        return StreamBroken(model=model, detail=detail)
    if "Unknown model" in detail:
        return ModelMissing(model=model)
    return ServerFault(model=model, detail=detail)


def _usage(said: str) -> Usage | None:
    found = _USAGE.search(said)
    if found is None:
        return None
    asked, answered = (int(one.replace(",", "")) if one else None for one in found.groups())
    return Usage(asked, answered)


def _info(entry: Any) -> ModelInfo | None:
    name = entry.get("model_id") if isinstance(entry, dict) else None
    if not isinstance(name, str) or not name or name.startswith("-"):
        return None
    return ModelInfo(
        ref=f"llm:{name}",
        title=name,
        provider="llm",
        size_bytes=None,
        context_tokens=None,
        capabilities=frozenset({CHAT}),
        local=False,
        host="llm",
    )
