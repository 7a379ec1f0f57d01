"""Schemas: created, migrated, refused (FAULTS.md 6, 27)."""

from __future__ import annotations

import sqlite3
import textwrap
from contextlib import closing
from pathlib import Path

import pytest

from core.errors import SchemaTooNew, StorageError
from core.paths import DataPaths
from core.store import Store, checksums, migrate, schema, verify
from core.store.engine import plain_connection
from testing import writing
from testing.faults import Nursery

NEXT = """
import sqlalchemy as sa
from alembic import op

revision = "9999_moods"
down_revision = "{before}"


def upgrade() -> None:
    op.create_table(
        "moods",
        sa.Column("name", sa.Text, primary_key=True),
        sa.Column("checksum", sa.Integer),
    )
    with op.batch_alter_table("messages") as batch:
        batch.add_column(sa.Column("mood", sa.Text))
    op.execute("UPDATE messages SET mood = 'calm'")
"""


def shape(database: Path) -> dict[str, object]:
    """Everything about a schema but its spelling."""
    with closing(plain_connection(database)) as connection:
        query = "SELECT type, name, tbl_name, sql FROM sqlite_master ORDER BY type, name"
        found: dict[str, object] = {}
        for kind, name, table, sql in connection.execute(query).fetchall():
            info = connection.execute(f"PRAGMA table_xinfo('{name}')").fetchall()
            keys = connection.execute(f"PRAGMA foreign_key_list('{name}')").fetchall()
            lists = connection.execute(f"PRAGMA index_list('{name}')").fetchall()
            rest = sql if kind == "trigger" else "WITHOUT ROWID" in (sql or "").upper()
            found[f"{kind} {name}"] = (table, info, keys, sorted(row[1:] for row in lists), rest)
        return found


def with_next_step(folder: Path) -> Path:
    """A folder with all steps there are and one more."""
    folder.mkdir()
    for step in schema.VERSIONS.glob("[0-9]*.py"):
        (folder / step.name).write_text(step.read_text())
    text = textwrap.dedent(NEXT).format(before=schema.known_versions()[-1])
    (folder / "9999_moods.py").write_text(text)
    return folder


def filled(paths: DataPaths, lines: int = 5) -> None:
    store = Store.open(paths)
    store.write(writing.ensure_room)
    for _ in range(lines):
        writing.write_line(store)
    store.close()


def test_a_new_database_equals_all_migrations(tmp_path: Path) -> None:
    schema.create(tmp_path / "new.db")
    migrate.upgrade(tmp_path / "migrated.db", "head")
    assert shape(tmp_path / "migrated.db") == shape(tmp_path / "new.db")
    assert verify.sound(tmp_path / "new.db")
    assert verify.sound(tmp_path / "migrated.db")


def test_the_oldest_schema_is_migrated_with_its_rows(data_paths: DataPaths) -> None:
    """A real file of the first version, as it was written then, opens with everything in it."""
    script = Path(__file__).with_name("schema_0001.sql").read_text()
    with closing(plain_connection_to_new(data_paths.database)) as connection:
        connection.executescript(script)
        checksums.seal(connection)
    store = Store.open(data_paths)
    lines = writing.stored(store)
    assert [content for _seq, _id, content in lines] == ["こんにちは", "Hello, Mizuho."]
    expected = "0001_rooms" if len(schema.known_versions()) > 1 else None
    assert store.report.migrated_from == expected
    assert not store.report.recovered
    store.close()


def plain_connection_to_new(database: Path) -> sqlite3.Connection:
    sqlite3.connect(database).close()
    database.touch()
    return plain_connection(database, writable=True)


def test_a_migration_keeps_rows_and_a_backup(data_paths: DataPaths, tmp_path: Path) -> None:
    filled(data_paths)
    before = schema.known_versions()[-1]
    assert migrate.migrate(data_paths, with_next_step(tmp_path / "steps")) == before
    with closing(plain_connection(data_paths.database, writable=True)) as connection:
        assert schema.version_of(connection) == "9999_moods"
        moods = connection.execute("SELECT mood, count(*) FROM messages GROUP BY mood").fetchall()
        assert moods == [("calm", 5)]
        assert verify.damage(connection) is None
        connection.execute("INSERT INTO moods (name) VALUES ('calm')")
        assert connection.execute("SELECT checksum FROM moods").fetchone()[0] is not None
    (kept,) = data_paths.backups.glob("before-migration-of-*.db")
    assert verify.sound(kept)
    with closing(plain_connection(kept)) as connection:
        assert schema.version_of(connection) == before
    assert migrate.migrate(data_paths, tmp_path / "steps") is None


