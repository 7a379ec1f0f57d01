"""A small Ollama on loopback: healthy by default, replaying a real one's bytes, or misbehaving.

    with ScriptedOllama(tokens_per_s=50, load_s=1) as server:       # healthy
        OllamaProvider(server.url)
        server.replay("runner_killed_mid_stream")                   # as recorded, with its timing
        server.on("/api/chat", stream(token("Hel"), Pause(9), token("lo")))    # as you like

`python -m testing.scripted_ollama --port 11434 --tokens-per-s 50` runs one for demonstrations.
`server.requests` holds what was asked, so that a test can look.
"""

from __future__ import annotations

import argparse
import json
import sys
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from testing.ollama_recorded import recorded, replayed
from testing.scripted_http import (
    Body,
    End,
    Head,
    Pause,
    Request,
    Step,
    whole,
)
from testing.scripted_library import DIMENSIONS, ScriptedLibrary

VERSION = "0.24.0"
LINES_AT_ONCE = 32  # when there is no delay: fewer, larger writes
TEXT = "the evening light falls on the old wooden boards and somebody pours the tea"


@dataclass(frozen=True, slots=True)
class Model:
    """A model that the healthy server has."""

    name: str
    capabilities: tuple[str, ...] = ("completion",)
    context_length: int = 4096
    size: int = 6_898_128
    vram: int = 0  # how much of it lies on a card
    metadata: Mapping[str, Any] = field(default_factory=dict, hash=False)  # added to model_info


DEFAULT_MODELS = (
    Model("tiny"),
    Model("tiny-think", ("completion", "tools", "thinking")),
    Model("minilm", ("embedding",), 512, 45_949_702),
)


class ScriptedOllama(ScriptedLibrary):
    """See above. `tokens_per_s` `None` means as fast as it goes; `load_s` passes at a first use.

    `tokens` is the length of an answer when the request has no `num_predict`; `text` is said
    over and over. `at_once` is how many models its memory holds: others displace the one that was
    used longest ago.
    """

    def __init__(
        self,
        port: int = 0,
        *,
        models: Sequence[Model] = DEFAULT_MODELS,
        tokens_per_s: float | None = None,
        load_s: float = 0.0,
        tokens: int = 24,
        text: str = TEXT,
        at_once: int | None = None,
    ) -> None:
        super().__init__(port)
        self.models = {model.name: model for model in models}
        self.tokens_per_s, self.load_s = tokens_per_s, load_s
        self.tokens, self.words = tokens, text.split()
        self.loaded: dict[str, int] = {}  # name -> num_ctx
        self.loads, self.at_once = 0, at_once
        self.version = VERSION
        self.too_big: set[str] = set()  # models that do not fit into memory
        # Seconds from a loaded model to its first token, by the request's options.
        self.read_s: Callable[[dict[str, Any]], float] = lambda _options: 0.0
        self._ready_at: dict[str, float] = {}
        self._loading = threading.Lock()
        self.heal()

    def heal(self) -> None:
        """Forget every script: a healthy server again."""
        ready = {"Content-Type": "text/plain; charset=utf-8"}
        self.on("/", whole(200, b"Ollama is running", ready))
        self.on("/api/version", lambda _request: _json(200, {"version": self.version}))
        self.on("/api/tags", lambda _request: _json(200, {"models": self._tags()}))
        self.on("/api/ps", lambda _request: _json(200, {"models": self._ps()}))
        self.on("/api/show", self._show)
        self.on("/api/chat", self._chat)
        self.on("/api/embed", self._embed)
        self.library()

    def replay(self, *cases: str, speed: float = 1.0) -> None:
        """Answer the cases' own route as a real server did, one case after the other.

        `speed` 10 is ten times as fast; `inf` leaves out the pauses.
        """
        for path in {recorded()[case]["request"]["path"] for case in cases}:
            mine = [case for case in cases if recorded()[case]["request"]["path"] == path]
            self.on(path, *(replayed(case, speed) for case in mine))

    # --- the healthy server -------------------------------------------------------------

    def _model(self, request: Request) -> Model | list[Step]:
        try:
            name = request.json["model"]
        except (ValueError, KeyError, TypeError):
            return _error(400, "missing request body")
        model = self.models.get(str(name).removesuffix(":latest"))
        return model or _error(404, f"model '{name}' not found")

    def _show(self, request: Request) -> Iterable[Step]:
        model = self._model(request)
        if not isinstance(model, Model):
            return model
        info = {**DIMENSIONS, "llama.context_length": model.context_length}
        info |= model.metadata
        capabilities = list(model.capabilities)
        return _json(200, {"details": _DETAILS, "model_info": info, "capabilities": capabilities})

    def _chat(self, request: Request) -> Iterable[Step]:
        model = self._model(request)
        if not isinstance(model, Model):
            return model
        if "completion" not in model.capabilities:
            return _error(400, f'"{model.name}" does not support chat')
        thinks = request.json.get("think")
        if thinks and "thinking" not in model.capabilities:
            return _error(400, f'"{model.name}" does not support thinking')
        return self._answer(model, request.json, bool(thinks))

    def _answer(self, model: Model, body: dict[str, Any], thinks: bool) -> Iterator[Step]:
        options = body.get("options") or {}
        if not body.get("messages") and body.get("keep_alive") == 0:
            self.loaded.pop(model.name, None)
            gone = {"message": {"content": ""}, "done": True, "done_reason": "unload"}
            yield from _json(200, gone)
            return
        if model.name in self.too_big:
            said = "model requires more system memory (9.9 GiB) than is available (1.0 GiB)"
            return (yield from _error(500, said))
        load_s = self._load(model, min(options.get("num_ctx", 4096), model.context_length))
        yield Pause(load_s)
        if not body.get("messages"):
            yield from _json(200, {"message": {"content": ""}, "done": True, "done_reason": "load"})
            return
        wanted = options.get("num_predict", -1)
        prompt = sum(len(message.get("content", "")) for message in body["messages"])
        cut = 0 < wanted < self.tokens
        count = wanted if cut else self.tokens
        yield Pause(self.read_s(options))
        yield Head()
        if thinks:
            yield token("", thinking="Let me see.")
        yield from self._paced(count)
        yield done(
            reason="length" if cut else "stop",
            load_duration=int(load_s * 1e9),
            prompt_eval_count=prompt // 4,
            eval_count=count,
        )
        yield End()

    def _paced(self, count: int) -> Iterator[Step]:
        lines = (token(f"{self.words[i % len(self.words)]} ").data for i in range(count))
        if self.tokens_per_s is None:
            yield from _batches(lines)
            return
        began = time.monotonic()
        for number, line in enumerate(lines, 1):
            yield Pause(max(0.0, began + number / self.tokens_per_s - time.monotonic()))
            yield Body(line)

    def _load(self, model: Model, num_ctx: int) -> float:
        """Load it unless it is; the seconds until it can be used, for others that wait too."""
        now = time.monotonic()
        with self._loading:
            if self.loaded.get(model.name) != num_ctx:
                self.loaded[model.name] = num_ctx
                self._ready_at[model.name] = now + self.load_s
                self.loads += 1
            self.loaded[model.name] = self.loaded.pop(model.name)  # used last
            while self.at_once is not None and len(self.loaded) > self.at_once:
                del self.loaded[next(iter(self.loaded))]
            return max(0.0, self._ready_at[model.name] - now)

    def _embed(self, request: Request) -> Iterable[Step]:
        model = self._model(request)
        if not isinstance(model, Model):
            return model
        given = request.json.get("input") or []
        texts = [text for text in ([given] if isinstance(given, str) else given) if text]
        vectors = [[(len(text) * k % 7 + 1) / 10 for k in range(1, 9)] for text in texts]
        return _json(200, {"model": model.name, "embeddings": vectors})

    def _tags(self) -> list[dict[str, Any]]:
        return [
            {
                "name": f"{model.name}:latest",
                "model": f"{model.name}:latest",
                "size": model.size,
                "digest": f"{abs(hash(model)):064x}",
                "details": _DETAILS,
            }
            for model in self.models.values()
        ]

    def _ps(self) -> list[dict[str, Any]]:
        return [
            {
                "name": f"{name}:latest",
                "model": f"{name}:latest",
                "size": self.models[name].size,
                "size_vram": self.models[name].vram,
                "context_length": num_ctx,
            }
            for name, num_ctx in dict(self.loaded).items()
        ]


