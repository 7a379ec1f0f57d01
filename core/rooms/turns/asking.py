"""Models that are asked who speaks next: held to the choices, and never in the way of the talk."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass, replace
from typing import Any

from core.errors import ModelRefused, WorkbenchError
from core.logs import part_logger
from core.messages import PromptMessage
from core.providers.base import GenerationOptions
from core.providers.registry import Registry
from core.rooms import book
from core.rooms.model import Room
from core.rooms.policies.base import Ask, Question
from core.rooms.rules import name_key
from core.rooms.turns.deciding import Answers
from core.rooms.turns.lineup import Ticket
from core.rooms.turns.loads import Tally
from core.rooms.turns.places import KNOWN_S, Need, Places
from core.rooms.turns.schedule import cheapest
from core.rooms.turns.turns import Turns
from core.settings import Settings
from core.store import Store

MAX_TOKENS = 64
WAIT_S = 60.0  # a picker that takes longer, loading included, has not answered
SYSTEM = (
    'You only decide who speaks next. Answer with JSON alone, {{"next": "NAME"}}, where NAME is'
    " exactly one of: {choices}."
)

log = part_logger("rooms")


@dataclass(frozen=True, slots=True)
class Call:
    """What questions are asked with: the choice they are for, and the room's way to its models."""

    key: tuple[int, int]
    ticket: Ticket
    tally: Tally
    cancel: threading.Event
    wanted: Callable[[], bool]


@dataclass
class _Heard:
    """What a model said, and how long it took to load; `None`: nobody knows."""

    text: str = ""
    load_ms: float | None = None


class Asking:
    """Asks the questions of policies, one after the other, in the order of fewest loads."""

    def __init__(
        self, store: Store, registry: Registry, turns: Turns, settings: Settings, places: Places
    ) -> None:
        self._store, self._registry, self._places = store, registry, places
        self._turns, self._settings = turns, settings

    def ask(self, room_id: str, ask: Ask, call: Call) -> Answers:
        """The choice that each question's model made, `None` where it made none.

        Each waits for its model server as a turn does, and its loads count in the round's.
        """
        with self._store.read() as conn:
            room = book.load_room(conn, room_id, deleted=True)
        needs = [
            self._places.need(number, self._model(room, question))
            for number, question in enumerate(ask.questions)
        ]
        machine = self._places.machine(needs, KNOWN_S)
        call.tally.began(call.key[0], machine)
        found: dict[str, str | None] = {question.key: None for question in ask.questions}
        for job in cheapest([need.job for need in needs], machine):
            need, question = needs[job.key], ask.questions[job.key]
            agent = question.agent or ""
            if not call.ticket.take(need.place, need.ref, agent, call.wanted):
                break
            found[question.key] = self._put(room, question, need, call)
        return found

    def _put(self, room: Room, question: Question, need: Need, call: Call) -> str | None:
        """Put one question, and count what it loaded."""
        mark = (call.key[1], need.job.key)
        there = self._places.machine([need]).has(need.job.model)
        heard = _Heard()
        answer = self._answer(room, need.ref, question, call.cancel, heard)
        call.tally.ran[mark] = need
        if not there and heard.text:
            call.tally.loads[mark] = (heard.load_ms or 0.0) / 1000
            self._places.loaded(need, heard.load_ms)
        return answer

    def _model(self, room: Room, question: Question) -> str:
        asked = question.agent or (room.agents[0] if room.agents else "")
        return question.model or self._turns.casting.model_of(room, asked)

    def _answer(
        self,
        room: Room,
        model: str,
        question: Question,
        cancel: threading.Event,
        heard: _Heard,
    ) -> str | None:
        messages = [
            PromptMessage("system", SYSTEM.format(choices=", ".join(question.choices))),
            PromptMessage("user", question.text),
        ]
        for wanted in self._options(room, question):
            try:
                self._listen(model, messages, wanted, cancel, heard)
                return chosen_in(heard.text, question.choices)
            except ModelRefused:  # it cannot be held to a shape: then it is only told
                continue
            except WorkbenchError as error:
                log.warning("picker_failed", error=error.code)
                return None
        return None

    def _options(self, room: Room, question: Question) -> tuple[GenerationOptions, ...]:
        """Held to the choices, else only told; in the room's context, since another loads anew."""
        models = self._settings.models
        held = GenerationOptions(
            context_tokens=room.context_tokens or models.context_tokens,
            max_tokens=MAX_TOKENS,
            temperature=0.0,
            first_token_s=min(WAIT_S, models.first_token_s),
            between_tokens_s=models.between_tokens_s,
            retries=0,
            format=_schema(question.choices),
        )
        return held, replace(held, format=None)

    def _listen(
        self,
        model: str,
        messages: list[PromptMessage],
        options: GenerationOptions,
        cancel: threading.Event,
        heard: _Heard,
    ) -> None:
        heard.text = ""
        stream = self._registry.provider(model).stream(model, messages, options, cancel)
        with closing(stream) as chunks:  # type: ignore[type-var]
            for chunk in chunks:
                heard.text += chunk.text
                heard.load_ms = heard.load_ms if chunk.load_ms is None else chunk.load_ms


def _schema(choices: tuple[str, ...]) -> dict[str, Any]:
    names = {"type": "string", "enum": list(choices)}
    properties = {"next": names}
    return {
        "type": "object",
        "properties": properties,
        "required": ["next"],
        "additionalProperties": False,
    }


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
