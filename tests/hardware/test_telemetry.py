"""One sampler for everybody: what it sees, how quickly that is read, and what stays of it."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from core.hardware import Residency, Resident, Telemetry
from core.paths import DataPaths
from core.store import Store
from testing.nvml import CARD, Script

LIMIT_S = 30


@pytest.fixture
def store(data_paths: DataPaths) -> Iterator[Store]:
    opened = Store.open(data_paths)
    yield opened
    opened.close()


def until(true: Callable[[], object]) -> None:
    end = time.monotonic() + LIMIT_S
    while not true():
        assert time.monotonic() < end
        time.sleep(0.02)


def test_without_a_sampler_the_machine_is_read_when_asked(store: Store, tmp_path: Path) -> None:
    telemetry = Telemetry(store, tmp_path)
    first, second = telemetry.latest(), telemetry.latest()
    assert second.at > first.at
    assert telemetry.settled().cpu_percent is not None
    telemetry.close()


def test_a_sampler_reads_for_all(store: Store, tmp_path: Path, script: Script) -> None:
    telemetry = Telemetry(store, tmp_path)
    before = threading.active_count()
    telemetry.start(period_s=0.05)
    until(lambda: telemetry.latest().gpus and len(telemetry.history(60, 60).points))
    seen = telemetry.latest()
    assert seen.gpus[0].temperature_celsius == 61
    until(lambda: telemetry.latest().at > seen.at)
    assert threading.active_count() <= before + 3  # the sampler, and those asked
    telemetry.close()
    assert not [one.name for one in threading.enumerate() if one.name == "hardware-sampler"]


def test_reading_a_snapshot_takes_microseconds(store: Store, tmp_path: Path) -> None:
    telemetry = Telemetry(store, tmp_path)
    telemetry.start(period_s=60)
    until(lambda: telemetry._latest)
    began = time.process_time()
    for _number in range(10_000):
        telemetry.latest()
    assert (time.process_time() - began) / 10_000 < 50e-6
    telemetry.close()


def test_a_hanging_driver_stops_neither_host_nor_screen(
    store: Store, tmp_path: Path, script: Script
) -> None:
    telemetry = Telemetry(store, tmp_path)
    telemetry.start(period_s=0.1)
    until(lambda: telemetry.latest().gpus)
    script.write(CARD, "hang nvmlDeviceGetPowerUsage")
    until(lambda: telemetry.latest().gpus_stale)
    stale = telemetry.latest()
    assert stale.gpus[0].memory_used_bytes == 2_900_000_000
    until(lambda: [event.kind for event in telemetry.events()] == ["gpu_silent"])
    assert telemetry.latest().at > stale.at
    assert telemetry.latest().gpus_at == stale.gpus_at
    script.write(CARD)
    until(lambda: not telemetry.latest().gpus_stale)
    until(lambda: [event.kind for event in telemetry.events()] == ["gpu_answers", "gpu_silent"])
    telemetry.close()


def test_what_happens_is_kept(store: Store, tmp_path: Path) -> None:
    there: list[Resident] = []
    telemetry = Telemetry(store, tmp_path, lambda: Residency(tuple(there)))
    telemetry.start(period_s=0.05)
    until(lambda: telemetry.latest() is telemetry._latest)
    there.append(Resident("ollama:tiny", vram_bytes=3))
    until(lambda: len(telemetry.events()) == 1)
    there.clear()
    until(lambda: len(telemetry.events()) == 2)
    telemetry.close()
    assert [event.kind for event in telemetry.events()] == ["model_unloaded", "model_loaded"]


def test_all_who_ask_share_one_answer(store: Store, tmp_path: Path) -> None:
    telemetry = Telemetry(store, tmp_path)
    telemetry.start(period_s=0.05)
    until(lambda: telemetry.history(300).points)
    long = telemetry.history(86_400)
    assert telemetry.history(86_400) is long
    assert long.step_s == 300
    assert telemetry.history(300, 300).step_s == 1
    assert telemetry.history(3_600, 300).step_s == 12
    telemetry.close()


def test_the_history_outlives_the_app(store: Store, tmp_path: Path) -> None:
    telemetry = Telemetry(store, tmp_path)
    telemetry.start(period_s=0.05)
    until(lambda: telemetry.history(60, 60).points)
    telemetry.close()
    store.write(lambda _connection: None)
    assert Telemetry(store, tmp_path).history(60, 60).points
