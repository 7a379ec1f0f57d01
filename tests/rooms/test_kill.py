"""kill −9 at random instants of a streaming room: nothing acknowledged is lost or doubled."""

from __future__ import annotations

import os
import random
import signal
import sqlite3
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

import pytest

from core.messages import Kind, ReplyStatus
from core.paths import PROJECT
from testing.scripted_model import Script, ScriptedProvider
from testing.talking_child import PIECES, ROOM
from tests.conftest import OpenWorkbench

WHOLE = "".join(PIECES).rstrip()  # blanks at the end of a reply are not kept


@pytest.mark.parametrize("policy", ["in_order", "debate"])
@pytest.mark.parametrize(
    "kills",
    [
        6,
        pytest.param(50, marks=[pytest.mark.slow, pytest.mark.timeout(400)]),
        pytest.param(200, marks=[pytest.mark.soak, pytest.mark.timeout(1200)]),
    ],
)
def test_kill_at_random_instants(open_workbench: OpenWorkbench, data_paths, kills, policy):
    """A debate plans each turn when the one before has ended, so a kill may come between."""
    chance = random.Random(kills)
    ledger: list[str] = []
    for _ in range(kills):
        start, seconds = len(ledger) + 100, chance.uniform(0.02, 0.9)
        ledger += _killed_child(data_paths.root, start, seconds, policy)
        assert _stored_keys(data_paths.database) >= Counter(set(ledger))
    assert len(ledger) >= kills // 2

    bench = open_workbench(ScriptedProvider({"starter": Script(PIECES)}))
    assert bench.rooms.wait_idle(ROOM, 60)
    lines = bench.rooms.messages(ROOM, after=0, limit=1000)
    while len(lines) < bench.rooms.get(ROOM).last_seq:
        lines += bench.rooms.messages(ROOM, after=lines[-1].seq, limit=1000)
    assert [line.seq for line in lines] == list(range(1, len(lines) + 1))
    asked = Counter(line.content for line in lines if line.kind is Kind.HUMAN)
    assert all(asked[f"message {key}"] == 1 for key in ledger)
    assert set(asked.values()) == {1}

    replies = [line for line in lines if line.kind is Kind.AGENT]
    assert all(line.status.final for line in replies)
    assert all(WHOLE.startswith(line.content) for line in replies)
    assert all(line.content == WHOLE for line in replies if line.status is ReplyStatus.COMPLETE)
    # Every round was answered once by every member, whether or not a kill cut it.
    answered = Counter((line.reply_to, line.sender) for line in replies)
    assert set(answered.values()) == {1}
    rounds = {reply_to for reply_to, _sender in answered}
    members = ("Mizuho", "Ren", "Aki")
    assert all((trigger, name) in answered for trigger in rounds for name in members)
    last_asked = max(line.seq for line in lines if line.kind is Kind.HUMAN)
    assert last_asked in rounds


@pytest.mark.parametrize(
    "pieces",
    [1, 6, *(pytest.param(n, marks=pytest.mark.slow) for n in (2, 3, 4, 5, 7, 8, 9, 10, 11, 12))],
)
def test_kill_at_every_token_leaves_one_row_with_what_was_seen(
    open_workbench: OpenWorkbench, data_paths, pieces
):
    child = _child(data_paths.root, "watched")
    assert child.stdout is not None
    seen = ""
    while len(seen.split()) < pieces:
        seen += child.stdout.readline().decode().rstrip("\n")
    child.send_signal(signal.SIGKILL)
    child.wait()
    child.stdout.close()

    bench = open_workbench(ScriptedProvider({"starter": Script(PIECES)}))
    assert bench.rooms.wait_idle(ROOM, 5)
    _asked, reply = bench.rooms.messages(ROOM)
    assert reply.content.startswith(seen)
    assert WHOLE.startswith(reply.content)
    # The last piece may have been followed by the end before the kill came.
    ended = {ReplyStatus.PARTIAL, ReplyStatus.COMPLETE} if reply.content == WHOLE else set()
    assert reply.status in ended or reply.status is ReplyStatus.PARTIAL


def _child(folder: Path, start: str, policy: str = "in_order") -> subprocess.Popen[bytes]:
    child = subprocess.Popen(
        [sys.executable, "-m", "testing.talking_child", str(folder), start, policy],
        stdout=subprocess.PIPE,
        cwd=PROJECT,
        env={**os.environ, "PYTHONPATH": str(PROJECT)},
    )
    assert child.stdout is not None
    assert child.stdout.readline().strip() == b"open"
    return child


def _killed_child(folder: Path, start: int, seconds: float, policy: str) -> list[str]:
    """Run the child for `seconds` after it opened, kill it; the keys it acknowledged."""
    child = _child(folder, str(start), policy)
    assert child.stdout is not None
    time.sleep(seconds)
    child.send_signal(signal.SIGKILL)
    rest = child.stdout.read().decode().splitlines()
    child.wait()
    child.stdout.close()
    return [line for line in rest if line]


def _stored_keys(database: Path) -> Counter[str]:
    with sqlite3.connect(f"file:{database}?mode=ro", uri=True) as connection:
        query = "SELECT idempotency_key FROM messages WHERE idempotency_key IS NOT NULL"
        found = Counter(key for (key,) in connection.execute(query))
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    connection.close()
    assert set(found.values()) <= {1}
    return found
