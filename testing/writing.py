"""A workload for fault tests: people write into a room, each line acknowledged once stored."""

from __future__ import annotations

import threading
import time
import uuid
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from sqlalchemy import Connection, insert, select, update

from core.errors import StorageError
from core.paths import DataPaths
from core.store import Store, times
from core.store.tables import messages, rooms
from testing.faults import acknowledge

ROOM = "room-1"


def write(
    *, root: Path, ledger: Path, lines: int = 12, writers: int = 3, close: bool = True
) -> None:
    """Open the storage, let `writers` threads store `lines` lines each, close."""
    store = Store.open(DataPaths(root))
    store.write(ensure_room)
    threads = [
        threading.Thread(target=_write_lines, args=(store, ledger, lines)) for _ in range(writers)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if close:
        store.close()


def write_through_trouble(
    *, root: Path, ledger: Path, toggle_file: str, lines: int = 40
) -> dict[str, object]:
    """Write while writing fails, see that reading works, end the trouble, write again."""
    store = _open_patiently(DataPaths(root), Path(toggle_file))
    said: dict[str, object] = {"problem": None, "read": None}
    for _ in range(lines):
        try:
            write_line(store, ledger)
        except StorageError as error:
            said["problem"] = error.code
            said["shown"] = store.problem.code if store.problem else None
            said["read"] = _reads(store)
            Path(toggle_file).unlink(missing_ok=True)
    said["recovered"] = wait_until(lambda: store.problem is None, 5)
    write_line(store, ledger)
    store.close()
    return said


def wait_until(condition: Callable[[], bool], seconds: float) -> bool:
    """Whether `condition` came true in time."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.01)
    return True


def write_line(store: Store, ledger: Path | None = None) -> str:
    """Store one line with the next `seq`; its id."""
    identity = uuid.uuid4().hex
    store.write(lambda connection: add_line(connection, identity))
    if ledger is not None:
        acknowledge(ledger, identity)
    return identity


def add_line(connection: Connection, identity: str) -> None:
    """The work of one line: the content repeats the id, so that a wrong row shows."""
    seq = connection.execute(select(rooms.c.last_seq).where(rooms.c.id == ROOM)).scalar_one() + 1
    connection.execute(update(rooms).where(rooms.c.id == ROOM).values(last_seq=seq))
    line = {
        "id": identity,
        "room_id": ROOM,
        "seq": seq,
        "sender": "You",
        "kind": "human",
        "content": identity * 8,
        "status": "complete",
        "created_at": times.now(),
    }
    connection.execute(insert(messages).values(line))


def ensure_room(connection: Connection) -> None:
    """Create the room of this workload unless it is there."""
    if connection.execute(select(rooms.c.id).where(rooms.c.id == ROOM)).first() is None:
        present = times.now()
        names = {"id": ROOM, "name": "Room", "name_key": "room", "policy": "in_order"}
        stamps = {"created_at": present, "updated_at": present}
        connection.execute(insert(rooms).values(**names, **stamps))


def stored(store: Store) -> list[tuple[int, str, str]]:
    """Seq, id and content of every line, in order."""
    columns = (messages.c.seq, messages.c.id, messages.c.content)
    query = select(*columns).where(messages.c.room_id == ROOM).order_by(messages.c.seq)
    with store.read() as connection:
        return [(seq, identity, content) for seq, identity, content in connection.execute(query)]


def _write_lines(store: Store, ledger: Path, lines: int) -> None:
    for _ in range(lines):
        with suppress(StorageError):
            write_line(store, ledger)


def _reads(store: Store) -> bool:
    return len(stored(store)) >= 0


def _open_patiently(paths: DataPaths, toggle: Path) -> Store:
    """Trouble may come while opening: then it must be named, and opening works after it."""
    try:
        store = Store.open(paths)
        store.write(ensure_room)
    except StorageError:
        toggle.unlink(missing_ok=True)
        with suppress(NameError):
            store.close()
        store = Store.open(paths)
        store.write(ensure_room)
    return store
