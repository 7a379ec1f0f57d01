"""Rooms know their members by name: when an agent gets another one, its chairs go along."""

from __future__ import annotations

from core.rooms.rules import name_key
from core.rooms.service import Rooms


def seat_under(rooms: Rooms, old: str, new: str) -> list[str]:
    """Seat `new` wherever `old` sits, at the same place: it uses and has heard the same there.

    Messages keep the name under which they were said.

    Returns:
        The names of the rooms that were changed.

    Raises:
        AgentNotFound: there is no agent `new`.
        StorageError: the rooms that follow were not changed.
    """
    changed = []
    for summary in rooms.list():
        room = summary.room
        chair = next((one for one in room.members if name_key(one.name) == name_key(old)), None)
        if chair is None or chair.name not in room.agents:
            continue
        rooms.rename_member(room.id, chair.name, new)
        changed.append(room.name)
    return changed
