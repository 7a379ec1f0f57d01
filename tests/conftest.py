"""No test can touch the user's data or leave this machine."""

from __future__ import annotations

import ipaddress
import os
import socket
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from core.paths import DataPaths
from core.settings import load_settings
from core.workbench import Workbench, set_current
from testing import nvml
from testing.scripted_model import ScriptedProvider

# What the tests start keeps its bytecode, as with a user: half a second of every process.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
sys.dont_write_bytecode = False

ADDRESS_FAMILIES = (socket.AF_INET, socket.AF_INET6)


@pytest.fixture(autouse=True)
def _own_data_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ENGAWA_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.delenv("ENGAWA_LANG", raising=False)
    # Nothing listens here: a test that wants a model server starts one and names it.
    monkeypatch.setenv("ENGAWA_OLLAMA_URL", "http://127.0.0.1:9")
    # No room loads the sentence encoder by itself: it takes seconds and 700 MB.
    monkeypatch.setenv("ENGAWA_ROOMS__DAMPER", "words")


@pytest.fixture(autouse=True)
def _loopback_only(monkeypatch: pytest.MonkeyPatch) -> None:
    real = socket.socket.connect

    def connect(self: socket.socket, address: Any) -> None:
        if self.family in ADDRESS_FAMILIES and not _is_loopback(address[0]):
            raise AssertionError(f"a test tried to reach {address[0]}")
        real(self, address)

    monkeypatch.setattr(socket.socket, "connect", connect)


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


@pytest.fixture
def data_paths(tmp_path: Path) -> DataPaths:
    """The layout of an empty, prepared data folder."""
    paths = DataPaths(tmp_path / "data")
    paths.prepare()
    return paths


OpenWorkbench = Callable[..., Workbench]


@pytest.fixture
def open_workbench(data_paths: DataPaths) -> Iterator[OpenWorkbench]:
    """Opens workbenches on this test's data folder; closes them at its end."""
    opened: list[Workbench] = []

    def open_one(*providers: ScriptedProvider, **settings: Any) -> Workbench:
        chosen = load_settings(data_dir=data_paths.root, **settings)
        bench = Workbench.open(chosen, providers=providers or (ScriptedProvider(),))
        opened.append(bench)
        set_current(bench)
        return bench

    yield open_one
    set_current(None)
    for bench in opened:
        bench.close()


@pytest.fixture
def workbench(open_workbench: OpenWorkbench) -> Workbench:
    """An open workbench whose only model is a scripted one in the starter's place."""
    return open_workbench()


@pytest.fixture
def script(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> nvml.Script:
    """One healthy NVIDIA card, scripted. In other tests the loaded stand-in has no driver."""
    reason = nvml.why_not()
    if reason:
        pytest.skip(reason)
    nvml.load(nvml.build())
    found = nvml.Script(tmp_path / "gpu.txt")
    found.write(nvml.CARD)
    monkeypatch.setenv(nvml.VARIABLE, str(found.path))
    return found
