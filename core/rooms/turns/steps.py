"""What is to be done next in a room: found out, and begun where possible, in one transaction."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import partial

from sqlalchemy import Connection

from core.rooms.answering.speaker import Spoken
from core.rooms.policies import policy_of, with_defaults
from core.rooms.policies.base import Decision
from core.rooms.seen import Seen
from core.rooms.turns import round_book, rounds
from core.rooms.turns.casting import Casting, Opened
from core.rooms.turns.deciding import Decider
from core.rooms.turns.lineup import Ticket
from core.rooms.turns.loads import TURN
from core.rooms.turns.places import Places, Stand
from core.rooms.turns.round_book import Round
from core.rooms.turns.running import Active


@dataclass
class Step:
    """What is to be done in a room: the plan, its turns with what they need, those begun."""

    plan: rounds.Plan
    stands: list[Stand] = field(default_factory=list)
    strict: bool = True
    together: bool = False
    opened: Opened | None = None


def takes(ticket: Ticket, stand: Stand) -> bool:
    """Whether the turn has its place at once."""
    return ticket.try_take(stand.place, stand.ref, stand.turn.agent)


class Steps:
    """The steps of all rooms. Thread-safe: nothing is kept here."""

    def __init__(self, casting: Casting, places: Places) -> None:
        self._casting, self._places = casting, places
        self._decider = Decider(casting.talkativeness)

    def take(self, conn: Connection, room_id: str, active: Active, ticket: Ticket) -> Step:
        """Plan what is to be done, and begin the first turn if it need not wait.

        All in one transaction, so that the first word comes soon.
        """
        plan = rounds.advance(conn, room_id, partial(self._choose, active=active))
        if plan.seen is None:
            return Step(plan)
        room = plan.seen.room
        policy = policy_of(room.policy)
        options = with_defaults(policy, room.policy_options)
        stands = [
            self._places.stand(turn, self._casting.model_of(room, turn.agent)) for turn in plan.due
        ]
        step = Step(
            plan,
            stands,
            bool(options.get("strict", policy.strict)),
            bool(options.get("together")) and len(stands) > 1,
        )
        first = stands[0]
        alike = step.strict or len({stand.ref for stand in stands}) == 1
        if alike and not step.together and takes(ticket, first):
            step.opened = self._casting.open(conn, first.turn, seen=plan.seen)
        return step

    def ended(
        self, conn: Connection, turn: rounds.Turn, spoken: Spoken, active: Active | None
    ) -> None:
        """A turn has ended: whoever comes next is stored in the same transaction."""
        mark = (turn.position, TURN)
        if active is not None and mark in active.tally.ran:
            stand = active.tally.ran[mark]
            if turn.position in active.missing and spoken.model == stand.ref:
                active.tally.loads[mark] = (spoken.load_ms or 0.0) / 1000
                self._places.loaded(stand, spoken.load_ms)
            figures = active.tally.figures(self._places.load_s)
            round_book.note_loads(conn, turn.room, turn.trigger_seq, figures)
        choose = partial(self._choose, active=None)
        plan = rounds.advance(conn, turn.room, choose, opening=False)
        if active is not None:
            active.last = not plan.due and plan.ask is None

    def _choose(self, seen: Seen, round_: Round, active: Active | None) -> Decision:
        if active is None or active.answers[0] != round_.choice_key:
            return self._decider.choose(seen, round_, {})
        figures = active.tally.figures(self._places.load_s)
        round_book.note_loads(seen.conn, seen.row["id"], round_.trigger_seq, figures)
        return self._decider.choose(seen, round_, active.answers[1])
