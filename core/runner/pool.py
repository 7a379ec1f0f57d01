"""All runner processes of the app: at most one per base model, started when needed."""

from __future__ import annotations

import re
import tempfile
import threading
from collections.abc import Callable, Generator, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Literal

from core.errors import RunnerGone
from core.runner.hearing import Limits, Spoken
from core.runner.loading import LoadOptions
from core.runner.protocol import Ask
from core.runner.slot import Slot

IDLE_S = 600.0
LOAD_S = 600.0


@dataclass(frozen=True, slots=True)
class RunnerState:
    """One resident base model. `memory_bytes` and `load_s` are `None` while unknown.

    `load` is how it was wanted, `report` what the runner made of it (empty while it loads).
    """

    ref: str
    pid: int | None
    state: Literal["loading", "ready"]
    busy: bool
    since: datetime
    memory_bytes: int | None
    load_s: float | None
    load: LoadOptions
    report: Mapping[str, Any]


class RunnerPool:
    """Starts, shares, watches and ends runners. Usable from several threads.

    `idle_s`: seconds without use after which a runner is given up. `logs`: the folder for what
    runners write to standard error (default: a temporary one). `on_load(ref, seconds)` is told
    how long each load took, from the spawn to ready; it must be quick.
    """

    def __init__(
        self,
        idle_s: float = IDLE_S,
        *,
        logs: Path | None = None,
        on_load: Callable[[str, float], None] | None = None,
    ) -> None:
        self._idle_s = idle_s
        self._temporary = None if logs else tempfile.TemporaryDirectory(prefix="engawa-runners-")
        self._logs = logs or Path(self._temporary.name if self._temporary else ".")
        self._on_load = on_load or (lambda _ref, _seconds: None)
        self._lock = threading.Lock()
        self._slots: dict[str, Slot] = {}
        self._closed = False

    def warm(
        self,
        ref: str,
        folder: Path,
        load: LoadOptions | None = None,
        adapter: Path | None = None,
    ) -> None:
        """Begin to load the model of `folder` in the background, and an adapter for it.

        Returns at once, never raises.
        """
        slot = self._slot(ref, folder)
        if slot is not None:
            slot.warm(load, adapter)

    def load(
        self,
        ref: str,
        folder: Path,
        load: LoadOptions,
        cancel: threading.Event,
        limit_s: float = LOAD_S,
    ) -> bool:
        """Load the model as wanted and wait; whether it is there now (not, when cancelled).

        When it is there in another way it is ended first, after the answer under way.

        Raises:
            FirstTokenTimeout: it took longer than `limit_s` seconds; it goes on.
            ProviderError: it cannot be loaded so: refused, out of memory, at fault.
        """
        slot = self._slot(ref, folder)
        return slot is not None and slot.load(load, limit_s, cancel)

    def unload(
        self, ref: str, *, force: bool = False, cancel: threading.Event | None = None
    ) -> bool:
        """End the runner of `ref` and wait until it is gone; whether that is so.

        One that answers is ended after that answer, at once with `force` (the answer then ends
        with `RunnerGone`). Setting `cancel` ends the waiting. Every byte comes back with the
        process; a question asked later, or waiting now, starts it again.
        """
        with self._lock:
            slot = self._slots.get(ref)
        return slot is None or slot.unload(cancel or threading.Event(), force=force)

    def stream(
        self,
        ref: str,
        folder: Path,
        ask: Ask,
        cancel: threading.Event,
        limits: Limits | None = None,
        load: LoadOptions | None = None,
    ) -> Generator[Spoken]:
        """Answer; requests to one model wait for each other, first come, first served.

        `load` is how the model must be loaded; `None` takes it as it is.
        Ends without `done` when `cancel` is set (noticed within 0.1 s, while waiting too).
        Whoever begins to read it must finish or close it: until then the others wait.

        Raises:
            RunnerGone: the process ended in the middle, or the pool is closed.
            FirstTokenTimeout, TokenTimeout: it took too long.
            ProviderError: what the runner reported: refused, out of memory, at fault.
        """
        slot = self._slot(ref, folder)
        if slot is None:
            raise RunnerGone(model=ref, detail="Engawa is closing")
        return slot.stream(ask, limits or Limits(), cancel, load)

    def states(self) -> list[RunnerState]:
        """What is resident now."""
        with self._lock:
            slots = list(self._slots.values())
        found = []
        for slot in slots:
            process = slot.process
            if process is not None:
                found.append(
                    RunnerState(
                        ref=slot.ref,
                        pid=process.pid,
                        state="ready" if process.ready else "loading",
                        busy=slot.busy,
                        since=process.since,
                        memory_bytes=process.memory_bytes(),
                        load_s=process.load_s,
                        load=process.load,
                        report=process.report,
                    )
                )
        return found

    def pids(self) -> dict[str, int]:
        """The process of each base model that is resident; quicker than `states`."""
        with self._lock:
            found = {ref: slot.process for ref, slot in self._slots.items()}
        return {
            ref: process.pid
            for ref, process in found.items()
            if process is not None and process.pid is not None
        }

    def report(self, ref: str) -> Mapping[str, Any] | None:
        """What the runner of `ref` told of itself when it was ready; `None` when it is not."""
        with self._lock:
            slot = self._slots.get(ref)
        process = slot.process if slot is not None else None
        return process.report if process is not None and process.ready else None

    def adapters_held(self, ref: str) -> Mapping[str, int]:
        """Bytes of the adapters over `ref`, by place; empty while nobody knows."""
        with self._lock:
            slot = self._slots.get(ref)
        process = slot.process if slot is not None else None
        return process.adapters_held if process is not None else {}

    def wanted(self, ref: str) -> LoadOptions | None:
        """How the runner of `ref` was asked to load; `None` when there is none."""
        with self._lock:
            slot = self._slots.get(ref)
        process = slot.process if slot is not None else None
        return process.load if process is not None else None

    def is_ready(self, ref: str) -> bool:
        """Whether the model is loaded now."""
        with self._lock:
            slot = self._slots.get(ref)
        process = slot.process if slot is not None else None
        return process is not None and process.ready

    def close(self) -> None:
        """End every runner; returns when they are gone. Later requests are refused."""
        with self._lock:
            self._closed = True
            slots, self._slots = list(self._slots.values()), {}
        for slot in slots:
            slot.close()
        if self._temporary is not None:
            self._temporary.cleanup()

    def _slot(self, ref: str, folder: Path) -> Slot | None:
        with self._lock:
            if self._closed:
                return None
            slot = self._slots.get(ref)
            if slot is None:
                stderr_file = self._logs / f"runner-{_plain(ref)}.txt"
                slot = Slot(ref, folder, stderr_file, self._idle_s, self._on_load)
                self._slots[ref] = slot
            return slot


def _plain(ref: str) -> str:
    return re.sub(r"[^A-Za-z0-9._-]+", "-", ref)[:100]
