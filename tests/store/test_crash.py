"""Kills and power cuts (FAULTS.md 1, 2, 3): nothing acknowledged is lost, nothing doubled."""

from __future__ import annotations

import random
import shutil
import time
from pathlib import Path

import pytest

from testing.faults import Nursery, acknowledged
from testing.power import Recording
from tests.store.conftest import Check

WORK = "testing.writing:write"


def points_of(nursery: Nursery, folder: Path) -> list[str]:
    """What the workload does to its folder, operation by operation (power.Operation.kind)."""
    record = folder / "record"
    folder.mkdir(parents=True)
    outcome = nursery.run(WORK, root=folder / "data", ledger=folder / "ledger", record=record)
    assert outcome.error is None
    assert len(acknowledged(folder / "ledger")) == 36
    return [step.kind for step in Recording(record).operations if step.kind != "A"]


def kill_at(nursery: Nursery, folder: Path, point: int, survived: Check, *, torn: bool) -> None:
    """A new folder, killed there; then the next run on the same folder is killed there too."""
    root, ledger = folder / "data", folder / "ledger"
    for _ in range(2):
        nursery.run(WORK, root=root, ledger=ledger, kill_at=point, torn=torn)
        if root.exists():
            survived(root, acknowledged(ledger))


def test_a_kill_at_any_write_sync_or_rename(
    nursery: Nursery, tmp_path: Path, survived: Check
) -> None:
    points = len(points_of(nursery, tmp_path / "count"))
    chosen = random.Random(1).sample(range(1, points + 1), 10)
    for number, point in enumerate(chosen):
        kill_at(nursery, tmp_path / str(number), point, survived, torn=number % 2 == 1)


@pytest.mark.slow
@pytest.mark.timeout(3600)
def test_a_kill_at_every_point_and_twenty_at_every_commit(
    nursery: Nursery, tmp_path: Path, survived: Check
) -> None:
    kills = 0
    for point, kind in enumerate(points_of(nursery, tmp_path / "count"), start=1):
        for repeat in range(10 if kind in "SR" else 1):  # each of them kills twice
            folder = tmp_path / f"{repeat}-{point}"
            kill_at(nursery, folder, point, survived, torn=repeat % 2 == 1)
            shutil.rmtree(folder)
            kills += 2
    print(f"{kills} kills, 0 lost, 0 doubled")  # noqa: T201


def kills_at_random(
    nursery: Nursery, folder: Path, survived: Check, kills: int
) -> tuple[int, float]:
    """Lines left and the longest time until a killed storage was open and checked."""
    root, ledger = folder / "data", folder / "ledger"
    rng, lines, slowest = random.Random(2), 0, 0.0
    for number in range(kills):
        # Every third while it opens, the others after some lines of real load.
        under_load = rng.randint(1, 40) if number % 3 else 0
        outcome = nursery.run(
            WORK,
            **{"root": root, "ledger": ledger, "lines": 2000},
            **{"kill_after_lines": under_load, "kill_after_s": rng.uniform(0.0, 0.03)},
        )
        assert outcome.killed
        if root.exists():
            started = time.perf_counter()
            lines = survived(root, acknowledged(ledger))
            slowest = max(slowest, time.perf_counter() - started)
    assert lines > kills  # the load was real
    assert slowest < 5
    return lines, slowest


def test_a_kill_at_any_instant_under_load(
    nursery: Nursery, tmp_path: Path, survived: Check
) -> None:
    kills_at_random(nursery, tmp_path, survived, kills=10)


@pytest.mark.slow
@pytest.mark.timeout(3600)
def test_a_thousand_kills_under_load(nursery: Nursery, tmp_path: Path, survived: Check) -> None:
    # A new folder now and then, or the checks grow with the room.
    found = [kills_at_random(nursery, tmp_path / str(n), survived, kills=50) for n in range(20)]
    lines, slowest = sum(one[0] for one in found), max(one[1] for one in found)
    print(f"1000 kills, {lines} lines, 0 lost, open and checked within {slowest:.2f} s")  # noqa: T201


def power_cuts(nursery: Nursery, folder: Path, survived: Check, *, runs: int, cuts: int) -> int:
    """Cut the power at random points of recorded runs; how many cuts."""
    rng = random.Random(3)
    for run in range(runs):
        root, ledger, record = (folder / f"{name}{run}" for name in ("data", "ledger", "record"))
        nursery.run(WORK, root=root, ledger=ledger, record=record, close=run % 2 == 0)
        recording = Recording(record)
        for cut in rng.sample(range(1, len(recording.operations) + 1), cuts):
            left = folder / f"left-{run}-{cut}"
            recording.restore(cut, root, left, rng)
            if left.exists():
                survived(left, recording.acknowledged(cut))
    return runs * cuts


def test_power_cuts_lose_nothing_acknowledged(
    nursery: Nursery, tmp_path: Path, survived: Check
) -> None:
    power_cuts(nursery, tmp_path, survived, runs=2, cuts=20)


@pytest.mark.slow
@pytest.mark.timeout(3600)
def test_two_hundred_power_cuts(nursery: Nursery, tmp_path: Path, survived: Check) -> None:
    assert power_cuts(nursery, tmp_path, survived, runs=20, cuts=20) >= 200
