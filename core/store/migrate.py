"""Bringing an older database to the present schema.

All steps run in one transaction, so that a kill at any point leaves the old schema or the new
one. A verified backup is made first. Alembic is loaded only when there is something to do.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing
from pathlib import Path

from sqlalchemy import Connection

from core import logs
from core.errors import StorageError
from core.paths import DataPaths
from core.store import backup, checksums, schema
from core.store.engine import plain_connection, writing_engine
from core.store.problems import storage_error

_log = logs.part_logger("migrate")


def migrate(paths: DataPaths, versions: Path = schema.VERSIONS) -> str | None:
    """Migrate the database if it is older; the version it had, or `None` when nothing was due.

    Raises:
        DiskFull, StorageError: the backup or a step failed; the database is as it was.
    """
    with closing(plain_connection(paths.database, writable=True)) as connection:
        found = schema.version_of(connection)
    if found == schema.known_versions(versions)[-1]:
        return None
    before = found or "nothing"
    try:
        backup.before_migration(paths, before)
        upgrade(paths.database, "head", versions)
    except Exception as error:
        _log.exception("migration.failed", error, version=before)
        detail = f"the migration from version {before} failed, nothing was changed"
        raise storage_error(error, paths.root) or StorageError(detail=detail) from error
    _log.info("migration.done", version=before)
    return before


def upgrade(database: Path, version: str, versions: Path = schema.VERSIONS) -> None:
    """Run all steps up to `version` ("head": the newest) in one transaction."""
    # A step may rebuild a table that others refer to: references are checked at the end instead.
    engine = writing_engine(database, foreign_keys=False)
    try:
        with engine.begin() as connection:
            _run_steps(connection, version, versions)
            if connection.exec_driver_sql("PRAGMA foreign_key_check").first() is not None:
                raise StorageError(detail="a migration broke references between tables")
            checksums.seal(schema.raw(connection))
    finally:
        engine.dispose()


def build(version: str | None) -> Callable[[Path], None]:
    """How to make an empty database of this version; `None` and unknown ones: the present."""
    known = schema.known_versions()
    if version is None or version not in known[:-1]:
        return schema.fill
    return lambda database: upgrade(database, version)


def _run_steps(connection: Connection, version: str, versions: Path) -> None:
    from alembic import command  # 0.2 s that an ordinary start does not pay
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    config.set_main_option("path_separator", "os")
    config.set_main_option("version_locations", str(versions))
    config.attributes["connection"] = connection
    command.upgrade(config, version)
