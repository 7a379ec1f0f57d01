"""For whom a whisper may be."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Connection, select

from core.errors import InvalidInput
from core.messages import Kind
from core.rooms.rules import checked_name, name_key
from core.store import tables as t
from core.text import N_, words

MOST = 20


def checked(to: Sequence[str], sender: str) -> tuple[str, ...]:
    """Each name once, without the speaker's own; empty: it is for everybody.

    Raises:
        InvalidInput: too many, no names, or nobody but the speaker.
    """
    if len(to) > MOST:
        expected = words(N_("at most {limit} names"), limit=MOST)
        raise InvalidInput(field="to", expected=expected, found=len(to))
    names = {name_key(name): checked_name(name, "to") for name in to}
    names.pop(name_key(sender), None)
    if to and not names:
        raise InvalidInput(field="to", expected=words(N_("somebody else")), found=sender)
    return tuple(names.values())


def known(conn: Connection, room_id: str, to: Sequence[str]) -> list[str]:
    """The names as the room writes them: of its members, and of people who have spoken there.

    Raises:
        InvalidInput: somebody is not known here, so nobody would hear it.
    """
    if not to:
        return []
    seated = select(t.members.c.name).where(t.members.c.room_id == room_id)
    names = {name_key(name): name for name in spoke(conn, room_id)}
    names |= {name_key(name): name for name in conn.execute(seated).scalars()}
    for name in to:
        if name_key(name) not in names:
            expected = words(N_("somebody of this room"))
            raise InvalidInput(field="to", expected=expected, found=name)
    return [names[name_key(name)] for name in to]


def spoke(conn: Connection, room_id: str) -> list[str]:
    """The people who have written in the room."""
    people = select(t.messages.c.sender).distinct().order_by(t.messages.c.sender)
    query = people.where(t.messages.c.room_id == room_id, t.messages.c.kind == str(Kind.HUMAN))
    return list(conn.execute(query).scalars())
