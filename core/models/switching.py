"""From one model to another, each step measured; back again when the new one does not come."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any

from core.errors import ModelRefused, ProviderError, SwitchedBack, WorkbenchError
from core.hardware import Snapshot, Telemetry
from core.hardware.forecast import Forecasts
from core.hardware.snapshot import Resident
from core.jobs import ThreadKind, Work
from core.jobs.kinds import Result
from core.models.loads import Loads
from core.models.plan import size_of
from core.providers.managed import Managed
from core.providers.registry import Registry
from core.runner.loading import AS_IT_COMES, LoadOptions, from_words
from core.text import N_

KIND, LOAD = "switch", "load"
BACK_S = 8.0  # how long memory may take to come back after a model is gone
LOOK_S = 0.1
ENOUGH = 0.6  # of what a model held; the rest may be shared, or taken by others meanwhile
TEXTS = {
    "unloading": N_("taking {model} out of memory"),
    "waiting": N_("waiting for its memory to come back"),
    "loading": N_("loading {model}"),
    "back": N_("it did not load; bringing {model} back"),
}


class Switching:
    """Takes models out of memory and brings one in, as the job it is given says."""

    def __init__(
        self,
        registry: Registry,
        telemetry: Telemetry,
        loads: Loads,
        forecasts: Forecasts,
        chosen: Callable[[str], None],
        forget: Callable[[], None],
    ) -> None:
        self._registry, self._telemetry, self._loads = registry, telemetry, loads
        self._forecasts = forecasts
        self._chosen, self._forget = chosen, forget

    @property
    def kinds(self) -> tuple[ThreadKind, ThreadKind]:
        """A switch, and a load that nothing has to leave for."""
        switch, load = N_("Switch to {subject}"), N_("Loading of {subject}")
        return (
            ThreadKind(KIND, switch, TEXTS, lane="switch", at_once=1, run=self._run),
            ThreadKind(LOAD, load, TEXTS, lane="switch", at_once=1, run=self._run),
        )

    def _run(self, work: Work) -> Result:
        steps: list[dict[str, Any]] = []
        gone: list[str] = []
        ref = work.job.subject
        try:
            for other in work.params.get("unload", ()):
                self._unload(work, other, steps)
                gone.append(other)
            work.check()
            self._load(work, ref, steps, "loading")
        except WorkbenchError as error:
            if gone and not work.cancel.is_set():
                self._back(work, ref, gone, steps, error)
            raise
        finally:
            self._forget()
        work.check()
        if work.params.get("choose"):
            self._chosen(ref)
        return {"model": ref, "seconds": round(sum(step["seconds"] for step in steps), 2)}

    def _unload(self, work: Work, ref: str, steps: list[dict[str, Any]]) -> None:
        before, held = self._telemetry.latest(), self._resident(ref)
        work.say("unloading", model=ref)
        with _measured(work, steps, "unload", ref):
            self._managed(ref).unload(ref, cancel=work.cancel)
        work.check()
        work.say("waiting")
        with _measured(work, steps, "memory", ref) as step:
            step["bytes"] = self._wait_for_memory(work, ref, before, held)

    def _load(self, work: Work, ref: str, steps: list[dict[str, Any]], code: str) -> None:
        before = self._telemetry.latest()
        wanted = from_words(work.params.get("load") or {})
        self._forecast(ref, wanted)
        work.say(code, model=ref)
        with _measured(work, steps, "load", ref) as step:
            self._managed(ref).load(ref, wanted, work.cancel)
        if work.cancel.is_set():
            return
        after = self._fresh(time.time())
        held = self._resident(ref)
        vram = _grown(before, after) if after.gpus else None
        memory = held.memory_bytes if held else None
        step["bytes"] = vram or (held and size_of(held)) or None
        work.detail(steps=[*steps])
        self._loads.add(ref, step["seconds"], memory_bytes=memory, vram_bytes=vram)

    def _forecast(self, ref: str, load: LoadOptions) -> None:
        """Have what it takes compared with what is expected now."""
        with suppress(ProviderError):
            self._forecasts.awaits(self._forecasts.of(ref, load=load))

    def _back(
        self,
        work: Work,
        ref: str,
        gone: list[str],
        steps: list[dict[str, Any]],
        cause: WorkbenchError,
    ) -> None:
        """Raises `SwitchedBack`, unless the old one does not come either."""
        first = gone[0]
        work.say("back", model=first)
        try:
            with _measured(work, steps, "load", first):
                self._managed(first).load(first, AS_IT_COMES, work.cancel)
        except ProviderError:
            return
        raise SwitchedBack(model=ref, back=first, cause=cause.reason()) from cause

    def _wait_for_memory(
        self, work: Work, ref: str, before: Snapshot, held: Resident | None
    ) -> int | None:
        """Look until the model's memory is free again; how much came back (`None`: unseen)."""
        wanted = ENOUGH * size_of(held) if held else 0
        until = time.monotonic() + BACK_S
        freed = None
        while time.monotonic() < until:
            now = self._fresh(time.time())
            freed = -_grown(before, now)
            if self._resident(ref, now) is None and (not wanted or freed >= wanted):
                break
            if not now.gpus and self._resident(ref, now) is None and not now.models_stale:
                break  # a server that maps its files gives back what nobody sees
            work.cancel.wait(LOOK_S)
            work.check()
        return max(0, freed) if freed is not None else None

    def _fresh(self, after: float) -> Snapshot:
        """A reading that began after `after` (seconds since the epoch), if one comes soon."""
        until = time.monotonic() + 2.5
        while True:
            found = self._telemetry.latest()
            if found.at >= after or time.monotonic() > until:
                return found
            time.sleep(LOOK_S)

    def _resident(self, ref: str, snapshot: Snapshot | None = None) -> Resident | None:
        found = (snapshot or self._telemetry.latest()).models
        return next((one for one in found if one.ref == ref), None)

    def _managed(self, ref: str) -> Managed:
        provider = self._registry.provider(ref)
        if not isinstance(provider, Managed):
            raise ModelRefused(model=ref, detail="its provider loads models by itself")
        return provider


def _grown(before: Snapshot, now: Snapshot) -> int:
    """By how many bytes more is used: of the cards, where there are any, else of the host."""
    if now.gpus and not now.gpus_stale:
        used = [sum(gpu.memory_used_bytes or 0 for gpu in one.gpus) for one in (before, now)]
        return used[1] - used[0]
    return now.memory_used_bytes - before.memory_used_bytes


@contextmanager
def _measured(
    work: Work, steps: list[dict[str, Any]], name: str, ref: str
) -> Iterator[dict[str, Any]]:
    """Note how long the block took, also when it fails."""
    began = time.monotonic()
    step: dict[str, Any] = {"step": name, "model": ref, "seconds": 0.0, "bytes": None}
    try:
        yield step
    finally:
        step["seconds"] = round(time.monotonic() - began, 3)
        steps.append(step)
        work.detail(steps=[*steps])
