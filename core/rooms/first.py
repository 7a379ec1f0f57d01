"""A fresh data folder has one room with three people in it, waiting for the first word."""

from __future__ import annotations

from core.agents import Agents
from core.rooms import admin
from core.rooms.service import Rooms
from core.store import Store

NAME = "Engawa"
MEMBERS = ("Mizuho", "Ren", "Aki")


def first_room(store: Store, rooms: Rooms, agents: Agents) -> None:
    """Create the first room, unless this data folder ever had one."""
    with store.read() as conn:
        if admin.any_room(conn):
            return
    known = {agent.name for agent in agents.list()}
    rooms.create(NAME, [name for name in MEMBERS if name in known])
