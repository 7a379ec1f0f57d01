"""A model that is to choose a name: held to the choices, and never in the way of the talk."""

from __future__ import annotations

import json
import threading
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from typing import Any

from core.errors import ModelRefused, WorkbenchError
from core.logs import part_logger
from core.messages import PromptMessage
from core.providers.base import GenerationOptions
from core.providers.registry import Registry
from core.rooms.rules import name_key

MAX_TOKENS = 64
WAIT_S = 60.0  # a picker that takes longer, loading included, has not answered
SYSTEM = (
    'You only decide who speaks next. Answer with JSON alone, {{"next": "NAME"}}, where NAME is'
    " exactly one of: {choices}."
)

log = part_logger("rooms")


@dataclass
class Heard:
    """What a model said, and how long it took to load; `None`: nobody knows."""

    text: str = ""
    load_ms: float | None = None


def choose(
    registry: Registry,
    model: str,
    text: str,
    choices: Sequence[str],
    options: GenerationOptions,
    cancel: threading.Event,
    heard: Heard,
) -> str | None:
    """The one of `choices` that `model` names when it is asked `text`; `None` when it names none.

    Of `options` the context and the time limits count.
    """
    messages = [
        PromptMessage("system", SYSTEM.format(choices=", ".join(choices))),
        PromptMessage("user", text),
    ]
    for wanted in _options(options, choices):
        try:
            _listen(registry, model, messages, wanted, cancel, heard)
            return chosen_in(heard.text, choices)
        except ModelRefused:  # it cannot be held to a shape: then it is only told
            continue
        except WorkbenchError as error:
            log.warning("picker_failed", error=error.code)
            return None
    return None


def chosen_in(said: str, choices: Sequence[str]) -> str | None:
    """The choice that an answer names: as JSON, or alone; `None` for anything else.

    A name in the middle of a sentence is none: "not Ren" must not give Ren the word.
    """
    keys = {name_key(name): name for name in choices}
    text = said.strip()
    start, end = text.find("{"), text.rfind("}")
    if 0 <= start < end:
        try:
            value = json.loads(text[start : end + 1])
        except ValueError:
            value = None
        named = value.get("next") if isinstance(value, dict) else None
        return keys.get(name_key(named)) if isinstance(named, str) else None
    return keys.get(name_key(text.strip(" .。\"'「」*@")))


def _options(given: GenerationOptions, choices: Sequence[str]) -> tuple[GenerationOptions, ...]:
    """Held to the choices, else only told; in the same context, since another loads anew."""
    held = GenerationOptions(
        context_tokens=given.context_tokens,
        max_tokens=MAX_TOKENS,
        temperature=0.0,
        first_token_s=min(WAIT_S, given.first_token_s),
        between_tokens_s=given.between_tokens_s,
        retries=0,
        format=_schema(choices),
    )
    return held, replace(held, format=None)


def _listen(
    registry: Registry,
    model: str,
    messages: list[PromptMessage],
    options: GenerationOptions,
    cancel: threading.Event,
    heard: Heard,
) -> None:
    heard.text = ""
    stream = registry.provider(model).stream(model, messages, options, cancel)
    with closing(stream) as chunks:  # type: ignore[type-var]
        for chunk in chunks:
            heard.text += chunk.text
            heard.load_ms = heard.load_ms if chunk.load_ms is None else chunk.load_ms


def _schema(choices: Sequence[str]) -> dict[str, Any]:
    names = {"type": "string", "enum": list(choices)}
    return {
        "type": "object",
        "properties": {"next": names},
        "required": ["next"],
        "additionalProperties": False,
    }
