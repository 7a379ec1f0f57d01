"""Whatever NVIDIA's library answers, there is no exception, and unknown is never 0.

(FAULTS.md 61 and 62: absent or mismatched; every code from every call.)
"""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import asdict, replace
from pathlib import Path

import pynvml
import pytest

from core.hardware.nvml import AGAIN_S, LATER_S, CardReader
from core.hardware.snapshot import Gpu, GpuProcess
from core.paths import PROJECT
from testing.nvml import CARD, NAME, SIZE_UNKNOWN, Script

CODES = sorted(
    {value for name, value in vars(pynvml).items() if name.startswith("NVML_ERROR_")} | {4711}
)
GONE = {1, 15, 16, 28}  # after these the card is lost
PLAIN = [code for code in CODES if code not in GONE]
# What is unknown when just one call fails. Three have an older call behind them.
UNKNOWN = {
    "nvmlDeviceGetName": {"name"},
    "nvmlDeviceGetUUID": {"uuid"},
    "nvmlDeviceGetMemoryInfo": set(),
    "nvmlDeviceGetMemoryInfo_v2": {"memory_reserved_bytes"},
    "nvmlDeviceGetUtilizationRates": {"utilization_percent", "memory_utilization_percent"},
    "nvmlDeviceGetTemperature": set(),
    "nvmlDeviceGetTemperatureV": set(),
    "nvmlDeviceGetPowerUsage": {"power_watts"},
    "nvmlDeviceGetEnforcedPowerLimit": {"power_limit_watts"},
    "nvmlDeviceGetClockInfo": {"graphics_clock_mhz", "memory_clock_mhz"},
    "nvmlDeviceGetCurrentClocksEventReasons": set(),
    "nvmlDeviceGetCurrentClocksThrottleReasons": set(),
    "nvmlDeviceGetCurrPcieLinkGeneration": {"pcie_generation"},
    "nvmlDeviceGetCurrPcieLinkWidth": {"pcie_lanes"},
    "nvmlDeviceGetPcieThroughput": {"pcie_sent_bytes_per_s", "pcie_received_bytes_per_s"},
    "nvmlDeviceGetComputeRunningProcesses_v3": set(),  # those that draw are told still
    "nvmlDeviceGetGraphicsRunningProcesses_v3": set(),
}
SET_UP = ("nvmlInitWithFlags", "nvmlDeviceGetCount_v2", "nvmlDeviceGetHandleByIndex_v2")


class Clock:
    """Time that passes when it is told to."""

    now = 0.0

    def __call__(self) -> float:
        return self.now


def fresh() -> Gpu:
    """What a new reader sees of the only card."""
    (gpu,) = CardReader().read().gpus
    return gpu


def assert_nothing_invented(seen: Gpu, healthy: Gpu) -> None:
    """Each number is the true one or unknown."""
    truth = asdict(healthy)
    for name, value in asdict(seen).items():
        assert name == "lost" or value is None or value == truth[name], name


def test_a_healthy_card_tells_everything(script: Script) -> None:
    seen = fresh()
    assert seen == Gpu(
        index=0,
        uuid="GPU-5e9c0000-1111-2222-3333-444455556666",
        name="NVIDIA GeForce RTX 4050 Laptop GPU",
        memory_used_bytes=2_900_000_000,
        memory_free_bytes=3_212_450_944,
        memory_reserved_bytes=330_000_000,
        memory_total_bytes=6_442_450_944,
        utilization_percent=37,
        memory_utilization_percent=21,
        temperature_celsius=61,
        power_watts=45.2,
        power_limit_watts=80.0,
        graphics_clock_mhz=1800,
        memory_clock_mhz=8001,
        throttle_reasons=("sw_power_cap",),
        pcie_generation=4,
        pcie_lanes=8,
        pcie_sent_bytes_per_s=120_000_000,
        pcie_received_bytes_per_s=90_000_000,
        processes=(),
    )


@pytest.mark.parametrize("call", UNKNOWN)
def test_every_code_makes_its_own_number_unknown(script: Script, call: str) -> None:
    healthy = fresh()
    for code in PLAIN:
        script.write(CARD, f"fail {call} {code}")
        expected = replace(healthy, **dict.fromkeys(UNKNOWN[call]))
        if call == "nvmlDeviceGetMemoryInfo_v2":  # the older call counts the reserved part as used
            expected = replace(expected, memory_used_bytes=3_230_000_000)
        assert fresh() == expected, code


