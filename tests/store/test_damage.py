"""Damaged files (FAULTS.md 24): set aside, mended, what is missing listed, nothing wrong shown."""

from __future__ import annotations

import random
import shutil
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from core.paths import DataPaths
from core.store import Store, backup, verify
from core.store.engine import plain_connection
from testing import writing
from tests.store.original import Original, open_damaged, rows_of

Damage = Callable[[bytearray, random.Random], None]


def flip(content: bytearray, rng: random.Random) -> None:
    content[rng.randrange(len(content))] ^= 1 << rng.randrange(8)


def flip_in_header_or_schema(content: bytearray, rng: random.Random) -> None:
    content[rng.randrange(4096)] ^= 1 << rng.randrange(8)


def scribble(content: bytearray, rng: random.Random) -> None:
    at = rng.randrange(len(content) - 512)
    content[at : at + 512] = rng.randbytes(512)


def cut(content: bytearray, rng: random.Random) -> None:
    del content[rng.randrange(len(content)) :]


def check(original: Original, folder: Path, content: bytes) -> int:
    """Open with damage; how many rows are lost. Each is listed and none is wrong."""
    store, rows = open_damaged(original, folder, content)
    report = store.report
    store.close()
    lost = {name: original.rows[name] - rows[name] for name in rows if name != "events"}
    added = {name: rows[name] - original.rows[name] for name in rows}
    assert not added["events"]
    stand_ins = {row for row in added["messages"] if row[3] == "Engawa" and row[5] == ""}
    renamed = {row for row in added["rooms"] if row[1].startswith("Recovered ")}
    assert added["messages"] == stand_ins
    assert added["rooms"] == renamed
    assert not added["members"] | added["preferences"] | added["sessions"]
    count = sum(map(len, lost.values()))
    for room in {row[1] for row in rows["messages"]}:
        seqs = sorted(int(row[2]) for row in rows["messages"] if row[1] == room)
        assert seqs == list(range(1, len(seqs) + 1))
    if count or report.recovered:
        assert report.recovered
        assert report.kept is not None
        assert (report.kept / "engawa.db").read_bytes() == content
        listed = (report.kept / "missing.txt").read_text()
        assert all(line in listed for line in report.missing)
    assert bool(count) <= bool(report.missing), lost
    connection = plain_connection(DataPaths(folder).database, writable=True)
    assert verify.damage(connection) is None
    connection.close()
    return count


def damage_many(original: Original, folder: Path, damages: list[Damage], times_each: int) -> None:
    rng = random.Random(6)
    for damage in damages:
        for number in range(times_each):
            content = bytearray(original.content)
            damage(content, rng)
            work = folder / f"{damage.__name__}-{number}"
            check(original, work, bytes(content))
            shutil.rmtree(work)


def test_damage_at_forty_offsets(original: Original, tmp_path: Path) -> None:
    damage_many(original, tmp_path, [flip, flip_in_header_or_schema, scribble, cut], 10)


@pytest.mark.slow
@pytest.mark.timeout(3600)
def test_damage_at_five_hundred_offsets(original: Original, tmp_path: Path) -> None:
    damage_many(original, tmp_path, [flip, flip_in_header_or_schema, scribble, cut], 125)


def test_one_flipped_letter_costs_that_message_only(original: Original, tmp_path: Path) -> None:
    content = original.content.replace(b"room-1 line 7, ", b"room-1 lime 7, ", 1)
    store, rows = open_damaged(original, tmp_path / "data", content)
    report = store.report
    store.close()
    assert report.missing == ("room Room 1: messages 7",)
    assert len(original.rows["messages"] - rows["messages"]) == 1
    with closing(plain_connection(DataPaths(tmp_path / "data").database)) as connection:
        assert connection.execute("SELECT min(last_event) FROM rooms").fetchone()[0] > 10_000
    (tombstone,) = rows["messages"] - original.rows["messages"]
    assert tombstone[2] == "7"
    assert "lime" not in str(rows)


def test_a_flipped_letter_in_the_schema_costs_nothing(original: Original, tmp_path: Path) -> None:
    """Another rule in the place of ours: SQLite finds nothing wrong with it."""
    content = original.content.replace(b"ON DELETE CASCADE", b"ON UPDATE CASCADE", 1)
    store, rows = open_damaged(original, tmp_path / "data", content)
    assert store.report.recovered
    assert store.report.missing == ()
    store.close()
    assert rows["messages"] == original.rows["messages"]


