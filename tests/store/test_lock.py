"""One app per data folder (FAULTS.md 26)."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from core.errors import DataFolderInUse
from core.paths import DataPaths
from core.store import LockHolder, Store, holder

HOLD = """
import sys, time
from pathlib import Path
from core.paths import DataPaths
from core.store import Store
store = Store.open(DataPaths(Path(sys.argv[1])), port=8765)
print("open", flush=True)
time.sleep(60)
"""


@contextmanager
def another_app(paths: DataPaths) -> Iterator[subprocess.Popen[str]]:
    command = [sys.executable, "-c", HOLD, str(paths.root)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "open\n"
        yield process
        process.kill()


def test_a_second_app_is_refused_within_two_seconds_naming_the_first(
    data_paths: DataPaths,
) -> None:
    with another_app(data_paths) as process:
        started = time.perf_counter()
        with pytest.raises(DataFolderInUse) as refused:
            Store.open(data_paths)
        assert time.perf_counter() - started < 2
        assert refused.value.params["pid"] == process.pid
        assert str(process.pid) in str(refused.value)
        assert holder(data_paths) == LockHolder(process.pid, 8765)
    Store.open(data_paths).close()


def test_a_killed_app_leaves_no_obstacle(data_paths: DataPaths) -> None:
    with another_app(data_paths) as process:
        os.kill(process.pid, signal.SIGKILL)
        process.wait()
        assert data_paths.lock.exists()
        assert holder(data_paths) is None
        started = time.perf_counter()
        Store.open(data_paths).close()
        assert time.perf_counter() - started < 2


def test_the_same_process_cannot_open_twice_either(data_paths: DataPaths) -> None:
    store = Store.open(data_paths)
    with pytest.raises(DataFolderInUse):
        Store.open(data_paths)
    assert holder(data_paths) == LockHolder(os.getpid(), None)
    store.close()
    assert holder(data_paths) is None


def test_nobody_holds_a_folder_that_is_not_there(tmp_path: object) -> None:
    assert holder(DataPaths(tmp_path / "nowhere")) is None  # type: ignore[operator]


def test_asking_does_not_take_the_lock_away(data_paths: DataPaths) -> None:
    store = Store.open(data_paths)
    for _ in range(3):
        assert holder(data_paths) is not None
    with pytest.raises(DataFolderInUse):
        Store.open(data_paths)
    store.close()


def test_a_failed_start_frees_the_folder(
    data_paths: DataPaths, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("core.store.store.repair.mend", lambda _paths: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        Store.open(data_paths)
    assert holder(data_paths) is None
