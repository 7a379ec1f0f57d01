"""A room's rounds on stage: who is due is put in order, waits for its server, and speaks."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import Future
from contextlib import ExitStack
from dataclasses import replace
from functools import partial

from sqlalchemy import Connection

from core.providers.registry import Registry
from core.rooms import book
from core.rooms.log import Logs
from core.rooms.model import Presence
from core.rooms.policies.base import Ask
from core.rooms.turns import round_book, rounds
from core.rooms.turns.asking import Asking, Call
from core.rooms.turns.beginning import Beginning, NotStored
from core.rooms.turns.casting import Opened
from core.rooms.turns.lineup import Queue, Ticket
from core.rooms.turns.loads import TURN
from core.rooms.turns.places import KNOWN_S, Places, Stand
from core.rooms.turns.running import Active
from core.rooms.turns.schedule import Machine, cheapest
from core.rooms.turns.steps import Step, Steps, takes
from core.rooms.turns.turns import Turns
from core.settings import Settings
from core.store import Store

Begun = Beginning[Step]


class Stage:
    """Runs the rounds of all rooms, each in its room's thread. `queue` is shared by all."""

    def __init__(
        self,
        store: Store,
        logs: Logs,
        registry: Registry,
        settings: Settings,
        turns: Turns,
        capacity: Callable[[], int | None],
        closing: threading.Event,
    ) -> None:
        self._store, self._logs, self.turns, self._closing = store, logs, turns, closing
        self.places = Places(store, registry, capacity)
        self.steps = Steps(turns.casting, self.places)
        self._asking = Asking(store, registry, turns, settings, self.places)
        self.queue = Queue(self.places.resident)

    def goes_on(self, cancel: threading.Event) -> bool:
        """Whether what `cancel` ends is still wanted, and the app stays."""
        return not (cancel.is_set() or self._closing.is_set())

    def begin(self, room_id: str, active: Active) -> Begun:
        """Inside the work that stores a message: take its round's first step with it."""
        begun: Begun = Beginning(self.queue.ticket(room_id))

        def over(stored: Future[Step]) -> None:
            try:
                if stored.exception() is None:
                    self._tell(stored.result().opened)
            finally:
                begun.over()

        begun.stored = self._store.join(
            lambda conn: self.steps.take(conn, room_id, active, begun.ticket),
            begun.about_to_be_stored,
        )
        begun.stored.add_done_callback(over)
        return begun

    def run(self, room_id: str, active: Active, begun: Begun | None = None) -> bool:
        """Run turns until nothing is due; true when something else ended it before that."""
        more = True
        with begun.ticket if begun is not None else self.queue.ticket(room_id) as ticket:
            if begun is None:
                active.cancel.clear()
            else:
                more = self._go_on(begun, room_id, active)
            while more and self.goes_on(active.cancel) and not active.again_first:
                more = self._next(room_id, active, ticket)
        active.presence = Presence()
        return more

    def _go_on(self, begun: Begun, room_id: str, active: Active) -> bool:
        """Do what the first step says, beginning while it is on its way to the disk.

        Raises:
            StorageError: it was not stored.
        """
        try:
            step, stored = begun.step()
            return self._take(step, room_id, active, begun.ticket, stored)
        except NotStored:  # another attempt may have been
            return self._take(begun.stored.result(), room_id, active, begun.ticket)

    def _next(self, room_id: str, active: Active, ticket: Ticket) -> bool:
        """Run the next turn, or ask models whose it is; false when nothing is due."""
        if active.last and not self._waits(room_id):
            return False
        active.last = False
        step = self._store.write(lambda conn: self.steps.take(conn, room_id, active, ticket))
        self._tell(step.opened)
        return self._take(step, room_id, active, ticket)

    def _take(
        self,
        step: Step,
        room_id: str,
        active: Active,
        ticket: Ticket,
        stored: Callable[[], None] = lambda: None,
    ) -> bool:
        """Do what a step says; `stored` waits until it is stored."""
        if step.opened is None:
            stored()
            if not self.goes_on(active.cancel):
                return True
        if step.plan.ask is not None:
            self._ask(step.plan, step.plan.ask, room_id, active, ticket)
        elif step.plan.due:
            self._speak(step, active, ticket, stored)
        else:
            return False
        return True

    def _tell(self, opened: Opened | None) -> None:
        """A turn has begun and is stored: let those who look on see it."""
        if opened is not None:
            self._logs.publish(opened.event)

    def _waits(self, room_id: str) -> bool:
        """After a last turn: whether more is due all the same. A look waits for no disk."""
        with self._store.read() as conn:
            return round_book.waits(conn, room_id)

    def _ask(
        self, plan: rounds.Plan, ask: Ask, room_id: str, active: Active, ticket: Ticket
    ) -> None:
        """Ask the models who comes next; they wait in the queue like those who speak."""
        active.presence = Presence(choosing=True)
        wanted = partial(self.goes_on, active.cancel)
        call = Call(plan.key, ticket, active.tally, active.cancel, wanted)
        active.answers = (plan.key, self._asking.ask(room_id, ask, call))

    def say_again(self, room_id: str, active: Active) -> None:
        """Say what somebody asked for again."""
        while active.again_first and not self._closing.is_set():
            job = active.again_first[0]
            turn, name = job.opened.turn, job.opened.agent.name
            stand = self.places.stand(turn, job.opened.chain[0])
            active.presence = Presence(name, job.opened.event.seq)
            with self.queue.ticket(room_id) as ticket:
                mine = ticket.take(stand.place, stand.ref, name, partial(self.goes_on, job.cancel))
                begun = mine and self.goes_on(job.cancel)
                if begun:
                    self.turns.run(job.opened, job.cancel)
            if not begun and not self._closing.is_set():
                self.turns.take_back(job.opened)
            active.again_first.remove(job)

    def _speak(
        self, step: Step, active: Active, ticket: Ticket, stored: Callable[[], None]
    ) -> None:
        """Run the turn that has begun, or else the one that the schedule puts first."""
        fresh = active.tally.trigger_seq != step.stands[0].turn.trigger_seq
        machine = self.places.machine(step.stands, KNOWN_S if fresh else 0.0)
        if len({stand.ref for stand in step.stands}) > 1:
            self.places.learn_sizes()
        order = step.stands if step.strict else _scheduled(step.stands, machine)
        first = order[0]
        active.tally.began(first.turn.trigger_seq, machine)
        if step.opened is not None:
            self._run_turns([(step.opened, first)], order[1:], active, machine, stored)
            return
        active.wait(order, machine, None)
        wanted = partial(self.goes_on, active.cancel)
        if not ticket.take(first.place, first.ref, first.turn.agent, wanted):
            return
        if step.together:
            self._together(order, active, machine)
            return
        opened = self._store.write(lambda conn: self.turns.casting.open(conn, first.turn))
        self._tell(opened)
        if opened is not None:
            self._run_turns([(opened, first)], order[1:], active, machine)

    def _together(self, order: list[Stand], active: Active, machine: Machine) -> None:
        """Run all turns side by side that can speak beside the first one."""
        with ExitStack() as held:
            group = order[:1]
            for stand in order[1:]:
                if takes(held.enter_context(self.queue.ticket(stand.turn.room)), stand):
                    group.append(stand)
            begun = self._store.write(lambda conn: self._open_all(conn, group))
            for opened, _stand in begun:
                self._tell(opened)
            if begun:
                rest = [stand for stand in order if stand not in group]
                self._run_turns(begun, rest, active, machine)

    def _open_all(self, conn: Connection, group: list[Stand]) -> list[tuple[Opened, Stand]]:
        heard_seq = book.load_room(conn, group[0].turn.room, deleted=True).last_seq
        opened = [(self.turns.casting.open(conn, stand.turn, heard_seq), stand) for stand in group]
        return [(one, stand) for one, stand in opened if one is not None]

    def _run_turns(
        self,
        group: list[tuple[Opened, Stand]],
        due: list[Stand],
        active: Active,
        machine: Machine,
        stored: Callable[[], None] = lambda: None,
    ) -> None:
        for _opened, stand in group:
            active.tally.ran[stand.turn.position, TURN] = stand
        active.missing = {
            stand.turn.position for _opened, stand in group if not machine.has(stand.job.model)
        }

        def begun() -> None:
            stored()
            active.speak(group, due, machine)

        others = [
            threading.Thread(target=self.turns.run, args=(opened, active.cancel), daemon=True)
            for opened, _stand in group[1:]
        ]
        for thread in others:
            thread.start()
        self.turns.run(group[0][0], active.cancel, begun)
        for thread in others:
            thread.join()


def _scheduled(stands: list[Stand], machine: Machine) -> list[Stand]:
    """In the order of fewest loads; whoever goes before others against the policy's says so."""
    by_key = {stand.job.key: stand for stand in stands}
    order = [by_key[job.key] for job in cheapest([stand.job for stand in stands], machine)]
    return [_told(stand, order[at + 1 :]) for at, stand in enumerate(order)]


def _told(stand: Stand, later: list[Stand]) -> Stand:
    passed = [one.turn.agent for one in later if one.turn.position < stand.turn.position]
    if not passed or not stand.turn.why:
        return stand
    why = {**stand.turn.why, "ahead_of": passed}
    return replace(stand, turn=replace(stand.turn, why=why))