def test_what_is_lost_comes_back_from_the_newest_backup(original: Original, tmp_path: Path) -> None:
    paths = DataPaths(tmp_path / "data")
    shutil.copytree(original.root, paths.root)
    paths.prepare()
    backup.make(paths.database, paths.backups / "daily-2026-01-01.db")
    content = original.content.replace(b"room-1 line 7, ", b"room-1 lime 7, ", 1)
    paths.database.write_bytes(content)
    store = Store.open(paths)
    rows = rows_of(store)
    assert store.report.recovered
    assert store.report.restored_from is None
    assert store.report.missing == ()
    store.close()
    assert rows["messages"] == original.rows["messages"]


def test_a_file_of_rubbish_is_replaced_by_the_newest_sound_backup(
    original: Original, tmp_path: Path
) -> None:
    paths = DataPaths(tmp_path / "data")
    shutil.copytree(original.root, paths.root)
    paths.prepare()
    backup.make(paths.database, paths.backups / "daily-2026-01-01.db")
    newer = paths.backups / "daily-2026-01-02.db"
    newer.write_bytes(original.content.replace(b"room-1 line 7, ", b"room-1 lime 7, ", 1))
    paths.database.write_bytes(random.Random(7).randbytes(50_000))
    store = Store.open(paths)
    rows = rows_of(store)
    assert store.report.restored_from == paths.backups / "daily-2026-01-01.db"
    assert store.report.missing[0].startswith("everything since ")
    store.close()
    assert rows["messages"] == original.rows["messages"]


@pytest.mark.parametrize("content", [b"", b"not a database", bytes(4096), bytes(100_000)])
def test_nothing_left_and_no_backup(original: Original, tmp_path: Path, content: bytes) -> None:
    store, rows = open_damaged(original, tmp_path / "data", content)
    assert store.report.recovered
    assert store.report.missing == ("everything: nothing in the file could be read",)
    assert not any(rows.values())
    store.write(writing.ensure_room)
    store.close()


def test_a_damaged_index_costs_nothing(original: Original, tmp_path: Path) -> None:
    """An index that names rows wrongly is rebuilt from the rows."""
    paths = DataPaths(tmp_path / "data")
    shutil.copytree(original.root, paths.root)
    with closing(plain_connection(paths.database, writable=True)) as connection:
        root = connection.execute(
            "SELECT rootpage FROM sqlite_master WHERE name = 'ix_messages_status'"
        ).fetchone()[0]
    content = bytearray(paths.database.read_bytes())
    start = (root - 1) * 4096
    content[start + 100 : start + 4096] = bytes(3996)
    paths.database.write_bytes(content)
    store = Store.open(paths)
    rows = rows_of(store)
    assert store.report.recovered
    assert store.report.missing == ()
    store.close()
    assert rows["messages"] == original.rows["messages"]


# --- the seal ---------------------------------------------------------------------------------


def test_a_closed_database_is_not_examined_row_by_row_again(
    data_paths: DataPaths, monkeypatch: pytest.MonkeyPatch
) -> None:
    Store.open(data_paths).close()
    with monkeypatch.context() as patch:
        patch.setattr("core.store.repair.verify.damage", lambda _connection: pytest.fail("again"))
        store = Store.open(data_paths)
    assert not data_paths.database.with_suffix(".sealed").exists()
    store.close()


def test_a_database_that_changed_since_is_examined(original: Original, tmp_path: Path) -> None:
    folder = tmp_path / "data"
    shutil.copytree(original.root, folder)
    assert (folder / "engawa.sealed").exists()
    changed = original.content.replace(b"room-1 line 7, ", b"room-1 lime 7, ", 1)
    (folder / "engawa.db").write_bytes(changed)
    store = Store.open(DataPaths(folder))
    assert store.report.recovered
    store.close()


def test_damage_that_a_backup_finds_is_mended_at_the_next_start(
    data_paths: DataPaths, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(_paths: DataPaths, _day: object) -> None:
        raise backup.BackupFailed("daily")

    monkeypatch.setattr("core.store.backup.daily", fail)
    Store.open(data_paths).close()
    assert not data_paths.database.with_suffix(".sealed").exists()
