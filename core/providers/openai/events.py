"""The events of a chat stream: cut out of the bytes, checked, and put together.

A server may split its lines anywhere, send comments, junk, or stop in the middle. What comes out
is pieces of an answer, and an end only where the server said that it ended.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from core.errors import ModelRefused, StreamBroken
from core.messages import ToolCall, Usage

LINE_LIMIT_BYTES = 1 << 20
STREAM_LIMIT_BYTES = 64 << 20
DONE: dict[str, Any] = {}  # stands for "[DONE]"


@dataclass(frozen=True, slots=True)
class Piece:
    """A piece of an answer. `reason` ("stop" or "length") comes once, with the last one."""

    text: str = ""
    reasoning: str = ""
    calls: tuple[ToolCall, ...] = ()
    reason: str | None = None
    usage: Usage | None = None


def events(chunks: Iterable[bytes], model: str) -> Iterator[dict[str, Any]]:
    """The JSON objects of the stream; `DONE` ends it. Simply ends when the bytes do.

    Raises:
        StreamBroken: an event is no JSON object, or the stream is too large.
    """
    data = bytearray()  # of one event; each of its lines ends with a newline
    for line in _lines(chunks, model):
        if line.startswith(b"data:"):
            data += line[5:].removeprefix(b" ") + b"\n"
            if len(data) > LINE_LIMIT_BYTES:
                raise _broken(model, "an event is too long")
        elif not line and data:
            event = _parse(bytes(data), model)
            data.clear()
            yield event
            if event is DONE:
                return
        # all else is a comment, or the name of an event


@dataclass(slots=True)
class Answer:
    """One answer as it comes together from the events of a stream."""

    model: str
    reason: str | None = None
    usage: Usage = Usage()
    _calls: dict[int, dict[str, str]] = field(default_factory=dict)

    def take(self, event: dict[str, Any]) -> Piece:
        """What an event adds.

        Raises:
            StreamBroken: it has an unknown shape.
            ModelRefused: the server's content filter ended the answer.
        """
        self._count(event.get("usage"))
        choices = event.get("choices")
        if not choices:  # the counts come alone; Azure begins with an event about its filter
            return Piece()
        choice = choices[0] if isinstance(choices, list) else None
        if not isinstance(choice, dict):
            raise _broken(self.model, "an event has an unknown shape")
        said = choice.get("delta") or choice.get("message") or {}
        if not isinstance(said, dict):
            raise _broken(self.model, "an event has an unknown shape")
        for place, call in enumerate(said.get("tool_calls") or ()):
            self._add(place, call)
        self._end(choice.get("finish_reason"))
        text = self._text(said.get("content")) or self._text(said.get("refusal"))
        thought = said.get("reasoning_content") or said.get("reasoning")
        return Piece(text, self._text(thought))

    def last(self) -> Piece:
        """The end: tool calls, reason and counts.

        Raises:
            StreamBroken: a tool call's arguments are no JSON object.
        """
        return Piece(
            calls=self._whole_calls(),
            reason=self.reason or "stop",
            usage=self.usage,
        )

    def _add(self, place: int, call: Any) -> None:
        function = call.get("function") if isinstance(call, dict) else None
        if not isinstance(function, dict):
            raise _broken(self.model, "a tool call has an unknown shape")
        index = call.get("index")
        kept = self._calls.setdefault(index if isinstance(index, int) else place, {})
        given = (("id", call.get("id")), ("name", function.get("name")))
        kept.update({name: value for name, value in given if isinstance(value, str) and value})
        arguments = function.get("arguments")
        if isinstance(arguments, dict):
            arguments = json.dumps(arguments)
        kept["arguments"] = kept.get("arguments", "") + self._text(arguments)

    def _whole_calls(self) -> tuple[ToolCall, ...]:
        calls = []
        for index, kept in sorted(self._calls.items()):
            try:
                arguments = json.loads(kept["arguments"] or "{}")
            except (ValueError, RecursionError):
                arguments = None
            if not isinstance(arguments, dict) or not kept.get("name"):
                if self.reason == "length":  # cut in the middle: as far as it got
                    continue
                raise _broken(self.model, "a tool call is not whole")
            calls.append(ToolCall(kept.get("id") or f"call_{index}", kept["name"], arguments))
        return tuple(calls)

    def _end(self, reason: Any) -> None:
        if reason == "content_filter":
            raise ModelRefused(model=self.model, detail="its content filter ended the answer")
        if reason:
            self.reason = "length" if reason == "length" else "stop"

    def _count(self, usage: Any) -> None:
        if not isinstance(usage, dict):
            return
        details = usage.get("prompt_tokens_details")
        cached = details.get("cached_tokens") if isinstance(details, dict) else None
        given = (usage.get("prompt_tokens"), usage.get("completion_tokens"), cached)
        self.usage = Usage(*(count if _is_count(count) else None for count in given))

    def _text(self, value: Any) -> str:
        if value is None:
            return ""
        if not isinstance(value, str):
            raise _broken(self.model, "an event has an unknown shape")
        try:
            value.encode("utf-8")
        except UnicodeEncodeError:  # half of a surrogate pair: cannot be stored nor shown
            raise _broken(self.model, "an event is not text") from None
        return value


def _lines(chunks: Iterable[bytes], model: str) -> Iterator[bytes]:
    """The lines without their ends; the last one only when it ended."""
    pending = bytearray()
    total = 0
    for chunk in chunks:
        total += len(chunk)
        if total > STREAM_LIMIT_BYTES:
            raise _broken(model, "the answer does not end")
        *lines, rest = chunk.split(b"\n")
        for line in lines:
            pending += line
            if len(pending) > LINE_LIMIT_BYTES:
                raise _broken(model, "a line is too long")
            yield bytes(pending).removesuffix(b"\r")
            pending.clear()
        pending += rest
        if len(pending) > LINE_LIMIT_BYTES:
            raise _broken(model, "a line is too long")


def _parse(raw: bytes, model: str) -> dict[str, Any]:
    if raw.strip() == b"[DONE]":
        return DONE
    try:
        found = json.loads(raw.decode("utf-8"))
    except (ValueError, RecursionError):
        raise _broken(model, "an event is not JSON") from None
    if not isinstance(found, dict):
        raise _broken(model, "an event has an unknown shape")
    return found


def _broken(model: str, detail: str) -> StreamBroken:
    return StreamBroken(model=model, detail=detail)


def _is_count(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 1 << 53
