"""One turn after the other: begun, spoken, and stored to its end."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Protocol

from sqlalchemy import Connection

from core.agents import Agents
from core.errors import AnswerEmpty, Interrupted, Unforeseen
from core.logs import part_logger
from core.messages import Line, Message, ReplyStatus, StreamEvent
from core.providers.base import GenerationOptions
from core.providers.chain import answer
from core.providers.registry import Registry
from core.rooms.answering.briefing import Briefing
from core.rooms.answering.options import options_for
from core.rooms.answering.speaker import Spoken, speak
from core.rooms.care import Care, tokens_of
from core.rooms.limits import budget
from core.rooms.limits.budget import Cost, Meter, Power
from core.rooms.limits.circles import Circles
from core.rooms.log import Logs
from core.rooms.people import hearing
from core.rooms.people.ballots import Ballots
from core.rooms.people.offers import Offer
from core.rooms.said import versions
from core.rooms.said.flusher import Flusher
from core.rooms.said.reply import RETRY_S, Reply, Work
from core.rooms.speech import Speech
from core.rooms.turns import rounds
from core.rooms.turns.casting import HEARD_LINES, Casting, Defaults, Opened
from core.settings import Settings
from core.store import Store

log = part_logger("rooms")


class Guests(Protocol):
    """Agents of other programs, as far as turns go."""

    def offer(self, opened: Opened, reply: Reply) -> Offer:
        """Tell whoever brought the agent that it is its turn."""

    def over(self, offer: Offer) -> None:
        """The turn has ended: what comes now is not for it any more."""


class Turns:
    """Runs turns of all rooms. Thread-safe.

    `after(conn, turn, spoken)` is called in the transaction that ends a turn. `closing` is set
    when the app ends: what is being said is then broken off, not stopped.
    """

    def __init__(
        self,
        store: Store,
        logs: Logs,
        agents: Agents,
        registry: Registry,
        settings: Settings,
        defaults: Defaults,
        care: Care,
        *,
        closing: threading.Event,
        after: Callable[[Connection, rounds.Turn, Spoken], None],
    ) -> None:
        self._store, self._logs, self._care = store, logs, care
        self._registry, self._settings = registry, settings
        self._closing, self._after = closing, after
        self.casting = Casting(agents, settings, defaults)
        self.guests: Guests  # set by whoever knows them, and the next, too
        self.ballots: Ballots
        self.flusher = Flusher()
        self.circles = Circles(store, logs)
        self.power: Power = lambda: None  # watts of the cards; the workbench knows better
        self.briefing = Briefing(agents, registry, settings, defaults)
        self.speech = Speech(settings, defaults)

    def take_back(self, opened: Opened) -> None:
        """Leave nothing behind of a line that was to be said again and got no word."""
        message = opened.event.message
        assert message is not None
        room, seq = opened.turn.room, message.seq
        event = self._store.write(lambda conn: versions.take_back(conn, room, seq, opened.shown))
        if event is not None:
            self._logs.publish(event)

    def run(
        self, opened: Opened, cancel: threading.Event, stored: Callable[[], None] = lambda: None
    ) -> Spoken:
        """Let the agent speak to the end of its reply.

        `stored` is called before a model is asked: it waits until the turn's beginning is stored,
        or raises what is then raised here, too.
        """
        reply = self.reply(opened.event)
        if not opened.chain:
            stored()
            return self._hear_guest(opened, reply, cancel)
        meter = Meter(self.power)
        status, spoken = self._speak(opened, reply, cancel, meter, stored)
        stored()
        back: list[StreamEvent] = []

        def as_before(conn: Connection) -> None:
            event = versions.take_back(conn, opened.turn.room, reply.message.seq, opened.shown)
            back[:] = [event] if event is not None else []

        # With its end, not after it: a kill between the two would leave an answer without a word.
        said_nothing = status is ReplyStatus.STOPPED and not reply.text
        keep = as_before if opened.again_at and said_nothing else None
        self._finish(opened.turn, reply, status, spoken, meter, keep)
        for event in back:
            self._logs.publish(event)
        return spoken

    def _hear_guest(self, opened: Opened, reply: Reply, cancel: threading.Event) -> Spoken:
        """Offer the turn to an agent of another program, and wait for what comes of it."""
        offer = self.guests.offer(opened, reply)
        outcome = offer.wait(lambda: not (cancel.is_set() or self._closing.is_set()))
        self.guests.over(offer)
        draft, keep = outcome.draft, None
        if draft is not None:
            keep = reply.put(draft.content, owner=draft.owner, key=draft.key)
        spoken, free = Spoken(reason=outcome.reason), Meter(lambda: None)
        try:
            stored = self._finish(opened.turn, reply, outcome.status, spoken, free, keep)
        except BaseException as error:
            offer.stored.set_exception(error)
            raise
        offer.stored.set_result(stored)
        return spoken

    def reply(self, event: StreamEvent) -> Reply:
        """A writer for the pending message of `event`."""
        assert event.message is not None
        rooms = self._settings.rooms
        return Reply(self._store, self._logs, self.flusher, event.message, rooms.flush_ms)

    def _speak(
        self,
        opened: Opened,
        reply: Reply,
        cancel: threading.Event,
        meter: Meter,
        stored: Callable[[], None],
    ) -> tuple[ReplyStatus, Spoken]:
        def say(text: str) -> None:
            meter.tick()
            reply.add(text)

        room, agent = opened.room, opened.agent
        # Who asks again does not want the same once more.
        cache = None if opened.again_at else self._care.cache
        try:
            return speak(
                agent,
                opened.chain,
                self._heard(opened, stored),
                [member.name for member in room.members],
                self._options(opened),
                answer=lambda *asked: answer(self._registry, *asked, cache=cache),
                say=say,
                cancel=cancel,
                ready=stored,
                thinking=reply.thinking,
                processor=self.speech.processor_for(agent),
                brief=self.briefing.of(agent),
                task=opened.turn.task,
                begun=opened.begun,
            )
        except Exception as error:
            log.exception("turn_failed", ids={"room": room.id, "message": reply.message.id})
            cause = Unforeseen(kind=type(error).__name__, log=self._settings.paths.logs)
            return ReplyStatus.PARTIAL, Spoken(reason=cause.reason())

    def _heard(self, opened: Opened, stored: Callable[[], None]) -> Sequence[Line]:
        """The last lines that the agent has heard when its turn began, as they are now."""
        if opened.heard is not None:
            return opened.heard
        stored()
        room, name, before = opened.room.id, opened.agent.name, opened.again_at
        with self._store.read() as conn:
            lines = hearing.transcript(conn, room, name, HEARD_LINES, before=before)
        message = opened.event.message
        last = message.heard_seq if message is not None else None
        return [line for line in lines if last is None or line.seq <= last]

    def _options(self, opened: Opened) -> GenerationOptions:
        options = options_for(opened.agent, self._settings, opened.room.context_tokens)
        message = opened.event.message
        if message is None or message.variant == 1 or options.seed is None:
            return options
        return replace(options, seed=options.seed + message.variant)  # other dice, still the same

    def _finish(
        self,
        turn: rounds.Turn,
        reply: Reply,
        status: ReplyStatus,
        spoken: Spoken,
        meter: Meter,
        keep: Work | None = None,
    ) -> Message:
        """Store a turn's end, and `keep` with it; gives the reply as it ended."""
        halted: list[StreamEvent] = []
        among_agents = False
        seconds = (spoken.timings().total_ms or 0.0) / 1000
        cost = Cost(tokens=tokens_of(spoken), seconds=seconds, joules=meter.end())

        def settle(conn: Connection) -> None:
            nonlocal among_agents
            damper = self._settings.rooms.damper != "never"
            event, among_agents = budget.spend(conn, turn.room, cost, damper=damper)
            halted[:] = [event] if event is not None else []
            if keep is not None:
                keep(conn)
            self._settle(conn, turn, status, spoken, reply)

        reason = spoken.reason
        if status is ReplyStatus.STOPPED and self._closing.is_set():
            status, reason = ReplyStatus.PARTIAL, Interrupted().reason()
        if status is ReplyStatus.PARTIAL and not reply.text:
            status = ReplyStatus.FAILED
        elif status is ReplyStatus.FAILED and reply.text:
            # It was to go on with what stands there: either it has nothing to add, or it broke.
            ended = reason is not None and reason.code == AnswerEmpty.code
            status = ReplyStatus.COMPLETE if ended else ReplyStatus.PARTIAL
            reason = None if ended else reason
        message = reply.finish(
            status,
            model=spoken.model,
            host=spoken.host,
            reason=reason,
            usage=spoken.usage,
            timings=spoken.timings(),
            reasoning=spoken.reasoning,
            speech=spoken.speech,
            also=settle,
            wait_to_retry=lambda: not self._closing.wait(RETRY_S),
        )
        for event in halted:
            self._logs.publish(event)
        if among_agents:
            self.circles.look(turn.room)
        log.info(
            "reply",
            ids={"room": turn.room, "message": message.id},
            duration_ms=spoken.timings().total_ms,
            error=reason.code if reason else None,
        )
        return message

    def _settle(
        self, conn: Connection, turn: rounds.Turn, status: ReplyStatus, spoken: Spoken, reply: Reply
    ) -> None:
        rounds.end(conn, turn)
        self._care.ended(conn, turn, status, spoken, reply.text)
        self.briefing.ended(conn, turn.room, reply.message.seq, spoken)
        self._after(conn, turn, spoken)
