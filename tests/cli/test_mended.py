"""A command that mends a damaged database says so, and still does what it was asked."""

from __future__ import annotations

from core.paths import DataPaths
from core.settings import load_settings
from tests.cli.conftest import Run


def _damaged(run: Run) -> DataPaths:
    run("rooms", "create", "Tea")
    paths = load_settings().paths
    with paths.database.open("r+b") as file:
        file.write(b"not a database")
    for backup in paths.backups.glob("*.db"):
        backup.unlink()
    return paths


def test_it_is_said_once_on_standard_error(run: Run) -> None:
    paths = _damaged(run)
    listed = run("rooms", "list", "--json")
    assert listed.code == 0
    assert listed.json["rooms"]
    (line,) = listed.err.splitlines()
    (kept,) = paths.set_aside.iterdir()
    assert line.startswith("warning: The database was damaged and has been repaired.")
    assert f"kept in {kept}." in line
    assert line.endswith("Nothing is missing.")
    assert run("rooms", "list").err == ""


def test_it_says_how_much_is_missing(run: Run) -> None:
    paths = _damaged(run)
    paths.database.write_bytes(bytes(paths.database.stat().st_size))
    err = run("rooms", "list").err
    assert "Missing: everything: nothing in the file could be read." in err
    assert err.count("\n") == 1
