"""The check at start, and what is done about a damaged database.

The damaged files are copied into set-aside/TIME/ together, as they were. A new database is made
beside them from every row that can be trusted, or from the newest good backup when that holds
more, and takes the old one's place. A note on the disk says so in between: a kill at any point
leaves either the damaged files, to be mended at the next start, or the new database.
"""

from __future__ import annotations

import json
import shutil
import sqlite3
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from core import logs
from core.paths import DataPaths
from core.store import backup, files, migrate, pages, schema, seal, tally, verify
from core.store.engine import plain_connection
from core.store.problems import expect_damage
from core.store.report import OpenReport
from core.store.salvage import Salvage, begin_another_life, day_of, salvage

_log = logs.part_logger("repair")


@dataclass(frozen=True, slots=True)
class _Outcome:
    database: Path
    result: Salvage
    restored_from: Path | None = None


def mend(paths: DataPaths) -> OpenReport:
    """Make sure that there is a database that can be trusted.

    Raises:
        SchemaTooNew: a newer Engawa wrote it; it is left alone.
        OSError, sqlite3.Error: no room for mending; nothing was changed.
    """
    finished = _finish(paths)
    files.remove_database(_new(paths))
    if finished is not None:
        return finished
    if not paths.database.exists():
        return _begin(paths)
    found = _examine(paths)
    if found is None:
        return OpenReport()
    folder, cause, lost_commits = found
    _log.error("database.damaged", error=cause, missing=lost_commits)
    _rebuild(paths, folder, lost_commits)
    report = _finish(paths)
    assert report is not None
    return report


def _begin(paths: DataPaths) -> OpenReport:
    """A first start. A journal without its database would be mixed into the new one."""
    orphan = files.companion(paths.database, "-wal").exists()
    kept = _finished_folder(_set_aside(paths)) if orphan else None
    for suffix in files.COMPANIONS:
        files.companion(paths.database, suffix).unlink(missing_ok=True)
    tally.tally_file(paths).unlink(missing_ok=True)
    schema.create(paths.database)
    missing = ("everything: the database file was gone, only its journal was there",)
    return OpenReport(orphan, kept, None, missing if orphan else ())


def _examine(paths: DataPaths) -> tuple[Path, str, int] | None:
    """Copies of the damaged files, the cause and the lost commits; `None`: all is well."""
    acknowledged = tally.read(tally.tally_file(paths))
    doubtful = seal.broken(paths)
    with closing(plain_connection(paths.database, writable=True)) as connection:
        verify.refuse_newer(connection)
        cause = verify.damage(connection) if doubtful else None
        lost = 0 if cause else verify.missing_commits(connection, acknowledged)
        if cause is None and not lost:
            return None
        # While this connection is open, nothing folds the journal into the database.
        return _set_aside(paths), cause or "commits_lost", lost


def _set_aside(paths: DataPaths) -> Path:
    """Copy the files together; the folder gets its final name when all is said in it."""
    moment = datetime.now(UTC).strftime("%Y%m%dT%H%M%S%f")
    folder = paths.set_aside / f"{moment}.part"
    folder.mkdir(parents=True)
    for suffix in files.COMPANIONS:
        source = files.companion(paths.database, suffix)
        if source.exists():
            files.copy(source, folder / source.name)
    return folder


def _rebuild(paths: DataPaths, folder: Path, lost_commits: int) -> None:
    """Make the new database and the note that it shall take the old one's place."""
    work = folder / "work"
    work.mkdir()
    good = backup.newest_sound(paths)
    best = _best(paths, folder, work, good)
    if lost_commits:
        best.result.missing.append(f"the last {lost_commits} changes before Engawa was interrupted")
    _number_commits(best.database, paths)
    best.database.replace(_new(paths))
    files.sync_file(_new(paths))
    shutil.rmtree(work)
    lines = best.result.missing or ["nothing"]
    files.write_text(folder / "missing.txt", "What is missing:\n" + "\n".join(lines) + "\n")
    kept = _finished_folder(folder)
    note = {
        "kept": kept.name,
        "restored_from": best.restored_from.name if best.restored_from else None,
        "missing": best.result.missing,
    }
    files.write_text(_note(paths), json.dumps(note, ensure_ascii=False))
    _log.warning("database.rebuilt", missing=len(best.result.missing))


