"""Turn policies: who answers what people said."""

from __future__ import annotations

from collections.abc import Sequence

from core.rooms.mentions import mentioned

IN_ORDER = "in_order"


def in_order(said: Sequence[str], members: Sequence[str], outside: Sequence[str] = ()) -> list[str]:
    """Every member in order; when each message names somebody by @, only those who are named.

    Args:
        said: what people wrote since the last round, oldest first.
        members: the agents of this app, in the room's order.
        outside: agents that answer from other processes by themselves.
    """
    named: list[str] = []
    for text in said:
        called = mentioned(text, [*members, *outside])
        if not called:
            return list(members)
        named.extend(name for name in called if name not in named)
    return [name for name in named if name in members]
