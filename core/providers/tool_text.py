"""Tool calls that a model writes as text, as the chat templates of open models teach it.

`<tool_call>{"name": …, "arguments": {…}}</tool_call>` (Hermes, Qwen), the same with
`<function=NAME><parameter=KEY>…` inside (Qwen's coders), and an answer that is nothing but one or
several such objects (Llama, Mistral). What names no tool that was offered is plain text.
"""

from __future__ import annotations

import json
import re
from collections.abc import Collection
from typing import Any

from core.messages import ToolCall

OPEN, CLOSE = "<tool_call>", "</tool_call>"
FUNCTION = re.compile(r"<function=([^>\s]+)>(.*?)(?:</function>|$)", re.S)
PARAMETER = re.compile(r"<parameter=([^>\s]+)>\n?(.*?)\n?</parameter>", re.S)


class ToolText:
    """Lets text through, and keeps back what is, or may become, a call."""

    def __init__(self, names: Collection[str]) -> None:
        self._names = frozenset(names)
        self._held = ""
        self._begun = False  # something was let through
        self._calls: list[ToolCall] = []

    def add(self, text: str) -> str:
        """The text that can be shown now."""
        self._held += text
        if not self._begun and self._held.lstrip()[:1] in ("{", "["):
            return ""  # the whole answer may be a call
        shown = ""
        while (start := self._held.find(OPEN)) >= 0:
            shown += self._held[:start]
            end = self._held.find(CLOSE, start)
            if end < 0:
                self._held = self._held[start:]
                return self._shown(shown)
            shown += self._taken(self._held[start + len(OPEN) : end], self._held[start:end] + CLOSE)
            self._held = self._held[end + len(CLOSE) :]
        keep = _beginning(self._held)
        shown += self._held[: len(self._held) - keep]
        self._held = self._held[len(self._held) - keep :]
        return self._shown(shown)

    def rest(self) -> tuple[str, tuple[ToolCall, ...]]:
        """The answer has ended: what was kept back and is text, and all calls."""
        held, self._held = self._held, ""
        inner = held.removeprefix(OPEN)
        shown = self._taken(inner, held) if held.strip() else ""
        return shown, tuple(self._calls)

    def _shown(self, text: str) -> str:
        if self._calls and not text.strip():
            return ""  # blank lines between calls
        self._begun = self._begun or bool(text.strip())
        return text

    def _taken(self, inner: str, otherwise: str) -> str:
        """Take calls from `inner`; what is shown instead when there are none."""
        found = [call for call in _parsed(inner) if call[0] in self._names]
        for name, arguments in found:
            self._calls.append(ToolCall(f"call_{len(self._calls) + 1}", name, arguments))
        return "" if found else otherwise


def _parsed(text: str) -> list[tuple[str, dict[str, Any]]]:
    functions = FUNCTION.findall(text)
    if functions:
        return [
            (name, {key: _value(value) for key, value in PARAMETER.findall(body)})
            for name, body in functions
        ]
    try:
        content = json.loads(text.strip().rstrip(";"))
    except (ValueError, RecursionError):
        return []
    calls = content if isinstance(content, list) else [content]
    return [call for one in calls if (call := _call(one)) is not None]


def _call(found: Any) -> tuple[str, dict[str, Any]] | None:
    if not isinstance(found, dict) or not isinstance(found.get("name"), str):
        return None
    arguments = found.get("arguments", found.get("parameters", {}))
    if isinstance(arguments, str):
        arguments = _value(arguments)
    return (found["name"], arguments) if isinstance(arguments, dict) else None


def _value(text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return text


def _beginning(text: str) -> int:
    """How many characters at the end may be the beginning of a call."""
    longest = min(len(text), len(OPEN) - 1)
    return next((n for n in range(longest, 0, -1) if text.endswith(OPEN[:n])), 0)
