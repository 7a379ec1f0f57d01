"""A small OpenAI-compatible server on loopback: healthy by default, or misbehaving.

    with ScriptedOpenAI() as server:
        server.url                                              # ends with /v1
        server.on(CHAT, events(delta("Hel"), Pause(9), delta("lo"), finish(), DONE))

What was asked is in `server.requests`.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from typing import Any

from testing.scripted_http import Body, End, Head, Pause, Request, ScriptedHttp, Step, whole

CHAT = "/v1/chat/completions"
MODELS = "/v1/models"
TEXT = "the evening light falls on the old wooden boards and somebody pours the tea"
STREAM = {"Content-Type": "text/event-stream; charset=utf-8"}


class ScriptedOpenAI(ScriptedHttp):
    """See above. `key`: the API key that it wants; `names`: its models."""

    def __init__(
        self,
        port: int = 0,
        *,
        names: tuple[str, ...] = ("tiny", "text-embedding-tiny"),
        key: str | None = None,
        tokens: int = 12,
        every_s: float = 0.0,
    ) -> None:
        super().__init__(port)
        self.names, self.key, self.tokens, self.every_s = names, key, tokens, every_s
        self.heal()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/v1"

    def heal(self) -> None:
        """Forget every script: a healthy server again."""
        self.on(MODELS, self._models)
        self.on(CHAT, self._chat)

    def _models(self, request: Request) -> Iterable[Step]:
        data = [{"id": name, "object": "model", "owned_by": "tests"} for name in self.names]
        return self._refused(request) or answered(200, {"object": "list", "data": data})

    def _chat(self, request: Request) -> Iterable[Step]:
        name = request.json.get("model")
        if name not in self.names:
            return error(404, f"The model `{name}` does not exist", "model_not_found")
        return self._refused(request) or self._answer(request.json)

    def _refused(self, request: Request) -> list[Step]:
        if self.key is None or request.headers.get("authorization") == f"Bearer {self.key}":
            return []
        given = request.headers.get("authorization", "").removeprefix("Bearer ")
        return error(401, f"Incorrect API key provided: {given}.", "invalid_api_key")

    def _answer(self, body: dict[str, Any]) -> Iterator[Step]:
        wanted = body.get("max_tokens") or body.get("max_completion_tokens") or self.tokens
        count, words = min(wanted, self.tokens), TEXT.split()
        yield Head(200, STREAM)
        yield delta("", role="assistant")
        for number in range(count):
            yield Pause(self.every_s)
            yield delta(f"{words[number % len(words)]} ")
        yield finish("length" if count < self.tokens else "stop")
        if (body.get("stream_options") or {}).get("include_usage"):
            yield usage(7, count)
        yield DONE
        yield End()


# --- pieces for scripts ---------------------------------------------------------------------


def event(value: Any) -> Body:
    """One event with a JSON object."""
    return Body(b"data: " + json.dumps(value, ensure_ascii=False).encode() + b"\n\n")


def delta(text: str | None, **fields: Any) -> Body:
    """The event of one token."""
    return event({"choices": [{"index": 0, "delta": {"content": text, **fields}}]})


def finish(reason: str = "stop") -> Body:
    """The event that says why it ended."""
    return event({"choices": [{"index": 0, "delta": {}, "finish_reason": reason}]})


def usage(asked: int, answered: int) -> Body:
    """The event with the counts, which comes after the end."""
    counts = {"prompt_tokens": asked, "completion_tokens": answered}
    return event({"choices": [], "usage": counts | {"total_tokens": asked + answered}})


DONE = Body(b"data: [DONE]\n\n")


def events(*steps: Step, ended: bool = True) -> list[Step]:
    """A stream: head, the steps, and the orderly end unless `ended` is false."""
    return [Head(200, STREAM), *steps, *([End()] if ended else [])]


def answered(status: int, value: Any, headers: dict[str, str] | None = None) -> list[Step]:
    """A whole JSON answer."""
    kind = {"Content-Type": "application/json", **(headers or {})}
    return whole(status, json.dumps(value).encode(), kind)


def error(status: int, text: str, code: str | None = None, **headers: str) -> list[Step]:
    """An error in OpenAI's shape."""
    body = {"message": text, "type": "invalid_request_error", "param": None, "code": code}
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return answered(status, {"error": body}, named)
