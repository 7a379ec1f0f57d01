"""The lines of Ollama's streams: cut out of the bytes, checked, and made harmless.

ChatOllama reads whatever comes: it would take a stream that just stops for a complete one and
stumble over a field of another type. So every line passes through here first; what goes on is
one object a line, with known fields only.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from core.errors import ProviderError, StreamBroken
from core.providers.faults import from_text

LINE_LIMIT_BYTES = 1 << 20
STREAM_LIMIT_BYTES = 64 << 20

_COUNTS = (
    "total_duration",
    "load_duration",
    "prompt_eval_count",
    "prompt_eval_duration",
    "eval_count",
    "eval_duration",
)


@dataclass(frozen=True, slots=True)
class Line:
    """One checked line. `data` is what ChatOllama gets; `spoke` tells that a token is in it."""

    data: dict[str, Any]
    spoke: bool
    done: bool

    def encoded(self) -> bytes:
        return json.dumps(self.data).encode("ascii") + b"\n"


def checked_lines(chunks: Iterable[bytes], model: str) -> Iterator[Line]:
    """Cut `chunks` into lines and check each; ends with the line that says `done`.

    Raises:
        StreamBroken: a line is not what Ollama sends, or the stream ends before `done`.
        ProviderError: the server sent an error line.
    """
    for raw in _cut(chunks, model):
        if not raw.strip():
            continue
        line = check(raw, model)
        yield line
        if line.done:
            return
    raise StreamBroken(model=model, detail="the connection closed before the end")


def check(raw: bytes, model: str) -> Line:
    """One line as it came, checked.

    Raises:
        StreamBroken: it is not what Ollama sends.
        ProviderError: it is an error line.
    """
    found = _parse(raw, model)
    if "error" in found and found["error"]:
        raise _error_in(found["error"], model)
    message = found.get("message", {})
    if not isinstance(message, dict) or not isinstance(found.get("done", False), bool):
        raise StreamBroken(model=model, detail="a line has an unknown shape")
    text = _text(message.get("content", found.get("response")), model)
    thinking = _text(message.get("thinking", found.get("thinking")), model)
    done = bool(found.get("done"))
    data: dict[str, Any] = {"message": {"role": "assistant", "content": text}, "done": done}
    if thinking:
        data["message"]["thinking"] = thinking
    if wishes := _tool_calls(message.get("tool_calls"), model):
        data["message"]["tool_calls"] = wishes
    if done:
        data |= _ending(found)
    return Line(data, spoke=bool(text or thinking or wishes), done=done)


def _cut(chunks: Iterable[bytes], model: str) -> Iterator[bytes]:
    pending = bytearray()
    total = 0
    for chunk in chunks:
        total += len(chunk)
        *lines, rest = chunk.split(b"\n")
        for line in lines:
            pending += line
            _limit(len(pending), LINE_LIMIT_BYTES, "a line is too long", model)
            yield bytes(pending)
            pending.clear()
        pending += rest
        _limit(len(pending), LINE_LIMIT_BYTES, "a line is too long", model)
        _limit(total, STREAM_LIMIT_BYTES, "the answer does not end", model)
    if pending:
        yield bytes(pending)


def _limit(size: int, limit: int, detail: str, model: str) -> None:
    if size > limit:
        raise StreamBroken(model=model, detail=detail)


def _parse(raw: bytes, model: str) -> dict[str, Any]:
    try:
        # Decoded first: json.loads would guess UTF-16 from NUL bytes.
        found = json.loads(raw.decode("utf-8"))
    except (ValueError, RecursionError):
        raise StreamBroken(model=model, detail="a line is not JSON") from None
    if not isinstance(found, dict):
        raise StreamBroken(model=model, detail="a line has an unknown shape")
    return found


def _error_in(error: Any, model: str) -> ProviderError:
    if isinstance(error, dict):
        error = error.get("message")
    return from_text(model, error if isinstance(error, str) else "an error without a text")


def _text(value: Any, model: str) -> str:
    if value is None:
        return ""
    if not isinstance(value, str):
        raise StreamBroken(model=model, detail="a line has an unknown shape")
    try:
        value.encode("utf-8")
    except UnicodeEncodeError:  # half of a surrogate pair: cannot be stored nor shown
        raise StreamBroken(model=model, detail="a line is not text") from None
    return value


def _tool_calls(value: Any, model: str) -> list[dict[str, Any]]:
    """Tool calls come whole, their arguments as an object."""
    if not value:
        return []
    calls = []
    for call in value if isinstance(value, list) else [None]:
        function = call.get("function") if isinstance(call, dict) else None
        if not isinstance(function, dict) or not isinstance(function.get("name"), str):
            raise StreamBroken(model=model, detail="a tool call has an unknown shape")
        arguments = function.get("arguments") or {}
        if not isinstance(arguments, dict):
            raise StreamBroken(model=model, detail="a tool call has an unknown shape")
        calls.append({"function": {"name": function["name"], "arguments": arguments}})
    return calls


def _ending(found: dict[str, Any]) -> dict[str, Any]:
    # "load" and "unload" tell of the model, not of an answer; ChatOllama would drop the line.
    reason = "length" if found.get("done_reason") == "length" else "stop"
    counts = {name: found[name] for name in _COUNTS if _is_count(found.get(name))}
    return {"done_reason": reason, **counts}


def _is_count(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 1 << 63
