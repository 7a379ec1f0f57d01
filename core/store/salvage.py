"""A new database from what can be read of a damaged one.

Only rows whose checksum fits are taken, so nothing wrong gets in. Events are not taken: they
serve subscribers that come back, and these are sent the messages instead. A message that is lost
leaves a tombstone, so that `seq` stays without a gap; a room that is lost but has messages gets
a new name.
"""

from __future__ import annotations

import sqlite3
import unicodedata
import uuid
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from core.store import checksums, rows, times
from core.store.engine import plain_connection

Row = rows.Row
_BEYOND = 10_000  # events; more than anybody saw that are not stored any more
_LEFT_OUT = {"events"}
_FROM_BACKUP = ("rooms", "members", "messages", "preferences")
_REASON = '{"code":"database_damaged","params":{"file":"engawa.db","kept":"set-aside"}}'


@dataclass
class Salvage:
    """What came out: how many rows were read, and a sentence for each thing that is missing."""

    read: int = 0
    missing: list[str] = field(default_factory=list)


def salvage(damaged: Path, target: Path, backup: Path | None) -> Salvage:
    """Read `damaged` (a working copy) into the empty `target`; fill up from `backup`."""
    result = Salvage()
    new = plain_connection(target, writable=True)
    try:
        new.execute("BEGIN")
        lost = _copy(damaged, new)
        result.read = sum(count(new).values())
        if backup is not None and lost:
            _fill_up(backup, new, lost)
        gone = _mend_rooms(new, result)
        result.missing += _unlisted(lost, gone, backup)
        begin_another_life(new)
        new.execute("COMMIT")
        new.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    finally:
        new.close()
    return result


def begin_another_life(connection: sqlite3.Connection) -> None:
    """Let no subscriber take what comes for what it has seen: its events may be lost here.

    Without stored events and with higher numbers to come, everybody who resumes is sent the
    messages as they are now.
    """
    connection.execute("DELETE FROM events")
    connection.execute(f"UPDATE rooms SET last_event = last_event + {_BEYOND}")


def count(connection: sqlite3.Connection) -> dict[str, int]:
    """Rows per table."""
    names = checksums.tables_of(connection)
    query = "SELECT count(*) FROM {}"
    return {n: connection.execute(query.format(checksums.quoted(n))).fetchone()[0] for n in names}


def _unlisted(lost: Mapping[str, int], gone: int, backup: Path | None) -> list[str]:
    """Sentences for what is lost beyond the `gone` messages that left a gap."""
    found = [
        f"{table}: at least {number} rows" if number else f"{table}: perhaps some rows"
        for table, number in lost.items()
        if table != "messages"
    ]
    if lost.get("messages", 0) > gone and backup is None:
        found.append(f"messages: at least {lost['messages'] - gone} more")
    if "rooms" in lost and backup is not None:  # how far they went is known of that day only
        found.append(f"perhaps some messages since {day_of(backup)}")
    return found


def day_of(backup: Path) -> str:
    """When a backup was made."""
    return datetime.fromtimestamp(backup.stat().st_mtime, UTC).isoformat(timespec="minutes")


def _copy(damaged: Path, new: sqlite3.Connection) -> dict[str, int]:
    """Copy all tables; how many rows at least were lost of each that is not whole."""
    lost: dict[str, int] = {}
    old = plain_connection(damaged, writable=True)
    try:
        wanted = checksums.tables_of(new)
        for table in (name for name in wanted if name not in _LEFT_OUT):
            found = rows.read_table(old, table, wanted[table])
            refused = _insert(new, table, found.rows.values())
            if found.damaged or found.lost or refused:
                lost[table] = len(found.lost) + refused
    finally:
        old.close()
    return lost


def _insert(new: sqlite3.Connection, table: str, found: Iterable[Row]) -> int:
    """Insert rows; how many the constraints refused."""
    refused = 0
    for row in found:
        names = ", ".join(map(checksums.quoted, row))
        marks = ", ".join("?" * len(row))
        statement = f"INSERT INTO {checksums.quoted(table)} ({names}) VALUES ({marks})"
        try:
            new.execute(statement, tuple(row.values()))
        except sqlite3.IntegrityError:
            refused += 1
    return refused


def _fill_up(backup: Path, new: sqlite3.Connection, lost: Mapping[str, int]) -> None:
    """Take from the newest backup what is lost here: by key, never over a newer row."""
    old = plain_connection(backup)
    try:
        there = checksums.tables_of(old)
        for table in _FROM_BACKUP:
            if table in lost and table in there:
                found = rows.read_table(old, table, there[table])
                _insert(new, table, found.rows.values())
    finally:
        old.close()


# --- rooms and their messages -----------------------------------------------------------------


def _mend_rooms(new: sqlite3.Connection, result: Salvage) -> int:
    """Make every room whole; how many messages are gone."""
    present = times.now()
    for table in ("messages", "members", "turns", "rounds"):
        query = f"SELECT DISTINCT room_id FROM {table} WHERE room_id NOT IN (SELECT id FROM rooms)"
        for (room,) in new.execute(query).fetchall():
            _name_anew(new, room, present)
            result.missing.append(f"the name and settings of a room (its id is {room})")
    found = new.execute("SELECT id, name, last_seq FROM rooms").fetchall()
    return sum(_mend_messages(new, room, name, last, result) for room, name, last in found)


def _name_anew(new: sqlite3.Connection, room: str, present: str) -> None:
    name = f"Recovered {room[-6:]}"
    row: Row = {
        "id": room,
        "name": name,
        "name_key": unicodedata.normalize("NFKC", name).casefold(),
        "policy": "in_order",
        "created_at": present,
        "updated_at": present,
        "last_seq": 0,
        "last_event": 0,
        "planned_seq": 0,
    }
    _insert(new, "rooms", [row])


def _mend_messages(
    new: sqlite3.Connection, room: str, name: str, last_seq: int, result: Salvage
) -> int:
    query = "SELECT seq, created_at FROM messages WHERE room_id = ? ORDER BY seq"
    there: dict[int, str] = dict(new.execute(query, (room,)).fetchall())
    last = max([last_seq, *there])
    gone = [seq for seq in range(1, last + 1) if seq not in there]
    before = next(iter(there.values()), times.now())
    for seq in range(1, last + 1) if gone else ():
        if seq in there:
            before = there[seq]
        else:
            _insert(new, "messages", [_tombstone(room, seq, before)])
    if last > last_seq:
        update = "UPDATE rooms SET last_seq = ?, planned_seq = max(planned_seq, ?) WHERE id = ?"
        new.execute(update, (last, last, room))
    if gone:
        result.missing.append(f"room {name}: messages {_ranges(gone)}")
    return len(gone)


def _tombstone(room: str, seq: int, created_at: str) -> Row:
    return {
        "id": uuid.uuid4().hex,
        "room_id": room,
        "seq": seq,
        "sender": "Engawa",
        "kind": "system",
        "content": "",
        "status": "failed",
        "reason": _REASON,
        "attachments": "[]",
        "created_at": created_at,
        "deleted": 1,
    }


def _ranges(numbers: list[int]) -> str:
    """[3, 5, 6, 7] as "3, 5–7"."""
    parts: list[list[int]] = []
    for number in numbers:
        if parts and number == parts[-1][1] + 1:
            parts[-1][1] = number
        else:
            parts.append([number, number])
    return ", ".join(str(a) if a == b else f"{a}–{b}" for a, b in parts)
