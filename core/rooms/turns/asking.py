"""Models that are asked who speaks next: held to the choices, and never in the way of the talk."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass

from core.providers.base import GenerationOptions
from core.providers.registry import Registry
from core.rooms import book
from core.rooms.choosing import Heard, choose
from core.rooms.model import Room
from core.rooms.policies.base import Ask, Question
from core.rooms.turns.deciding import Answers
from core.rooms.turns.lineup import Ticket
from core.rooms.turns.loads import Tally
from core.rooms.turns.places import KNOWN_S, Need, Places
from core.rooms.turns.schedule import cheapest
from core.rooms.turns.turns import Turns
from core.settings import Settings
from core.store import Store


@dataclass(frozen=True, slots=True)
class Call:
    """What questions are asked with: the choice they are for, and the room's way to its models."""

    key: tuple[int, int]
    ticket: Ticket
    tally: Tally
    cancel: threading.Event
    wanted: Callable[[], bool]


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
        Agents of other programs are asked at the same time, and hold no server.
        """
        with self._store.read() as conn:
            room = book.load_room(conn, room_id, deleted=True)
        found: dict[str, str | None] = {question.key: None for question in ask.questions}
        guests = [question for question in ask.questions if question.guest]
        poll = self._turns.ballots.ask(room_id, guests, self._settings.rooms.outside_turn_s)
        found |= self._models(room, [one for one in ask.questions if not one.guest], call)
        if poll.open:
            call.ticket.release()
        return found | poll.close(call.wanted)

    def _models(self, room: Room, questions: list[Question], call: Call) -> Answers:
        """Ask models in the order of fewest loads, until it is not wanted any more."""
        needs = [
            self._places.need(number, self._model(room, question))
            for number, question in enumerate(questions)
        ]
        machine = self._places.machine(needs, KNOWN_S)
        call.tally.began(call.key[0], machine)
        found: dict[str, str | None] = {}
        for job in cheapest([need.job for need in needs], machine):
            need, question = needs[job.key], questions[job.key]
            agent = question.agent or ""
            if not call.ticket.take(need.place, need.ref, agent, call.wanted):
                break
            found[question.key] = self._put(room, question, need, call)
        return found

    def _put(self, room: Room, question: Question, need: Need, call: Call) -> str | None:
        """Put one question, and count what it loaded."""
        mark = (call.key[1], need.job.key)
        there = self._places.machine([need]).has(need.job.model)
        heard, options = Heard(), self._options(room)
        answer = choose(
            self._registry, need.ref, question.text, question.choices, options, call.cancel, heard
        )
        call.tally.ran[mark] = need
        if not there and heard.text:
            call.tally.loads[mark] = (heard.load_ms or 0.0) / 1000
            self._places.loaded(need, heard.load_ms)
        return answer

    def _model(self, room: Room, question: Question) -> str:
        asked = question.agent or (room.agents[0] if room.agents else "")
        return question.model or self._turns.casting.model_of(room, asked)

    def _options(self, room: Room) -> GenerationOptions:
        models = self._settings.models
        return GenerationOptions(
            context_tokens=room.context_tokens or models.context_tokens,
            first_token_s=models.first_token_s,
            between_tokens_s=models.between_tokens_s,
        )