@pytest.mark.parametrize("call", [name for name in UNKNOWN if UNKNOWN[name]])
def test_every_code_of_a_lost_card_is_noticed(script: Script, call: str) -> None:
    for code in GONE:
        script.write(CARD, f"fail {call} {code}")
        seen = fresh()
        assert seen.lost, code
        assert asdict(seen) == asdict(Gpu(0, name=seen.name, lost=True))


@pytest.mark.parametrize("call", SET_UP)
def test_every_code_while_setting_up(script: Script, call: str) -> None:
    healthy = fresh()
    for code in CODES:
        script.write(CARD, f"fail {call} {code}")
        found = CardReader().read()
        assert bool(found.problem) == (not found.gpus), code
        for gpu in found.gpus:
            assert_nothing_invented(gpu, healthy)
            assert gpu.memory_total_bytes is None


def test_every_code_from_all_calls_at_once_and_in_the_middle(script: Script) -> None:
    healthy = fresh()
    for code in CODES:
        script.write(CARD)
        reader = CardReader()
        reader.read()
        script.write(CARD, f"fail * {code}")
        for _reading in range(2):
            for gpu in reader.read().gpus:
                assert_nothing_invented(gpu, healthy)
                assert gpu.utilization_percent is None
                assert gpu.processes is None


def test_both_kinds_of_programs_unknown(script: Script) -> None:
    kinds = [name for name in UNKNOWN if "RunningProcesses" in name]
    script.write(CARD, *(f"fail {kind} 3" for kind in kinds))
    assert fresh().processes is None


def test_programs_and_their_memory(script: Script) -> None:
    script.write(CARD, f"process {os.getpid()} 2600000000", f"process 999999999 {SIZE_UNKNOWN}")
    mine, strange = fresh().processes or ()
    assert (mine.pid, mine.memory_bytes) == (os.getpid(), 2_600_000_000)
    assert mine.name
    assert strange == GpuProcess(999_999_999, None, None)


def test_two_cards_and_none(script: Script) -> None:
    script.write(CARD, CARD.replace("4050", "4060"), "temperature 70")
    assert [gpu.temperature_celsius for gpu in CardReader().read().gpus] == [61, 70]
    script.write("")
    assert (CardReader().read().gpus, CardReader().read().problem) == ((), "absent")


@pytest.mark.parametrize(
    ("code", "problem"),
    [(12, "absent"), (9, "absent"), (18, "mismatched"), (4, "forbidden"), (999, "failed")],
)
def test_why_there_is_no_card(script: Script, code: int, problem: str) -> None:
    script.write(CARD, f"fail nvmlInitWithFlags {code}")
    assert CardReader().read().problem == problem


def test_a_driver_that_comes_later_is_found(script: Script) -> None:
    clock = Clock()
    reader = CardReader(clock)
    script.write(CARD, "fail nvmlInitWithFlags 9")
    assert reader.read().problem == "absent"
    script.write(CARD)
    clock.now += LATER_S - 1
    assert reader.read().gpus == ()
    clock.now += 1
    assert reader.read().gpus[0].memory_total_bytes


def test_a_lost_card_keeps_its_name_and_comes_back(script: Script) -> None:
    clock = Clock()
    reader = CardReader(clock)
    healthy = reader.read().gpus[0]
    fallen = "fail nvmlDeviceGetPowerUsage 15"
    for failure in (fallen, f"{fallen}\nfail nvmlInitWithFlags 9", "fail * 15"):
        clock.now += LATER_S
        script.write(CARD, failure)
        reader.read()
        (gone,) = reader.read().gpus
        assert gone == Gpu(0, name=healthy.name, lost=True), failure
        script.write(CARD)
        clock.now += max(AGAIN_S, LATER_S)
        assert reader.read().gpus == (healthy,), failure


def test_a_machine_without_the_library(tmp_path: Path) -> None:
    """In a process of its own: this one may have the stand-in loaded."""
    (tmp_path / NAME).write_text("no library at all")
    code = "from core.hardware.nvml import CardReader; print(CardReader().read())"
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=PROJECT,
        env={**os.environ, "LD_LIBRARY_PATH": str(tmp_path)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.strip() == "Cards(gpus=(), problem='absent')"


@pytest.mark.gpu
def test_a_real_card_tells_its_memory() -> None:
    (card, *_others) = CardReader().read().gpus
    assert card.memory_total_bytes
    assert card.memory_used_bytes is not None
    assert card.temperature_celsius