def test_a_failing_migration_changes_nothing(data_paths: DataPaths, tmp_path: Path) -> None:
    filled(data_paths)
    before = shape(data_paths.database)
    steps = with_next_step(tmp_path / "steps")
    step = steps / "9999_moods.py"
    step.write_text(step.read_text() + "    raise ValueError('as planned')\n")
    with pytest.raises(StorageError, match="nothing was changed"):
        migrate.migrate(data_paths, steps)
    assert shape(data_paths.database) == before


def test_a_migration_that_breaks_references_changes_nothing(
    data_paths: DataPaths, tmp_path: Path
) -> None:
    filled(data_paths)
    steps = with_next_step(tmp_path / "steps")
    step = steps / "9999_moods.py"
    step.write_text(step.read_text() + "    op.execute('DELETE FROM rooms')\n")
    with pytest.raises(StorageError):
        migrate.migrate(data_paths, steps)
    store = Store.open(data_paths)
    assert len(writing.stored(store)) == 5
    store.close()


def migrate_in_child(*, root: Path, ledger: Path, steps: str) -> None:
    migrate.migrate(DataPaths(root), Path(steps))


def kill_while_migrating(nursery: Nursery, folder: Path, every: int) -> int:
    steps = with_next_step(folder / "steps")
    old = schema.known_versions()[-1]
    work = "tests.store.test_migrate:migrate_in_child"
    point, seen = 1, set()
    while True:
        paths = DataPaths(folder / str(point))
        filled(paths)
        outcome = nursery.run(
            work, root=paths.root, ledger=folder / "ledger", kill_at=point, steps=str(steps)
        )
        with closing(plain_connection(paths.database, writable=True)) as connection:
            version = schema.version_of(connection)
            assert version in (old, "9999_moods")
            assert verify.damage(connection) is None
            rows = connection.execute("SELECT count(*) FROM messages").fetchone()
            assert rows == (5,)
        backups = list(paths.backups.glob("before-migration-of-*.db"))
        assert all(verify.sound(file) for file in backups)
        assert backups or version == old
        seen.add(version)
        if not outcome.killed:
            assert outcome.error is None
            assert seen == {old, "9999_moods"}
            return point
        point += every


def test_a_kill_while_migrating_leaves_the_old_or_the_new_schema(
    nursery: Nursery, tmp_path: Path
) -> None:
    kill_while_migrating(nursery, tmp_path, every=29)


@pytest.mark.slow
@pytest.mark.timeout(1200)
def test_a_kill_at_every_point_of_a_migration(nursery: Nursery, tmp_path: Path) -> None:
    kill_while_migrating(nursery, tmp_path, every=1)


@pytest.mark.parametrize("version", ["9999_future", "0042_x", "zzz"])
def test_a_newer_schema_is_refused_and_left_alone(data_paths: DataPaths, version: str) -> None:
    filled(data_paths)
    with closing(plain_connection(data_paths.database, writable=True)) as connection:
        connection.execute("UPDATE alembic_version SET version_num = ?", (version,))
    before = data_paths.database.read_bytes()
    with pytest.raises(SchemaTooNew, match=version):
        Store.open(data_paths)
    assert data_paths.database.read_bytes() == before
    assert not data_paths.set_aside.exists()


def test_alembic_is_not_loaded_at_an_ordinary_start(nursery: Nursery, tmp_path: Path) -> None:
    work = "tests.store.test_migrate:loaded_modules"
    for _ in range(2):
        outcome = nursery.run(work, root=tmp_path / "data", ledger=tmp_path / "ledger")
        assert outcome.result == []


def loaded_modules(*, root: Path, ledger: Path) -> list[str]:
    import sys

    before = set(sys.modules)
    Store.open(DataPaths(root)).close()
    return sorted(name for name in set(sys.modules) - before if name.startswith("alembic"))
