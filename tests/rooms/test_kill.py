"""kill −9 at random instants of a streaming room: nothing acknowledged is lost or doubled."""

from __future__ import annotations

import json
import os
import random
import signal
import sqlite3
import subprocess
import sys
import time
from collections import Counter
from contextlib import closing
from pathlib import Path

import pytest

from core.messages import Kind, Message, ReplyStatus
from core.paths import PROJECT
from core.workbench import Workbench
from testing.scripted_model import Script, ScriptedProvider
from testing.talking_child import MEMBERS, PIECES, ROOM
from tests.conftest import OpenWorkbench

WHOLE = "".join(PIECES).rstrip()  # blanks at the end of a reply are not kept


POLICIES = ("in_order", "debate", "named", "natural", "moderator", "vote")
# Where everybody speaks once in every round; elsewhere it depends on names, dice and votes.
EVERYBODY = ("in_order", "debate")
MANY = [
    pytest.param(60, marks=[pytest.mark.slow, pytest.mark.timeout(600)]),
    pytest.param(200, marks=[pytest.mark.soak, pytest.mark.timeout(2400)]),
]
FEWER = pytest.param(30, marks=[pytest.mark.slow, pytest.mark.timeout(600)])


@pytest.mark.parametrize("kills", [pytest.param(6, marks=pytest.mark.timeout(300)), *MANY])
def test_kill_at_random_instants(open_workbench: OpenWorkbench, data_paths, kills):
    """Each policy in turn, in a room of its own; those of the kills before go on beside it.

    Most policies plan each turn when the one before has ended, so a kill may come between.
    """
    chance = random.Random(kills)
    ledger: list[str] = []
    for number in range(kills):
        start, seconds = 100 * (number + 1), chance.uniform(0.02, 0.9)
        ledger += _killed_child(data_paths.root, start, seconds, POLICIES[number % len(POLICIES)])
        assert _stored_keys(data_paths.database) >= Counter(set(ledger))
    assert len(ledger) >= kills // 3

    bench = open_workbench(ScriptedProvider({"starter": Script(PIECES)}))
    asked: Counter[str] = Counter()
    for policy in POLICIES:
        room = ROOM if policy == "in_order" else policy
        assert bench.rooms.wait_idle(room, 60)
        lines = _lines(bench, room)
        assert [line.seq for line in lines] == list(range(1, len(lines) + 1))
        asked += Counter(line.content for line in lines if line.kind is Kind.HUMAN)
        _check_replies([line for line in lines if line.kind is Kind.AGENT], policy)
        _check_turns(data_paths.database, bench.rooms.get(room).id, lines)
    assert all(asked[f"message {key}"] == 1 for key in ledger)
    assert set(asked.values()) == {1}


def _lines(bench: Workbench, room: str) -> list[Message]:
    lines = bench.rooms.messages(room, after=0, limit=1000)
    while len(lines) < bench.rooms.get(room).last_seq:
        lines += bench.rooms.messages(room, after=lines[-1].seq, limit=1000)
    return lines


def _check_replies(replies: list[Message], policy: str) -> None:
    assert all(line.status.final for line in replies)
    assert all(WHOLE.startswith(line.content) for line in replies)
    assert all(line.content == WHOLE for line in replies if line.status is ReplyStatus.COMPLETE)
    if policy in EVERYBODY:  # once each, whether or not a kill cut it
        answered = Counter((line.reply_to, line.sender) for line in replies)
        assert set(answered.values()) <= {1}
        rounds = {reply_to for reply_to, _sender in answered}
        assert all((trigger, name) in answered for trigger in rounds for name in MEMBERS)


def _check_turns(database: Path, room_id: str, lines: list[Message]) -> None:
    """Every turn that was planned was spoken once, and every message of people was answered."""
    with closing(sqlite3.connect(f"file:{database}?mode=ro", uri=True)) as connection:
        query = "SELECT state, reply_seq FROM turns WHERE room_id = ?"
        turns = connection.execute(query, [room_id]).fetchall()
        query = "SELECT state, trigger_seq FROM rounds WHERE room_id = ? ORDER BY trigger_seq"
        rounds = connection.execute(query, [room_id]).fetchall()
    assert {state for state, _seq in turns} <= {"done"}
    spoken = [seq for _state, seq in turns]
    assert sorted(spoken) == [line.seq for line in lines if line.kind is Kind.AGENT]
    assert {state for state, _seq in rounds} <= {"done"}
    people = [line.seq for line in lines if line.kind is Kind.HUMAN]
    assert not people or people[-1] == rounds[-1][1]
    assert {line.reply_to for line in lines if line.kind is Kind.AGENT} == {
        trigger for _state, trigger in rounds
    }


@pytest.mark.parametrize("kills", [pytest.param(5, marks=pytest.mark.timeout(300)), FEWER, MANY[1]])
def test_killed_while_a_line_is_said_again(open_workbench: OpenWorkbench, data_paths, kills):
    """Answered anew, gone on with, stopped: no answer is lost, changed or there twice."""
    chance = random.Random(kills)
    before: dict[int, tuple[str, str]] = {}
    for _ in range(kills):
        found, begun = _killed_again(data_paths.root, chance.uniform(0.02, 0.6))
        assert sorted(found) == list(range(1, len(found) + 1))
        for content, status in found.values():
            assert status in ("complete", "partial", "stopped")
            assert content
            assert WHOLE.startswith(content)
            assert (content == WHOLE) or status != "complete"
        for number, (content, status) in before.items():
            assert found[number][0].startswith(content)
            assert status != "complete" or found[number] == (content, status)
        before = found
        assert not begun or begun[0] in (len(found), len(found) + 1)
    bench = open_workbench(ScriptedProvider({"starter": Script(PIECES)}))
    assert bench.rooms.wait_idle(ROOM, 10)
    assert [line.sender for line in bench.rooms.messages(ROOM)] == ["Yuki", "Ren"]
    line = bench.rooms.message(ROOM, 2)
    assert line.status.final
    assert line.again is None
    assert line.variants == len(bench.rooms.editing.variants(ROOM, 2)) >= len(before)


def _killed_again(folder: Path, seconds: float) -> tuple[dict[int, tuple[str, str]], list[int]]:
    """Kill a child that changes its one reply; the answers it found, and those it began."""
    child = _child(folder, "again")
    assert child.stdout is not None
    found = json.loads(child.stdout.readline())
    time.sleep(seconds)
    child.send_signal(signal.SIGKILL)
    begun = [int(line) for line in child.stdout.read().decode().splitlines() if line.isdigit()]
    child.wait()
    child.stdout.close()
    return {number: (content, status) for number, content, status in found}, begun


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
