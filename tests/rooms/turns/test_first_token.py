"""What stands between a message and the first piece of its answer: few statements, one at a time.

Time depends on the machine; how often the database is asked does not.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from sqlalchemy import event
from sqlalchemy.engine import Engine

from testing.scripted_model import Script, ScriptedProvider
from tests.conftest import OpenWorkbench

ROOM = "Engawa"
MOST = 28  # the message 8, its round and the pending reply 14, what the agent heard 2, a piece 3


@pytest.fixture
def asked() -> Iterator[list[str]]:
    """The statements that any database was asked, without those that begin and end."""
    found: list[str] = []

    def keep(_conn: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        if not statement.startswith(("BEGIN", "COMMIT", "SAVEPOINT", "RELEASE", "PRAGMA")):
            found.append(statement)

    event.listen(Engine, "before_cursor_execute", keep)
    yield found
    event.remove(Engine, "before_cursor_execute", keep)


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