def _best(paths: DataPaths, folder: Path, work: Path, good: Path | None) -> _Outcome:
    """The readable rows, filled up from the newest good backup; that alone if none is readable."""
    name = paths.database.name
    found = [_salvaged(folder / name, work / "plain", good, fresh_schema=False)]
    if found[0] is None or not _schema_intact(work / "plain" / "copy.db"):
        found.append(_salvaged(folder / name, work / "mended", good, fresh_schema=True))
    best = max((one for one in found if one), key=lambda one: one.result.read, default=None)
    if best is not None and best.result.read:
        return best
    if good is not None:
        return _restored(good, work)
    empty = work / "empty.db"
    schema.fill(empty)
    return _Outcome(empty, Salvage(missing=["everything: nothing in the file could be read"]))


def _salvaged(
    damaged: Path, work: Path, good: Path | None, *, fresh_schema: bool
) -> _Outcome | None:
    """The rows that can be read; `fresh_schema`: with the list of tables of a new database."""
    work.mkdir()
    copy, target = work / "copy.db", work / "new.db"
    for suffix in ("", "-wal"):
        source = files.companion(damaged, suffix)
        if source.exists():
            shutil.copyfile(source, files.companion(copy, suffix))
    pages.complete(copy)
    if fresh_schema:
        schema.fill(work / "donor.db")
        pages.transplant_schema(copy, work / "donor.db")
    try:
        migrate.build(_version(copy))(target)
        result = salvage(copy, target, good)
    except (sqlite3.DatabaseError, UnicodeError) as error:
        expect_damage(error)
        return None
    return _Outcome(target, result) if verify.sound(target) else None


def _schema_intact(database: Path) -> bool:
    try:
        with closing(plain_connection(database, writable=True)) as connection:
            return verify.schema_intact(connection)
    except (sqlite3.Error, UnicodeError) as error:
        expect_damage(error)
        return False


def _version(database: Path) -> str | None:
    try:
        with closing(plain_connection(database, writable=True)) as connection:
            return schema.version_of(connection)
    except (sqlite3.Error, UnicodeError) as error:
        expect_damage(error)
        return None


def _restored(good: Path, work: Path) -> _Outcome:
    target = work / "restored.db"
    files.copy(good, target)
    with closing(plain_connection(target, writable=True)) as connection:
        begin_another_life(connection)
    return _Outcome(target, Salvage(missing=[f"everything since {day_of(good)}"]), good)


def _number_commits(database: Path, paths: DataPaths) -> None:
    """Let the new database count on from the last acknowledged commit."""
    with closing(plain_connection(database, writable=True)) as connection:
        acknowledged = tally.read(tally.tally_file(paths)) or 0
        connection.execute(f"PRAGMA user_version = {acknowledged}")
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")


def _finish(paths: DataPaths) -> OpenReport | None:
    """Put the new database into its place if the note says so; each step can be repeated."""
    note = _note(paths)
    if not note.exists():
        return None
    said = json.loads(note.read_text(encoding="utf-8"))
    if _new(paths).exists():
        for suffix in ("-wal", "-shm"):
            files.companion(paths.database, suffix).unlink(missing_ok=True)
        files.publish(_new(paths), paths.database)
    note.unlink()
    files.sync_folder(paths.root)
    restored = said["restored_from"]
    return OpenReport(
        recovered=True,
        kept=paths.set_aside / said["kept"],
        restored_from=paths.backups / restored if restored else None,
        missing=tuple(said["missing"]),
    )


def _finished_folder(folder: Path) -> Path:
    final = folder.with_suffix("")
    folder.rename(final)
    files.sync_folder(final.parent)
    return final


def _new(paths: DataPaths) -> Path:
    return files.companion(paths.database, ".new")


def _note(paths: DataPaths) -> Path:
    return files.companion(paths.database, ".replace")
