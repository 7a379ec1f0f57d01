"""Journals that were lost, and mending that is interrupted (FAULTS.md 8, 21, 24)."""

from __future__ import annotations

import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from core.paths import DataPaths
from core.store import Store, journal, tally
from testing import faults, writing
from testing.faults import Nursery
from tests.store.original import LINES, ROOMS, Original, rows_of

# --- the journal ------------------------------------------------------------------------------


@pytest.fixture(autouse=True)
def _short_journal(monkeypatch: pytest.MonkeyPatch) -> None:
    """The journal ends where its last commit does, so that a test can hit it there."""
    monkeypatch.setattr(journal, "AHEAD_BYTES", 0)


def killed_folder(folder: Path) -> tuple[DataPaths, list[str]]:
    """A folder as a kill leaves it: some lines in the database, the newest only in its journal."""
    paths = DataPaths(folder / "alive")
    store = Store.open(paths)
    store.write(writing.ensure_room)
    ids = [writing.write_line(store) for _ in range(20)]
    copy = DataPaths(folder / "killed")
    shutil.copytree(paths.root, copy.root)
    store.close()
    assert copy.database.with_name("engawa.db-wal").stat().st_size > 0
    shutil.rmtree(copy.backups)
    return copy, ids


def test_an_intact_journal_is_no_damage(tmp_path: Path) -> None:
    paths, ids = killed_folder(tmp_path)
    store = Store.open(paths)
    assert store.report.recovered is False
    assert [identity for _seq, identity, _content in writing.stored(store)] == ids
    store.close()


@pytest.mark.parametrize("how", ["flipped", "cut", "deleted"])
def test_acknowledged_lines_lost_with_the_journal_are_noticed(tmp_path: Path, how: str) -> None:
    paths, ids = killed_folder(tmp_path)
    wal = paths.database.with_name("engawa.db-wal")
    content = bytearray(wal.read_bytes())
    if how == "flipped":
        content[len(content) // 2] ^= 1
        wal.write_bytes(content)
    elif how == "cut":
        wal.write_bytes(content[: len(content) // 2])
    else:
        wal.unlink()
    store = Store.open(paths)
    lines = writing.stored(store)
    lost = len(ids) - len(lines)
    assert lost > 0
    assert [identity for _seq, identity, _content in lines] == ids[: len(lines)]
    assert store.report.recovered
    assert store.report.kept is not None
    (said,) = (line for line in store.report.missing if line.startswith("the last "))
    assert int(said.split()[2]) >= lost
    store.write(writing.ensure_room)
    writing.write_line(store)
    store.close()
    again = Store.open(paths)
    assert again.report.recovered is False
    again.close()


def test_the_count_of_commits_starts_again_at_the_end_of_its_range() -> None:
    last = (1 << 31) - 1
    assert tally.following(last) == 0
    assert tally.missing(database=last, acknowledged=0) == 1
    assert tally.missing(database=0, acknowledged=last) == 0
    assert tally.missing(database=5, acknowledged=None) == 0


def test_another_program_cannot_write_rows_without_a_checksum(data_paths: DataPaths) -> None:
    Store.open(data_paths).close()
    with closing(sqlite3.connect(data_paths.database)) as other:
        assert other.execute("SELECT count(*) FROM messages").fetchone() == (0,)
        with pytest.raises(sqlite3.OperationalError, match="row_checksum"):
            other.execute("INSERT INTO preferences (name, value) VALUES ('a', '1')")


def kill_while_mending(
    nursery: Nursery, folder: Path, original: Original, every: int, *, restore: bool
) -> int:
    """Kill a start that salvages, or that restores a backup, at its points; how many kills."""
    letter = original.content.replace(b"room-1 line 7, ", b"room-1 lime 7, ", 1)
    content = bytes(60_000) if restore else letter
    work, kills = "tests.store.test_mending:just_open", 0
    while True:
        paths = DataPaths(folder / str(kills))
        shutil.copytree(original.root, paths.root)
        if restore:
            paths.backups.mkdir()
            shutil.copyfile(paths.database, paths.backups / "daily-2026-01-01.db")
        paths.database.write_bytes(content)
        point = 1 + kills * every
        ended = nursery.run(work, root=paths.root, ledger=folder / "l", kill_at=point)
        store = Store.open(paths)
        rows = rows_of(store)
        store.close()
        assert len(rows["messages"]) == ROOMS * LINES
        assert len(original.rows["messages"] - rows["messages"]) == (0 if restore else 1)
        kept = [f for f in paths.set_aside.iterdir() if not f.name.endswith(".part")]
        assert any((one / "engawa.db").read_bytes() == content for one in kept)
        shutil.rmtree(paths.root)
        if not ended.killed:
            return kills
        kills += 1


@pytest.mark.parametrize("restore", [False, True])
def test_a_kill_while_mending_leaves_something_to_mend_or_the_new_database(
    original: Original, tmp_path: Path, nursery: Nursery, restore: bool
) -> None:
    kill_while_mending(nursery, tmp_path, original, every=181, restore=restore)


@pytest.mark.slow
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("restore", [False, True])
def test_a_kill_at_every_point_of_mending(
    original: Original, tmp_path: Path, nursery: Nursery, restore: bool
) -> None:
    kills = kill_while_mending(nursery, tmp_path, original, every=1, restore=restore)
    print(f"{kills} kills while mending (restore: {restore}), 0 lost")  # noqa: T201


def test_a_disk_that_fills_up_while_mending_costs_nothing(
    original: Original, tmp_path: Path, nursery: Nursery
) -> None:
    content = original.content.replace(b"room-1 line 7, ", b"room-1 lime 7, ", 1)
    toggle = tmp_path / "toggle"
    toggle.touch()
    for point in (1, 5, 20, 60, 100, 150, 200):
        folder = tmp_path / str(point)
        shutil.copytree(original.root, folder)
        (folder / "engawa.db").write_bytes(content)
        outcome = nursery.run(
            "tests.store.test_mending:just_open",
            **{"root": folder, "ledger": tmp_path / "l", "toggle": toggle},
            **{"fail_at": point, "error": faults.DISK_FULL},
        )
        assert outcome.error is not None
        assert outcome.error.startswith("DiskFull")
        store = Store.open(DataPaths(folder))
        assert store.report.missing == ("room Room 1: messages 7",)
        store.close()


def just_open(*, root: Path, ledger: Path) -> None:
    Store.open(DataPaths(root)).close()
