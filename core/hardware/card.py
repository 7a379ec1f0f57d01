"""All questions to one NVIDIA card."""

from __future__ import annotations

from typing import Any

import psutil

from core.hardware.host import known
from core.hardware.snapshot import Gpu, GpuProcess

# NVML's codes: uninitialized, the card is lost, it needs a reset, no such card.
_GONE = frozenset({1, 15, 16, 28})
_THROTTLE = (  # nvidia-smi's names, by bit
    "gpu_idle",
    "applications_clocks_setting",
    "sw_power_cap",
    "hw_slowdown",
    "sync_boost",
    "sw_thermal_slowdown",
    "hw_thermal_slowdown",
    "hw_power_brake_slowdown",
    "display_clocks_setting",
)
_SLOW_EVERY = 5  # readings: the driver measures PCIe traffic for 20 ms, twice


class Card:
    """One card with its handle and what never changes about it. For one thread.

    `name` is what the card was called before, for one that does not answer.
    """

    def __init__(self, nvml: Any, index: int, name: str | None = None) -> None:
        self.lost = False
        self._nvml, self._index = nvml, index
        self._fixed: dict[str, Any] = {"nvmlDeviceGetName": name} if name else {}
        self._traffic: tuple[int | None, int | None] = (None, None)
        self._readings = 0
        self._names: dict[int, str | None] = {}
        self._handle = self._call("nvmlDeviceGetHandleByIndex", index)

    @property
    def away(self) -> bool:
        """Whether nothing more can be asked through this handle."""
        return self.lost or self._handle is None

    def read(self) -> Gpu:
        """Every answer it gives; nothing but index and name of one that is lost."""
        found = self._read() if self._handle is not None else None
        self._readings += 1
        if found is None or self.lost:
            name = self._fixed.get("nvmlDeviceGetName")
            return Gpu(index=self._index, name=name, lost=self.lost)
        return found

    def _read(self) -> Gpu:
        nvml, ask = self._nvml, self._ask
        memory = ask("nvmlDeviceGetMemoryInfo", nvml.nvmlMemory_v2)
        memory = memory or ask("nvmlDeviceGetMemoryInfo")  # drivers before 510: nothing reserved
        busy = ask("nvmlDeviceGetUtilizationRates")
        milliwatts = ask("nvmlDeviceGetPowerUsage")
        limit = self._kept("nvmlDeviceGetEnforcedPowerLimit")
        sent, received = self._pcie_traffic()
        return Gpu(
            index=self._index,
            uuid=self._kept("nvmlDeviceGetUUID"),
            name=self._kept("nvmlDeviceGetName"),
            memory_used_bytes=memory.used if memory else None,
            memory_free_bytes=memory.free if memory else None,
            memory_reserved_bytes=getattr(memory, "reserved", None),
            memory_total_bytes=memory.total if memory else None,
            utilization_percent=busy.gpu if busy else None,
            memory_utilization_percent=busy.memory if busy else None,
            temperature_celsius=self._temperature(),
            power_watts=milliwatts / 1000 if milliwatts is not None else None,
            power_limit_watts=limit / 1000 if limit is not None else None,
            graphics_clock_mhz=ask("nvmlDeviceGetClockInfo", nvml.NVML_CLOCK_GRAPHICS),
            memory_clock_mhz=ask("nvmlDeviceGetClockInfo", nvml.NVML_CLOCK_MEM),
            throttle_reasons=self._throttling(),
            pcie_generation=ask("nvmlDeviceGetCurrPcieLinkGeneration"),
            pcie_lanes=ask("nvmlDeviceGetCurrPcieLinkWidth"),
            pcie_sent_bytes_per_s=sent,
            pcie_received_bytes_per_s=received,
            processes=self._processes(),
        )

    def _temperature(self) -> int | None:
        sensor = self._nvml.NVML_TEMPERATURE_GPU
        found: int | None = self._ask("nvmlDeviceGetTemperatureV", sensor)
        return self._ask("nvmlDeviceGetTemperature", sensor) if found is None else found

    def _throttling(self) -> tuple[str, ...] | None:
        bits = self._ask("nvmlDeviceGetCurrentClocksEventReasons")
        if bits is None:  # its name before driver 535
            bits = self._ask("nvmlDeviceGetCurrentClocksThrottleReasons")
        if bits is None:
            return None
        return tuple(name for bit, name in enumerate(_THROTTLE) if bits >> bit & 1)

    def _pcie_traffic(self) -> tuple[int | None, int | None]:
        if self._readings % _SLOW_EVERY == 0:
            self._traffic = (
                self._kilobytes(self._nvml.NVML_PCIE_UTIL_TX_BYTES),
                self._kilobytes(self._nvml.NVML_PCIE_UTIL_RX_BYTES),
            )
        return self._traffic

    def _kilobytes(self, counter: int) -> int | None:
        found: int | None = self._ask("nvmlDeviceGetPcieThroughput", counter)
        return None if found is None else found * 1000

    def _processes(self) -> tuple[GpuProcess, ...] | None:
        """Programs that compute, and with them those that draw; unknown when neither is told."""
        kinds = ("nvmlDeviceGetComputeRunningProcesses", "nvmlDeviceGetGraphicsRunningProcesses")
        told = [answer for kind in kinds if (answer := self._ask(kind)) is not None]
        if not told:
            return None
        sizes = {one.pid: one.usedGpuMemory for answer in told for one in answer}
        self._names = {pid: self._names.get(pid) or _name_of(pid) for pid in sizes}
        return tuple(GpuProcess(pid, self._names[pid], size) for pid, size in sizes.items())

    def _kept(self, question: str) -> Any:
        if question not in self._fixed:
            answer = self._ask(question)
            if answer is None:
                return None
            self._fixed[question] = answer
        return self._fixed[question]

    def _ask(self, question: str, *arguments: Any) -> Any:
        return None if self.lost else self._call(question, self._handle, *arguments)

    def _call(self, question: str, *arguments: Any) -> Any:
        try:
            return getattr(self._nvml, question)(*arguments)
        except Exception as error:  # any code, a missing function, a name that is no UTF-8
            self.lost = self.lost or getattr(error, "value", None) in _GONE
            return None


def _name_of(pid: int) -> str | None:
    return known(lambda: psutil.Process(pid).name())
