"""Completions, chunks, models and vectors in the shapes that OpenAI's clients read."""

from __future__ import annotations

import base64
import json
import struct
import time
import uuid
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from core.api.openai.errors import error_for
from core.api.openai.voices import Part
from core.errors import WorkbenchError
from core.messages import ToolCall, Usage

DONE = "data: [DONE]\n\n"
OURS = "engawa"


class Shape:
    """One completion, whole or in chunks."""

    def __init__(self, model: str, *, counts: bool = False) -> None:
        """`counts`: the stream ends with the usage."""
        self._counts = counts
        self._called = 0
        self._head = {
            "id": f"chatcmpl-{uuid.uuid4().hex}",
            "created": int(time.time()),
            "model": model,
        }

    def chunks(self, parts: Iterable[Part]) -> Iterator[str]:
        """The events of a stream, without the last one."""
        role = {"role": "assistant", "content": ""}
        for part in parts:
            delta: dict[str, Any] = role | _said(part)
            if part.calls:
                delta["tool_calls"] = self._calls(part.calls)
            if not delta and part.reason is None:
                continue
            role = {}
            yield self._event(delta, None if part.reason is None else part)
            if part.reason and self._counts:
                yield _data(self._chunk([]) | {"usage": usage_body(part.usage)})

    def whole(self, parts: Iterable[Part]) -> dict[str, Any]:
        """The whole completion."""
        text, thought, calls = [], [], []
        last = Part(reason="stop")
        for part in parts:
            text.append(part.text)
            thought.append(part.reasoning)
            calls += self._calls(part.calls)
            last = part
        message: dict[str, Any] = {"role": "assistant", "content": "".join(text), "refusal": None}
        if calls:
            message["content"] = message["content"] or None
            message["tool_calls"] = [_without(call, "index") for call in calls]
        if any(thought):
            message["reasoning_content"] = "".join(thought)
        reason = last.reason or "stop"
        choice = {"index": 0, "message": message, "logprobs": None, "finish_reason": reason}
        told = {"choices": [choice], "usage": usage_body(last.usage), OURS: last.about}
        return {**self._head, "object": "chat.completion", **told}

    def _event(self, delta: dict[str, Any], last: Part | None) -> str:
        choice = {"index": 0, "delta": delta, "logprobs": None}
        choice["finish_reason"] = last.reason if last else None
        return _data(self._chunk([choice]) | ({OURS: last.about} if last else {}))

    def _chunk(self, choices: list[dict[str, Any]]) -> dict[str, Any]:
        return {**self._head, "object": "chat.completion.chunk", "choices": choices}

    def _calls(self, calls: Sequence[ToolCall]) -> list[dict[str, Any]]:
        bodies = []
        for call in calls:
            arguments = json.dumps(dict(call.arguments), ensure_ascii=False)
            function = {"name": call.name, "arguments": arguments}
            named = {"index": self._called, "id": call.id or f"call_{uuid.uuid4().hex[:12]}"}
            bodies.append({**named, "type": "function", "function": function})
            self._called += 1
        return bodies


def error_event(error: WorkbenchError, lang: str) -> str:
    """A failure after the stream has begun."""
    return _data({"error": error_for(error, lang, "/v1/")})


def usage_body(usage: Usage | None) -> dict[str, int | None]:
    """`None` where the server did not count."""
    asked = usage.prompt_tokens if usage else None
    answered = usage.completion_tokens if usage else None
    known = [count for count in (asked, answered) if count is not None]
    total = sum(known) if known else None
    return {"prompt_tokens": asked, "completion_tokens": answered, "total_tokens": total}


def model_entry(name: str, owner: str, created: int) -> dict[str, Any]:
    return {"id": name, "object": "model", "created": created, "owned_by": owner}


def vector_entry(index: int, vector: Sequence[float], *, packed: bool) -> dict[str, Any]:
    numbers = [float(number) for number in vector]
    raw = struct.pack(f"<{len(numbers)}f", *numbers)
    value = base64.b64encode(raw).decode() if packed else numbers
    return {"object": "embedding", "index": index, "embedding": value}


def _said(part: Part) -> dict[str, Any]:
    given = {"content": part.text, "reasoning_content": part.reasoning}
    return {name: value for name, value in given.items() if value}


def _without(body: dict[str, Any], name: str) -> dict[str, Any]:
    return {key: value for key, value in body.items() if key != name}


def _data(body: dict[str, Any]) -> str:
    return f"data: {json.dumps(body, ensure_ascii=False)}\n\n"
