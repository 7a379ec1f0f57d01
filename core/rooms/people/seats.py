"""Who brought which outside agent: the seats of this run of the app."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from core.rooms.rules import name_key

Key = tuple[str, str]  # a room's id and a name's key
Tell = Callable[[Mapping[str, Any]], None]  # sends a frame to whoever brought an agent


@dataclass(frozen=True, slots=True)
class Seat:
    """Where one outside agent sits, and who brought it.

    `lost_seq`: its connection broke when the room's last message had this number; whoever comes
    with its name takes the seat back. `tell` is `None` for somebody who is not to be told.
    """

    room: str
    name: str
    connection: str
    lost_seq: int | None = None
    tell: Tell | None = None

    @property
    def key(self) -> Key:
        return self.room, name_key(self.name)


class Seats:
    """Thread-safe; nothing of it survives a restart."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._seats: dict[Key, Seat] = {}

    def put(self, seats: Iterable[Seat]) -> None:
        with self._lock:
            self._seats |= {seat.key: seat for seat in seats}

    def get(self, key: Key) -> Seat | None:
        with self._lock:
            return self._seats.get(key)

    def of(self, connection: str) -> list[Seat]:
        """What this connection brought."""
        with self._lock:
            return [seat for seat in self._seats.values() if seat.connection == connection]

    def open_to(self, connection: str) -> frozenset[Key]:
        """The seats that this connection may take: its own, and those whose program is lost."""
        with self._lock:
            return frozenset(
                key
                for key, seat in self._seats.items()
                if seat.connection == connection or seat.lost_seq is not None
            )

    def drop(self, seats: Iterable[Seat]) -> list[Seat]:
        """Free those of these seats that are still as they were; gives them."""
        with self._lock:
            gone = [seat for seat in seats if self._seats.get(seat.key) is seat]
            for seat in gone:
                del self._seats[seat.key]
            return gone


def keys_of(seats: Iterable[Seat]) -> list[str]:
    """The names' keys, without their rooms."""
    return [name_key(seat.name) for seat in seats]
