"""Reads everything together into one snapshot, whoever of those asked hangs."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable
from dataclasses import replace
from pathlib import Path

import psutil

from core.hardware.bounded import Bounded
from core.hardware.host import HostReader, known
from core.hardware.nvml import CardReader, Cards
from core.hardware.snapshot import Gpu, Residency, Resident, Snapshot

SILENT = "silent"


class MachineReader:
    """Host, cards and resident models. Thread-safe: readings wait for each other.

    `residency` tells which models are in memory; it may hang or raise.
    """

    def __init__(self, folder: Path, residency: Callable[[], Residency] = Residency) -> None:
        self._lock = threading.Lock()
        self._host = HostReader(folder)
        self._reader = CardReader()
        self._cards = Bounded(self._reader.read, "hardware-nvml")
        self._models = Bounded(residency, "hardware-models")
        self._told: tuple[Cards, float] = (Cards(problem=SILENT), 0.0)  # by the driver, and when

    def read(self, limit_s: float) -> Snapshot:
        """Everything now. Waits at most `limit_s` for the driver and again for the servers."""
        with self._lock:
            return self._with_models(self._with_cards(self._host.read(), limit_s), limit_s)

    def close(self, wait_s: float) -> None:
        """Ask no more; a driver that hangs is waited for `wait_s` and then left to itself."""
        self._models.close(0.0)
        if self._cards.close(wait_s):
            self._reader.close()

    def _with_cards(self, snapshot: Snapshot, limit_s: float) -> Snapshot:
        answer = self._cards.ask(limit_s)
        if answer.fresh and answer.value is not None:
            self._told = answer.value, time.time()
        cards, told_at = self._told
        return replace(
            snapshot,
            gpus=cards.gpus,
            gpu_problem=cards.problem if answer.fresh else SILENT,
            gpus_at=told_at or None,
            gpus_stale=not answer.fresh,
        )

    def _with_models(self, snapshot: Snapshot, limit_s: float) -> Snapshot:
        answer = self._models.ask(limit_s)
        found = answer.value or Residency()
        models = tuple(_with_sizes(model, snapshot.gpus) for model in found.models)
        return replace(snapshot, models=models, models_stale=not answer.fresh, silent=found.silent)


def _with_sizes(model: Resident, gpus: Iterable[Gpu]) -> Resident:
    """With what the system and the driver say of a model's own process."""
    pid = model.pid
    if pid is None:
        return model
    processes = (process for gpu in gpus for process in gpu.processes or ())
    sizes = [one.memory_bytes for one in processes if one.pid == pid]
    on_cards = [size for size in sizes if size is not None]
    return replace(
        model,
        memory_bytes=known(lambda: psutil.Process(pid).memory_info().rss),
        vram_bytes=sum(on_cards) if on_cards else None,
    )
