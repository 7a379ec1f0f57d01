"""A machine is read without exceptions, whoever of those asked is away, and unknown is `None`."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from core.hardware.host import HostReader
from core.hardware.reader import MachineReader
from core.hardware.snapshot import Residency, Resident
from testing.nvml import CARD, Script
from tests.hardware.test_nvml import SET_UP, UNKNOWN

BEHIND = {
    "nvmlDeviceGetMemoryInfo",
    "nvmlDeviceGetTemperature",
    "nvmlDeviceGetCurrentClocksThrottleReasons",
}


def settled(true: Callable[[], bool]) -> None:
    end = time.monotonic() + 30
    while not true():
        assert time.monotonic() < end
        time.sleep(0.05)


def test_the_host_is_always_there(tmp_path: Path) -> None:
    seen = HostReader(tmp_path).read()
    assert 0 < seen.memory_used_bytes < seen.memory_total_bytes
    assert seen.disk_free_bytes
    assert seen.process_memory_bytes
    assert seen.process_threads


def test_a_share_of_no_time_is_unknown(tmp_path: Path) -> None:
    reader = HostReader(tmp_path)
    assert reader.read().cpu_percent is None
    assert reader.read().process_cpu_percent is None


def test_own_work_is_seen_as_load(tmp_path: Path) -> None:
    reader = HostReader(tmp_path)
    began, end = time.monotonic(), time.process_time() + 0.3
    while time.process_time() < end:
        sum(range(1000))
    seen = reader.read()
    assert seen.cpu_percent is not None
    assert 0 < seen.cpu_percent <= 100
    assert seen.process_cpu_percent is not None
    expected = 100 * 0.3 / (time.monotonic() - began)  # others may have the processor, too
    assert seen.process_cpu_percent > expected / 2


def test_a_folder_that_is_gone_has_no_disk(tmp_path: Path) -> None:
    seen = HostReader(tmp_path / "away").read()
    assert (seen.disk_free_bytes, seen.disk_total_bytes) == (None, None)


def test_own_models_are_weighed(tmp_path: Path) -> None:
    mine = Resident("starter", pid=os.getpid())
    told = Resident("ollama:tiny", memory_bytes=10, vram_bytes=20)
    reader = MachineReader(tmp_path, lambda: Residency((mine, told)))
    starter, tiny = reader.read(limit_s=5).models
    reader.close(1)
    assert starter.memory_bytes
    assert starter.memory_bytes > 1_000_000
    assert starter.vram_bytes is None
    assert tiny == told


def test_servers_that_hang_leave_the_last_answer_and_one_thread(tmp_path: Path) -> None:
    hold, asked = threading.Event(), []

    def residency() -> Residency:
        asked.append(1)
        if len(asked) > 1:
            hold.wait(20)
        return Residency((Resident("ollama:tiny"),))

    reader = MachineReader(tmp_path, residency)
    assert not reader.read(limit_s=5).models_stale
    threads = threading.active_count()
    for _number in range(5):
        began = time.monotonic()
        seen = reader.read(limit_s=0.05)
        assert time.monotonic() - began < 1
        assert seen.models_stale
        assert [model.ref for model in seen.models] == ["ollama:tiny"]
    assert len(asked) == 2
    assert threading.active_count() == threads
    hold.set()
    settled(lambda: not reader.read(limit_s=5).models_stale)
    assert len(asked) == 3  # what could not be asked meanwhile is not made up for
    reader.close(1)


def test_a_question_that_fails_is_stale_not_fatal(tmp_path: Path) -> None:
    def residency() -> Residency:
        raise RuntimeError("broken")

    reader = MachineReader(tmp_path, residency)
    assert reader.read(limit_s=5).models_stale
    assert reader.read(limit_s=5).models == ()
    reader.close(1)


def test_a_driver_that_hangs_leaves_the_last_numbers_and_one_thread(
    tmp_path: Path, script: Script
) -> None:
    reader = MachineReader(tmp_path)
    before = reader.read(limit_s=5)
    assert (before.gpus_stale, before.gpu_problem) == (False, None)
    script.write(CARD, "hang nvmlDeviceGetMemoryInfo_v2")
    threads = threading.active_count()
    for _number in range(4):
        began = time.monotonic()
        seen = reader.read(limit_s=0.1)
        assert time.monotonic() - began < 1
        assert (seen.gpus_stale, seen.gpu_problem) == (True, "silent")
        assert (seen.gpus, seen.gpus_at) == (before.gpus, before.gpus_at)
        assert seen.at > before.at
    assert threading.active_count() == threads
    began = time.monotonic()
    reader.close(0.1)
    assert time.monotonic() - began < 1
    script.write(CARD)


def test_a_driver_that_answers_again_is_believed_again(tmp_path: Path, script: Script) -> None:
    reader = MachineReader(tmp_path)
    script.write(CARD, "hang nvmlInitWithFlags")
    assert reader.read(limit_s=0.1).gpu_problem == "silent"
    script.write(CARD)
    settled(lambda: not reader.read(limit_s=5).gpus_stale)
    assert len(reader.read(limit_s=5).gpus) == 1
    reader.close(1)


@pytest.mark.parametrize("call", [*UNKNOWN, *SET_UP])
def test_whatever_call_hangs_the_host_is_told_at_once(
    tmp_path: Path, script: Script, call: str
) -> None:
    script.write(CARD, f"hang {call}")
    reader = MachineReader(tmp_path)
    began = time.monotonic()
    seen = reader.read(limit_s=0.05)
    hung = seen.gpus_stale
    assert seen.memory_total_bytes
    assert time.monotonic() - began < 1
    script.write(CARD)  # the call comes back
    settled(lambda: not reader.read(limit_s=1).gpus_stale)
    # A few calls are asked only when another one has failed: those never hang.
    assert hung or call in BEHIND
    reader.close(5)
