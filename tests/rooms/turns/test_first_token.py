"""What stands between a message and the first piece of its answer: few statements, one at a time.

Time depends on the machine; how often the database is asked does not.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from typing import Any

import pytest
from sqlalchemy import event
from sqlalchemy.engine import Engine

from testing.scripted_model import Script, ScriptedProvider
from tests.conftest import OpenWorkbench

ROOM = "Engawa"
MOST = 28  # the message 8, its round and the pending reply 14, what the agent heard 2, a piece 3

OWN = ("BEGIN", "COMMIT", "ROLLBACK", "SAVEPOINT", "RELEASE", "PRAGMA")


@pytest.fixture
def asked() -> Iterator[list[str]]:
    """The statements that any database was asked, without those that begin and end."""
    found: list[str] = []

    def keep(statement: str) -> None:
        own = statement.startswith(OWN) or "journal_ahead" in statement
        again = found and found[-1] == statement  # told once more for each trigger that it sets off
        if not own and not again:
            found.append(statement)

    def listen(connection: sqlite3.Connection, _record: Any) -> None:
        connection.set_trace_callback(keep)

    event.listen(Engine, "connect", listen)
    yield found
    event.remove(Engine, "connect", listen)


@pytest.mark.parametrize("before", [0, 3])
def test_the_first_token_waits_for_few_statements(
    open_workbench: OpenWorkbench, asked: list[str], before: int
) -> None:
    bench = open_workbench(ScriptedProvider({"starter": Script(pause_s=0.3)}))
    for number in range(before):
        bench.rooms.post(ROOM, f"@Ren {number}", sender="Yuki", key=str(number))
        assert bench.rooms.wait_idle(ROOM, 20)
    with bench.rooms.watch(ROOM, after=2 * before) as watch:
        asked.clear()
        bench.rooms.post(ROOM, "@Ren hi", sender="Yuki", key="the last")
        while (seen := watch.get(20)) is not None and seen.type != "delta":
            pass
        count = len(asked)
    assert seen is not None
    assert bench.rooms.wait_idle(ROOM, 20)
    assert 0 < count <= MOST, "\n".join(asked[:count])
