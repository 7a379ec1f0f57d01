"""From what a client sends to what a model is asked."""

from __future__ import annotations

import base64
import binascii
import json
from dataclasses import replace
from typing import Any, Literal, NoReturn

from core.api.openai.schemas import CallIn, CompletionIn, MessageIn, PartIn
from core.errors import InvalidInput
from core.messages import Image, PromptMessage, ToolCall
from core.providers.base import GenerationOptions, Tool
from core.settings import Settings

PICTURES = ("image/png", "image/jpeg", "image/webp", "image/gif")


def refuse(field: str, expected: str, found: object) -> NoReturn:
    """
    Raises:
        InvalidInput: always.
    """
    raise InvalidInput(field=field, expected=expected, found=str(found)[:80])


def prompt_of(body: CompletionIn) -> list[PromptMessage]:
    """The messages.

    Raises:
        InvalidInput: a picture or a tool call cannot be read, or what is to be gone on with is
            not the assistant's; the place is named.
    """
    found = [_message(message, f"messages.{at}") for at, message in enumerate(body.messages)]
    if body.continue_final_message:
        if found[-1].role != "assistant":
            refuse("continue_final_message", "a last message of the assistant", found[-1].role)
        found[-1] = replace(found[-1], unfinished=True)
    return found


def last_said(body: CompletionIn) -> str:
    """The last user message: what is posted into a room.

    Raises:
        InvalidInput: there is none, or it has pictures.
    """
    for at in range(len(body.messages) - 1, -1, -1):
        if body.messages[at].role == "user":
            found = _message(body.messages[at], f"messages.{at}")
            if found.images:
                refuse(f"messages.{at}", "text: a room takes no pictures here", "a picture")
            return found.content
    refuse("messages", "a message of the user", "none")


def options_of(body: CompletionIn, given: GenerationOptions) -> GenerationOptions:
    """`given` with what the client wants changed.

    Raises:
        InvalidInput: it wants more than one answer, or a certain tool.
    """
    if body.n not in (None, 1):
        refuse("n", "1: there is one answer to a question", body.n)
    if body.tool_choice not in (None, "none", "auto"):
        refuse("tool_choice", "“auto” or “none”", body.tool_choice)
    wanted: dict[str, Any] = {
        "max_tokens": body.max_completion_tokens or body.max_tokens,
        "temperature": body.temperature,
        "top_p": body.top_p,
        "seed": body.seed,
        "stop": (body.stop,) if isinstance(body.stop, str) else tuple(body.stop or ()) or None,
        "reasoning": None if body.reasoning_effort is None else body.reasoning_effort != "none",
        "format": _format(body),
        "tools": _tools(body) or None,
    }
    return replace(given, **{name: value for name, value in wanted.items() if value is not None})


def plain_options(settings: Settings) -> GenerationOptions:
    """How a model is asked when no agent speaks."""
    models = settings.models
    return GenerationOptions(
        context_tokens=models.context_tokens,
        max_tokens=models.answer_tokens,
        first_token_s=models.first_token_s,
        between_tokens_s=models.between_tokens_s,
        retries=models.retries,
    )


def _tools(body: CompletionIn) -> tuple[Tool, ...]:
    if body.tool_choice == "none":
        return ()
    functions = [tool.function for tool in body.tools or ()]
    return tuple(Tool(one.name, one.description, one.parameters) for one in functions)


def _format(body: CompletionIn) -> Literal["json"] | dict[str, Any] | None:
    wanted = body.response_format
    if wanted is None or wanted.type == "text":
        return None
    if wanted.type == "json_object":
        return "json"
    if wanted.json_schema is None:
        refuse("response_format.json_schema", "a schema", "nothing")
    return wanted.json_schema.schema_


def _message(message: MessageIn, place: str) -> PromptMessage:
    role = "system" if message.role == "developer" else message.role
    parts = message.content if isinstance(message.content, list) else []
    text = message.content if isinstance(message.content, str) else ""
    pictures = [part for part in parts if part.type == "image_url"]
    return PromptMessage(
        role,
        text or "\n".join(part.text for part in parts if part.type == "text"),
        images=tuple(_image(part, place) for part in pictures),
        tool_calls=tuple(_call(call, place) for call in message.tool_calls or ()),
        tool_call_id=message.tool_call_id,
    )


def _image(part: PartIn, place: str) -> Image:
    """A picture in the request itself: nothing is fetched from elsewhere."""
    url = part.image_url.url if part.image_url else ""
    head, comma, data = url.partition(",")
    kind = head.removeprefix("data:").removesuffix(";base64")
    if not comma or not head.startswith("data:") or kind not in PICTURES:
        refuse(place, "a picture as data:image/…;base64,…", url)
    try:
        return Image(base64.b64decode(data, validate=True), kind)
    except (binascii.Error, ValueError):
        refuse(place, "a picture in base64", url)


def _call(call: CallIn, place: str) -> ToolCall:
    try:
        arguments = json.loads(call.function.arguments or "{}")
    except (ValueError, RecursionError):
        arguments = None
    if not isinstance(arguments, dict):
        refuse(place, "a tool call's arguments as a JSON object", call.function.arguments)
    return ToolCall(call.id, call.function.name, arguments)
