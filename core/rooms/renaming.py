"""Rooms know their members by name: when an agent gets another one, its chairs go along."""

from __future__ import annotations

from core.rooms.rules import name_key
from core.rooms.service import Rooms


def seat_under(rooms: Rooms, old: str, new: str) -> list[str]:
    """Seat `new` wherever `old` sits, at the same place and with the same model there.

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
        rooms.update(room.id, members=[new if one == chair.name else one for one in room.agents])
        if chair.model is not None:
            rooms.set_model(room.id, new, chair.model)
        changed.append(room.name)
    return changed
