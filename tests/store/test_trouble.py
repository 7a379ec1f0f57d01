"""A full disk, a read-only folder, somebody else's lock (FAULTS.md 21, 22, 23)."""

from __future__ import annotations

import os
import random
import sqlite3
import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from core.errors import DataFolderUnwritable, DiskFull, StorageBusy
from core.paths import DataPaths
from core.store import Store
from testing import faults, writing
from testing.faults import Nursery, Outcome, acknowledged
from tests.store.conftest import Check

WORK = "testing.writing:write_through_trouble"


def run_in_trouble(nursery: Nursery, folder: Path, point: int, error: int) -> Outcome:
    folder.mkdir()
    toggle = folder / "toggle"
    toggle.touch()
    return nursery.run(
        WORK,
        root=folder / "data",
        ledger=folder / "ledger",
        fail_at=point,
        error=error,
        toggle=toggle,
        toggle_file=str(toggle),
    )


def trouble_at(
    nursery: Nursery, folder: Path, points: list[int], error: int, survived: Check
) -> set[str]:
    """Writing fails from each point on until it was noticed; the codes that were shown."""
    shown: set[str] = set()
    for point in points:
        outcome = run_in_trouble(nursery, folder / str(point), point, error)
        assert outcome.error is None, (point, outcome)
        assert outcome.result["recovered"] is True, (point, outcome)
        if outcome.result["problem"]:
            assert outcome.result["read"] is True
            assert outcome.result["shown"] == outcome.result["problem"]
            shown.add(outcome.result["problem"])
        ledger = acknowledged(folder / str(point) / "ledger")
        assert survived(folder / str(point) / "data", ledger) >= len(ledger) >= 1
    return shown


def test_a_disk_that_fills_up(nursery: Nursery, tmp_path: Path, survived: Check) -> None:
    """Reads go on, the problem is shown, and it ends by itself when there is room again."""
    points = random.Random(4).sample(range(1, 500), 6)
    assert trouble_at(nursery, tmp_path, points, faults.DISK_FULL, survived) <= {"disk_full"}
    assert trouble_at(nursery, tmp_path, [300], faults.DISK_FULL, survived) == {"disk_full"}


@pytest.mark.slow
@pytest.mark.timeout(3600)
def test_a_disk_that_is_full_at_every_write(
    nursery: Nursery, tmp_path: Path, survived: Check
) -> None:
    shown = trouble_at(nursery, tmp_path, list(range(1, 500)), faults.DISK_FULL, survived)
    assert shown == {"disk_full"}


def test_a_disk_that_becomes_read_only(nursery: Nursery, tmp_path: Path, survived: Check) -> None:
    shown = trouble_at(nursery, tmp_path, [300, 350, 401], faults.READ_ONLY, survived)
    assert shown == {"data_folder_unwritable"}


def test_a_full_disk_at_the_start_is_named(nursery: Nursery, tmp_path: Path) -> None:
    (tmp_path / "toggle").touch()
    outcome = nursery.run(
        "testing.writing:write",
        root=tmp_path / "data",
        ledger=tmp_path / "ledger",
        fail_at=1,
        error=faults.DISK_FULL,
        toggle=tmp_path / "toggle",
    )
    assert outcome.error is not None
    assert outcome.error.startswith("DiskFull: The disk of ")
    assert str(tmp_path / "data") in outcome.error


def test_a_read_only_folder_is_named(nursery: Nursery, tmp_path: Path) -> None:
    (tmp_path / "toggle").touch()
    outcome = nursery.run(
        "testing.writing:write",
        root=tmp_path / "data",
        ledger=tmp_path / "ledger",
        fail_at=1,
        error=faults.READ_ONLY,
        toggle=tmp_path / "toggle",
    )
    assert outcome.error is not None
    assert outcome.error.startswith("DataFolderUnwritable: The data folder ")
    assert str(tmp_path / "data") in outcome.error


