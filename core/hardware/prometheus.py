"""A snapshot of the machine as Prometheus shows it.

Cards have the names that nvitop's exporter uses, so that its Grafana board (22589) draws them;
its units (MiB, percent) are part of those names. Ours begin with `engawa_` and are in base units.
What is unknown has no sample.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from socket import gethostname
from typing import TYPE_CHECKING

import psutil

from core.hardware.host import known
from core.hardware.snapshot import Gpu, Resident, Snapshot

if TYPE_CHECKING:
    from prometheus_client import Metric

MIB = 1 << 20
_CARD_LABELS = ("hostname", "index", "devicename", "uuid")
_PROCESS_LABELS = (*_CARD_LABELS, "pid", "username")

Sample = tuple[tuple[str, ...], float | None]

HOST = {
    "engawa_host_cpu_ratio": "Share of all cores in use.",
    "engawa_host_memory_used_bytes": "Memory in use.",
    "engawa_host_memory_total_bytes": "Memory of the machine.",
    "engawa_host_swap_used_bytes": "Swap in use.",
    "engawa_disk_free_bytes": "Free space where the data folder lies.",
    "engawa_disk_total_bytes": "All space where the data folder lies.",
}
NVITOP_HOST = {
    "host_cpu_percent_Percentage": "Host CPU percent.",
    "host_virtual_memory_total_MiB": "Host memory.",
    "host_virtual_memory_used_MiB": "Host memory in use.",
    "host_virtual_memory_free_MiB": "Host memory that is free.",
    "host_virtual_memory_percent_Percentage": "Host memory in use, percent.",
    "host_swap_memory_total_MiB": "Host swap.",
    "host_swap_memory_used_MiB": "Host swap in use.",
}
NVITOP_CARD = {
    "gpu_utilization_Percentage": "GPU utilization.",
    "gpu_memory_utilization_Percentage": "Share of time in which GPU memory was moved.",
    "gpu_memory_total_MiB": "GPU memory.",
    "gpu_memory_used_MiB": "GPU memory in use.",
    "gpu_memory_free_MiB": "GPU memory that is free.",
    "gpu_memory_percent_Percentage": "GPU memory in use, percent.",
    "gpu_clock_graphics_MHz": "GPU graphics clock.",
    "gpu_clock_memory_MHz": "GPU memory clock.",
    "gpu_power_usage_W": "GPU power.",
    "gpu_power_limit_W": "GPU power limit.",
    "gpu_temperature_C": "GPU temperature.",
    "gpu_pcie_tx_throughput_MiBps": "Sent over PCIe.",
    "gpu_pcie_rx_throughput_MiBps": "Received over PCIe.",
}


def families(snapshot: Snapshot) -> Iterator[Metric]:
    """All samples of one reading; those of cards that were not read anew are left out."""
    name = gethostname()
    host = _host(snapshot)
    yield from (_gauge(one, text, (), [((), host[one])]) for one, text in HOST.items())
    nvitop = _nvitop_host(snapshot)
    for one, text in NVITOP_HOST.items():
        yield _gauge(one, text, ("hostname",), [((name,), nvitop[one])])
    cards = () if snapshot.gpus_stale else snapshot.gpus
    numbers = [(_labels(name, gpu), _card(gpu)) for gpu in cards]
    for one, text in NVITOP_CARD.items():
        samples = [(labels, found[one]) for labels, found in numbers]
        yield _gauge(one, text, _CARD_LABELS, samples)
    programs = list(_programs(name, cards))
    yield _gauge("process_gpu_memory_MiB", "GPU memory of a program.", _PROCESS_LABELS, programs)
    yield from _own(snapshot)


def _own(snapshot: Snapshot) -> Iterator[Metric]:
    lost = [((str(gpu.index),), float(gpu.lost)) for gpu in snapshot.gpus]
    yield _gauge("engawa_gpu_lost", "1: the card does not answer any more.", ("index",), lost)
    stale = [((), float(snapshot.gpus_stale))]
    yield _gauge("engawa_gpu_stale", "1: the graphics driver does not answer.", (), stale)
    slowed = [
        ((str(gpu.index), reason), 1.0)
        for gpu in snapshot.gpus
        for reason in gpu.throttle_reasons or ()
    ]
    text = "1: why the card runs slower, as nvidia-smi names it."
    yield _gauge("engawa_gpu_throttled", text, ("index", "reason"), slowed)
    read = [((), snapshot.at)]
    yield _gauge("engawa_snapshot_timestamp_seconds", "When the machine was read.", (), read)
    text = "Memory of a resident model."
    models = [one for model in snapshot.models for one in _model(model)]
    yield _gauge("engawa_model_memory_bytes", text, ("model", "place"), models)
    text = "The adapters' share of a resident model's memory."
    adapters = [one for model in snapshot.models for one in _adapters(model)]
    yield _gauge("engawa_adapters_memory_bytes", text, ("model", "place"), adapters)


def _model(model: Resident) -> Iterator[Sample]:
    yield (model.ref, "host"), model.memory_bytes
    yield (model.ref, "gpu"), model.vram_bytes


def _adapters(model: Resident) -> Iterator[Sample]:
    yield (model.ref, "host"), model.adapters_bytes
    yield (model.ref, "gpu"), model.adapters_vram_bytes


def _host(now: Snapshot) -> Mapping[str, float | None]:
    numbers = (
        *(_scaled(now.cpu_percent, 100), now.memory_used_bytes, now.memory_total_bytes),
        *(now.swap_used_bytes, now.disk_free_bytes, now.disk_total_bytes),
    )
    return dict(zip(HOST, numbers, strict=True))


def _nvitop_host(now: Snapshot) -> Mapping[str, float | None]:
    used, total = now.memory_used_bytes, now.memory_total_bytes
    numbers = (
        *(now.cpu_percent, total / MIB, used / MIB, (total - used) / MIB, 100 * used / total),
        *(_scaled(now.swap_total_bytes, MIB), _scaled(now.swap_used_bytes, MIB)),
    )
    return dict(zip(NVITOP_HOST, numbers, strict=True))


def _card(gpu: Gpu) -> Mapping[str, float | None]:
    used, total = gpu.memory_used_bytes, gpu.memory_total_bytes
    share = 100 * used / total if used is not None and total else None
    numbers = (
        *(gpu.utilization_percent, gpu.memory_utilization_percent),
        *(_scaled(total, MIB), _scaled(used, MIB), _scaled(gpu.memory_free_bytes, MIB), share),
        *(gpu.graphics_clock_mhz, gpu.memory_clock_mhz, gpu.power_watts, gpu.power_limit_watts),
        gpu.temperature_celsius,
        *(_scaled(gpu.pcie_sent_bytes_per_s, MIB), _scaled(gpu.pcie_received_bytes_per_s, MIB)),
    )
    return dict(zip(NVITOP_CARD, numbers, strict=True))


def _programs(host: str, cards: Iterable[Gpu]) -> Iterator[Sample]:
    for gpu in cards:
        for program in gpu.processes or ():
            labels = (*_labels(host, gpu), str(program.pid), _user_of(program.pid))
            yield labels, _scaled(program.memory_bytes, MIB)


def _user_of(pid: int) -> str:
    return known(lambda: psutil.Process(pid).username()) or ""


def _labels(host: str, gpu: Gpu) -> tuple[str, ...]:
    return host, str(gpu.index), gpu.name or "", gpu.uuid or ""


def _scaled(number: float | None, unit: float) -> float | None:
    return None if number is None else number / unit


def _gauge(name: str, text: str, labels: tuple[str, ...], samples: Iterable[Sample]) -> Metric:
    from prometheus_client.core import GaugeMetricFamily

    family = GaugeMetricFamily(name, text, labels=labels)
    for values, number in samples:
        if number is not None:
            family.add_metric(values, number)
    return family
