"""A room as one transaction sees it: what several of its steps need is read once."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property

from sqlalchemy import Connection, bindparam, select

from core.rooms import book
from core.rooms.model import Member, Room
from core.rooms.rows import to_room
from core.store import tables as t
from core.store.prepared import Prepared, Row

_LINE = Prepared(
    select(t.messages.c.seq, t.messages.c.sender, t.messages.c.to).where(
        t.messages.c.room_id == bindparam("room"), t.messages.c.seq == bindparam("number")
    )
)


class Seen:
    """The room's row and members. Of no use when the transaction has ended, or has changed them."""

    def __init__(self, conn: Connection, room_id: str) -> None:
        self.conn = conn
        self.row = book.room_row(conn, room_id)
        self._read: dict[int, Row] = {}

    @cached_property
    def members(self) -> list[Member]:
        return book.members_of(self.conn, [self.row["id"]])[self.row["id"]]

    @cached_property
    def room(self) -> Room:
        return to_room(self.row, self.members)

    def note(self, said: Sequence[Row]) -> None:
        """Keep messages (rows with `seq`, `sender` and `to`) that somebody has read."""
        self._read.update({row["seq"]: row for row in said})

    def line(self, seq: int) -> Row | None:
        """Who said message `seq`, and to whom: its `sender` and `to`."""
        if seq not in self._read:
            given = {"room": self.row["id"], "number": seq}
            found = _LINE.first(self.conn, given)
            if found is None:
                return None
            self._read[seq] = found
        return self._read[seq]
