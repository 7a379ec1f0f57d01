"""Models that are asked who speaks next: held to the choices, and never in the way of the talk."""

from __future__ import annotations

import json
import threading
from contextlib import closing
from dataclasses import replace
from typing import Any

from core.errors import ModelRefused, WorkbenchError
from core.logs import part_logger
from core.messages import PromptMessage
from core.providers.base import GenerationOptions
from core.providers.registry import Registry
from core.rooms import book
from core.rooms.deciding import Answers
from core.rooms.model import Room
from core.rooms.policies.base import Ask, Question
from core.rooms.rules import name_key
from core.rooms.turns import Turns
from core.settings import Settings
from core.store import Store

MAX_TOKENS = 64
WAIT_S = 60.0  # a picker that takes longer, loading included, has not answered
SYSTEM = (
    'You only decide who speaks next. Answer with JSON alone, {{"next": "NAME"}}, where NAME is'
    " exactly one of: {choices}."
)

log = part_logger("rooms")


class Asking:
    """Asks the questions of policies, one after the other, those of one model together."""

    def __init__(self, store: Store, registry: Registry, turns: Turns, settings: Settings) -> None:
        self._store, self._registry = store, registry
        self._turns, self._settings = turns, settings

    def ask(self, room_id: str, ask: Ask, cancel: threading.Event) -> Answers:
        """The choice that each question's model made, `None` where it made none."""
        with self._store.read() as conn:
            room = book.load_room(conn, room_id, deleted=True)
        found: dict[str, str | None] = {question.key: None for question in ask.questions}
        models = {question.key: self._model(room, question) for question in ask.questions}
        order = list(dict.fromkeys(models.values()))
        for question in sorted(ask.questions, key=lambda one: order.index(models[one.key])):
            if not cancel.is_set():
                found[question.key] = self._answer(models[question.key], question, cancel)
        return found

    def _model(self, room: Room, question: Question) -> str:
        asked = question.agent or (room.agents[0] if room.agents else "")
        return question.model or self._turns.model_of(room, asked)

    def _answer(self, model: str, question: Question, cancel: threading.Event) -> str | None:
        messages = [
            PromptMessage("system", SYSTEM.format(choices=", ".join(question.choices))),
            PromptMessage("user", question.text),
        ]
        options = GenerationOptions(
            context_tokens=self._settings.models.context_tokens,
            max_tokens=MAX_TOKENS,
            temperature=0.0,
            first_token_s=min(WAIT_S, self._settings.models.first_token_s),
            between_tokens_s=self._settings.models.between_tokens_s,
            retries=0,
            format=_schema(question.choices),
        )
        for wanted in (options, replace(options, format=None)):
            try:
                return chosen_in(self._said(model, messages, wanted, cancel), question.choices)
            except ModelRefused:  # it cannot be held to a shape: then it is only told
                continue
            except WorkbenchError as error:
                log.warning("picker_failed", error=error.code)
                return None
        return None

    def _said(
        self,
        model: str,
        messages: list[PromptMessage],
        options: GenerationOptions,
        cancel: threading.Event,
    ) -> str:
        stream = self._registry.provider(model).stream(model, messages, options, cancel)
        with closing(stream) as chunks:  # type: ignore[type-var]
            return "".join(chunk.text for chunk in chunks)


def _schema(choices: tuple[str, ...]) -> dict[str, Any]:
    names = {"type": "string", "enum": list(choices)}
    return {"type": "object", "properties": {"next": names}, "required": ["next"]}


def chosen_in(said: str, choices: tuple[str, ...]) -> str | None:
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