@pytest.mark.skipif(os.name == "nt" or os.getuid() == 0, reason="the superuser may write anyway")
def test_a_folder_without_the_right_to_write(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir(mode=0o500)
    with pytest.raises(DataFolderUnwritable, match="data"):
        Store.open(DataPaths(tmp_path / "data"))


def test_a_file_in_the_place_of_the_folder(tmp_path: Path) -> None:
    (tmp_path / "data").write_text("not a folder")
    with pytest.raises(DataFolderUnwritable, match="data"):
        Store.open(DataPaths(tmp_path / "data"))


@contextmanager
def foreign_lock(paths: DataPaths) -> Iterator[None]:
    with closing(sqlite3.connect(paths.database, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        yield
        other.execute("ROLLBACK")


def test_a_locked_database_at_the_start_is_not_taken_for_a_damaged_one(
    data_paths: DataPaths, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("core.store.engine.BUSY_TIMEOUT_S", 0.3)
    Store.open(data_paths).close()
    with closing(sqlite3.connect(data_paths.database, isolation_level=None)) as other:
        other.execute("PRAGMA locking_mode = EXCLUSIVE")
        other.execute("BEGIN EXCLUSIVE")
        other.execute("PRAGMA user_version = 77")
        with pytest.raises(StorageBusy):
            Store.open(data_paths)
        other.execute("ROLLBACK")
    assert not data_paths.set_aside.exists()
    Store.open(data_paths).close()


def test_a_short_foreign_lock_is_waited_out(store: Store, data_paths: DataPaths) -> None:
    with foreign_lock(data_paths):
        waiting = store.submit(lambda c: writing.add_line(c, "patient"))
        time.sleep(0.3)
        assert not waiting.done()
    waiting.result(10)
    assert [identity for _seq, identity, _c in writing.stored(store)] == ["patient"]


def test_a_long_foreign_lock_ends_the_wait(store: Store, data_paths: DataPaths) -> None:
    """Bounded waiting, reading meanwhile, nothing half done, recovery by itself."""
    with foreign_lock(data_paths):
        started = time.perf_counter()
        impatient = store.submit(lambda c: writing.add_line(c, "impatient"), wait_s=1)
        patient = store.submit(lambda c: writing.add_line(c, "patient"), wait_s=60)
        with pytest.raises(StorageBusy) as refused:
            impatient.result(20)
        assert time.perf_counter() - started < 3
        assert refused.value.params["seconds"] >= 1
        assert store.problem is not None
        assert store.problem.code == "storage_busy"
        assert writing.stored(store) == []
    patient.result(10)
    assert [identity for _seq, identity, _c in writing.stored(store)] == ["patient"]
    assert writing.wait_until(lambda: store.problem is None, 2)


@pytest.mark.slow
def test_a_foreign_lock_of_a_minute(store: Store, data_paths: DataPaths) -> None:
    outcomes: list[str] = []

    def person(number: int) -> None:
        try:
            store.write(lambda c: writing.add_line(c, f"line{number}"))
            outcomes.append("stored")
        except StorageBusy:
            outcomes.append("refused")

    people = [threading.Thread(target=person, args=(n,)) for n in range(20)]
    kept = store.submit(lambda c: writing.add_line(c, "reply"), wait_s=90)
    with foreign_lock(data_paths):
        for one in people:
            one.start()
        for one in people:
            one.join(20)
            assert not one.is_alive()
        time.sleep(60 - 15)
    kept.result(15)
    stored = {identity for _seq, identity, _c in writing.stored(store)}
    assert outcomes == ["refused"] * 20
    assert stored == {"reply"}
    writing.write_line(store)


def test_a_full_disk_is_told_by_its_own_name(store: Store, data_paths: DataPaths) -> None:
    """SQLite's own word for it, from its limit of pages."""

    def flood(connection: object) -> None:
        connection.exec_driver_sql("PRAGMA max_page_count = 1")  # type: ignore[attr-defined]
        for number in range(500):
            writing.add_line(connection, f"line{number}")  # type: ignore[arg-type]

    with pytest.raises(DiskFull):
        store.write(flood)
    assert writing.stored(store) == []
    assert writing.wait_until(lambda: store.problem is None, 5)
    writing.write_line(store)
