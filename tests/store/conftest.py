"""What the tests of the storage share."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from core.paths import DataPaths
from core.store import Store, verify
from core.store.engine import plain_connection
from testing import faults, writing
from tests.store.original import Original, fill, rows_of


@pytest.fixture
def store(data_paths: DataPaths) -> Iterator[Store]:
    """An open storage with the workload's room."""
    opened = Store.open(data_paths)
    opened.write(writing.ensure_room)
    yield opened
    opened.close()


@pytest.fixture(scope="session")
def nursery() -> Iterator[faults.Nursery]:
    if reason := faults.why_not():
        pytest.skip(reason)
    with faults.Nursery() as started:
        yield started


Check = Callable[[Path, list[str]], int]


@pytest.fixture
def survived() -> Check:
    """Checks a folder after a kill or a power cut against the ledger; how many lines it holds."""

    def check(root: Path, ledger: list[str]) -> int:
        store = Store.open(DataPaths(root))
        try:
            assert store.report.recovered is False, store.report
            store.write(writing.ensure_room)
            lines = writing.stored(store)
        finally:
            store.close()
        connection = plain_connection(DataPaths(root).database, writable=True)
        assert verify.damage(connection) is None
        connection.close()
        assert [seq for seq, _id, _content in lines] == list(range(1, len(lines) + 1))
        assert all(content == identity * 8 for _seq, identity, content in lines)
        lost = set(ledger) - {identity for _seq, identity, _content in lines}
        assert not lost, f"{len(lost)} acknowledged lines are lost"
        return len(lines)

    return check


@pytest.fixture(scope="session")
def original(tmp_path_factory: pytest.TempPathFactory) -> Original:
    root = tmp_path_factory.mktemp("original") / "data"
    paths = DataPaths(root)
    store = Store.open(paths)
    fill(store)
    rows = rows_of(store)
    store.close()
    shutil.rmtree(paths.backups)
    return Original(root, paths.database.read_bytes(), rows)
