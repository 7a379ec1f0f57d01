"""What a request asks of a model beyond words, and whether the model can do it."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

from core.errors import Incapable
from core.messages import PromptMessage
from core.providers.base import CHAT, STRUCTURED, TOOLS, VISION, GenerationOptions, Tool
from core.text import N_, words

_NAMES = {
    TOOLS: N_("use tools"),
    VISION: N_("see pictures"),
    STRUCTURED: N_("answer in a given shape"),
    CHAT: N_("chat"),
}


def needed(messages: Sequence[PromptMessage], options: GenerationOptions) -> list[str]:
    """The capabilities that a model must have for this, chat among them."""
    wishes = {
        CHAT: True,
        TOOLS: options.tools or any(one.tool_calls or one.role == "tool" for one in messages),
        VISION: any(one.images for one in messages),
        STRUCTURED: options.format is not None,
    }
    return [name for name, wished in wishes.items() if wished]


def check_able(
    ref: str,
    capabilities: Collection[str],
    messages: Sequence[PromptMessage],
    options: GenerationOptions,
) -> None:
    """
    Raises:
        Incapable: the model `ref` with these capabilities cannot do what is asked.
    """
    for name in needed(messages, options):
        if name not in capabilities:
            raise Incapable(model=ref, ability=words(_NAMES[name]))


def tool_body(tool: Tool) -> dict[str, Any]:
    """A tool's definition as the servers take it."""
    function = {
        "name": tool.name,
        "description": tool.description,
        "parameters": dict(tool.parameters),
    }
    return {"type": "function", "function": function}