_DETAILS = {"family": "llama", "parameter_size": "3.41M", "quantization_level": "F16"}


# --- pieces for scripts ---------------------------------------------------------------------


def token(text: str, **message: Any) -> Body:
    """The line of one token."""
    content = {"role": "assistant", "content": text, **message}
    return line({"model": "tiny", "created_at": "2026-11-20T15:36:24Z", "message": content})


def done(reason: str = "stop", **counts: int) -> Body:
    """The last line."""
    message = {"role": "assistant", "content": ""}
    return line({"message": message, "done": True, "done_reason": reason, **counts})


def line(value: dict[str, Any]) -> Body:
    return Body(json.dumps({"done": False, **value}, ensure_ascii=False).encode() + b"\n")


def stream(*steps: Step, ended: bool = True) -> list[Step]:
    """A chat answer: head, the steps, and the orderly end unless `ended` is false."""
    return [Head(), *steps, *([End()] if ended else [])]


def _batches(lines: Iterable[bytes]) -> Iterator[Step]:
    """The first line alone, the others together: each still a chunk of its own for the client."""
    waiting: list[bytes] = []
    for number, data in enumerate(lines):
        waiting.append(data)
        if number == 0 or len(waiting) == LINES_AT_ONCE:
            yield Body(b"".join(waiting))
            waiting.clear()
    if waiting:
        yield Body(b"".join(waiting))


def _json(status: int, value: Any) -> list[Step]:
    return whole(status, json.dumps(value).encode())


def _error(status: int, text: str) -> list[Step]:
    return _json(status, {"error": text})


def main(arguments: Sequence[str] | None = None) -> None:
    """The command line."""
    parser = argparse.ArgumentParser(prog="python -m testing.scripted_ollama", description=__doc__)
    parser.add_argument("--port", type=int, default=11434)
    parser.add_argument("--tokens-per-s", type=float, default=None, help="default: no delay")
    parser.add_argument("--load-s", type=float, default=0.0, help="seconds to load a model")
    parser.add_argument("--tokens", type=int, default=60, help="length of an answer")
    parser.add_argument("--loaded", action="append", default=[], help="a model in its memory")
    chosen = parser.parse_args(arguments)
    with ScriptedOllama(
        chosen.port, tokens_per_s=chosen.tokens_per_s, load_s=chosen.load_s, tokens=chosen.tokens
    ) as server:
        server.loaded.update(dict.fromkeys(chosen.loaded, 4096))
        sys.stdout.write(f"A scripted Ollama listens at {server.url} (Ctrl+C ends it).\n")
        sys.stdout.flush()
        with suppress(KeyboardInterrupt):
            threading.Event().wait()


if __name__ == "__main__":
    main()
