"""Daily backups: verified, seven kept, whole or not there (FAULTS.md 8)."""

from __future__ import annotations

import random
from contextlib import closing
from datetime import date, timedelta
from pathlib import Path

import pytest

from core.paths import DataPaths
from core.store import Store, backup, verify
from core.store.engine import plain_connection
from testing import writing
from testing.faults import Nursery
from tests.store.test_migrate import filled

DAY = date(2026, 1, 1)


def lines_in(database: Path) -> int:
    with closing(plain_connection(database)) as connection:
        return int(connection.execute("SELECT count(*) FROM messages").fetchone()[0])


@pytest.mark.parametrize("soon", [True, False])
def test_the_first_start_of_a_day_makes_a_verified_backup(
    data_paths: DataPaths, monkeypatch: pytest.MonkeyPatch, soon: bool
) -> None:
    """Soon after the start, or at the end of a short run."""
    filled(data_paths, lines=3)
    for file in backup.all_daily(data_paths):
        file.unlink()
    monkeypatch.setattr(backup, "_FIRST_S", 0.01 if soon else 60)
    store = Store.open(data_paths)
    if soon:
        assert writing.wait_until(lambda: bool(backup.all_daily(data_paths)), 5)
    store.close()
    (made,) = backup.all_daily(data_paths)
    assert verify.sound(made)
    assert lines_in(made) == 3
    assert [file.name for file in data_paths.backups.iterdir()] == [made.name]


def test_one_backup_a_day_and_seven_days(data_paths: DataPaths) -> None:
    filled(data_paths)
    for file in backup.all_daily(data_paths):
        file.unlink()
    for day in range(10):
        assert backup.daily(data_paths, DAY + timedelta(day)) is not None
        assert backup.daily(data_paths, DAY + timedelta(day)) is None
    names = [file.name for file in backup.all_daily(data_paths)]
    assert names == [f"daily-2026-01-{day:02}.db" for day in range(10, 3, -1)]


def test_a_backup_is_made_while_people_write(store: Store, data_paths: DataPaths) -> None:
    futures = [store.submit(lambda c, n=n: writing.add_line(c, f"id{n}")) for n in range(600)]
    made = backup.daily(data_paths, DAY)
    for future in futures:
        future.result(30)
    assert made is not None
    assert verify.sound(made)
    assert len(writing.stored(store)) == 600


def test_a_damaged_database_gives_no_backup_and_pushes_none_out(data_paths: DataPaths) -> None:
    filled(data_paths, lines=60)
    good = backup.daily(data_paths, DAY)
    with closing(plain_connection(data_paths.database, writable=True)) as connection:
        connection.execute("PRAGMA writable_schema = ON")
        connection.execute("DROP TRIGGER checksum_changed_messages")
        connection.execute("UPDATE messages SET content = 'never said' WHERE seq = 3")
    with pytest.raises(backup.BackupFailed):
        backup.daily(data_paths, DAY + timedelta(1))
    daily = [file for file in backup.all_daily(data_paths) if file.name.startswith("daily-2026-01")]
    assert daily == [good]
    assert not list(data_paths.backups.glob("*.part*"))


def back_up(*, root: Path, ledger: Path, day: str) -> None:
    backup.daily(DataPaths(root), date.fromisoformat(day))


def kill_while_backing_up(nursery: Nursery, folder: Path, points: list[int] | None) -> int:
    """Before, at and after every point: what has a backup's name is one. The points there are."""
    paths, work = DataPaths(folder / "data"), "tests.store.test_backup:back_up"
    filled(paths, lines=40)
    for file in backup.all_daily(paths):
        file.unlink()

    def run(day: date, kill_at: int) -> tuple[bool, int]:
        outcome = nursery.run(
            work, root=paths.root, ledger=folder / "l", kill_at=kill_at, day=day.isoformat()
        )
        return outcome.killed, outcome.points

    killed, count = run(DAY, 0)
    assert not killed
    for number, point in enumerate(points or range(1, count + 1)):
        run(DAY + timedelta(1 + number), min(point, count))
        daily = backup.all_daily(paths)
        assert 1 <= len(daily) <= backup.KEPT + 1
        assert all(verify.sound(file) and lines_in(file) == 40 for file in daily[:2])
    with closing(plain_connection(paths.database, writable=True)) as connection:
        assert verify.damage(connection) is None
    return count


def test_a_kill_while_backing_up(nursery: Nursery, tmp_path: Path) -> None:
    kill_while_backing_up(nursery, tmp_path, random.Random(5).sample(range(1, 50), 10))


@pytest.mark.slow
def test_a_kill_at_every_point_of_a_backup(nursery: Nursery, tmp_path: Path) -> None:
    kill_while_backing_up(nursery, tmp_path, None)
