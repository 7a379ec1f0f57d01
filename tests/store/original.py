"""A small data folder with something in every table, to be damaged."""

from __future__ import annotations

import random
import shutil
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import Table, insert, select

from core.paths import DataPaths
from core.store import Store, checksums, tables, times

ROOMS, LINES = 3, 60
UNSTABLE = (checksums.COLUMN, "last_event")
Rows = dict[str, set[tuple[str, ...]]]


@dataclass(frozen=True)
class Original:
    """A closed data folder, its bytes and its rows."""

    root: Path
    content: bytes
    rows: Rows


def rows_of(store: Store) -> Rows:
    """Every row as text, without what mending may change: checksums and counts of events."""
    found: Rows = {}
    for table in tables.metadata.sorted_tables:
        columns = [column for column in table.columns if column.name not in UNSTABLE]
        with store.read() as connection:
            found[table.name] = {tuple(map(str, r)) for r in connection.execute(select(*columns))}
    return found


def fill(store: Store) -> None:
    present = times.now()

    def add(table: Table, *rows: dict[str, object]) -> None:
        store.write(lambda connection: connection.execute(insert(table), rows))

    for number in range(ROOMS):
        room = f"room-{number}"
        stamps = {"created_at": present, "updated_at": present}
        names = {"name": f"Room {number}", "name_key": f"room {number}", "policy": "in_order"}
        add(tables.rooms, {"id": room, "last_seq": LINES, "last_event": LINES, **names, **stamps})
        member = {"name_key": "mizuho", "name": "Mizuho", "kind": "agent", "position": 0}
        add(tables.members, {"room_id": room, "joined_at": present, "capabilities": [], **member})
        add(tables.messages, *(_line(room, seq, present) for seq in range(1, LINES + 1)))
        event = {"room_id": room, "type": "message", "body": {"text": "x" * 80}}
        add(tables.events, *({"event": n, **event} for n in range(1, LINES + 1)))
    add(tables.preferences, {"name": "language", "value": "ja"})


def _line(room: str, seq: int, present: str) -> dict[str, object]:
    words = f"{room} line {seq}, " * random.Random(seq).choice([1, 3, 30, 400])
    return {
        **{"id": f"{room}-{seq}", "room_id": room, "seq": seq, "sender": "You", "kind": "human"},
        **{"content": words, "status": "complete", "created_at": present, "usage": {"n": seq}},
    }


def open_damaged(original: Original, folder: Path, content: bytes) -> tuple[Store, Rows]:
    shutil.copytree(original.root, folder)
    (folder / "engawa.db").write_bytes(content)
    store = Store.open(DataPaths(folder))
    return store, rows_of(store)
