"""What happened to the machine: found by comparing each snapshot with the one before."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from core.hardware.snapshot import Snapshot
from core.text import N_, translate

GAP_S = 5.0  # a reading that comes so late is told: the machine slept, or was overloaded
SILENT_S = 5.0  # a busy machine may keep the driver from answering for a moment

TEXTS = {
    "gap": N_("Nothing was measured for {seconds} s."),
    "gpu_lost": N_("The graphics card {subject} no longer answers."),
    "gpu_back": N_("The graphics card {subject} answers again."),
    "gpu_silent": N_("The graphics driver does not answer; its last numbers are shown."),
    "gpu_answers": N_("The graphics driver answers again."),
    "model_loaded": N_("{subject} was loaded into memory."),
    "model_unloaded": N_("{subject} was unloaded."),
}


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened at `at` (seconds since the epoch). `id` counts in the database."""

    at: float
    kind: str
    subject: str = ""
    detail: Mapping[str, int | float | str | None] = field(default_factory=dict)
    id: int | None = None

    def text(self, language: str) -> str:
        """The event as a sentence."""
        text = TEXTS.get(self.kind, self.kind)
        return translate(text, language, {"subject": self.subject, **self.detail})


def between(before: Snapshot, now: Snapshot) -> Iterator[Event]:
    """Everything that changed from one snapshot to the next."""
    if now.at - before.at > GAP_S:
        yield Event(now.at, "gap", detail={"seconds": round(now.at - before.at)})
    yield from _cards(before, now)
    yield from _models(before, now)


def _cards(before: Snapshot, now: Snapshot) -> Iterator[Event]:
    if _silent(before) != _silent(now):
        yield Event(now.at, "gpu_silent" if _silent(now) else "gpu_answers")
    if now.gpus_stale:
        return
    answered = {gpu.index: gpu.name or str(gpu.index) for gpu in before.gpus if not gpu.lost}
    missing = {gpu.index: gpu.name or str(gpu.index) for gpu in before.gpus if gpu.lost}
    answering = {gpu.index for gpu in now.gpus if not gpu.lost}
    for index in sorted(answered.keys() - answering):
        yield Event(now.at, "gpu_lost", answered[index], {"index": index})
    for index in sorted(missing.keys() & answering):
        yield Event(now.at, "gpu_back", missing[index], {"index": index})


def _silent(snapshot: Snapshot) -> bool:
    """Whether the driver has not answered for so long that it is worth telling."""
    since = snapshot.gpus_at
    return snapshot.gpus_stale and since is not None and snapshot.at - since > SILENT_S


def _models(before: Snapshot, now: Snapshot) -> Iterator[Event]:
    silent = {*before.silent, *now.silent}
    there = {model.ref: model for model in before.models}
    here = {model.ref: model for model in now.models}
    for ref in sorted(here.keys() ^ there.keys()):
        if ref.partition(":")[0] in silent:
            continue  # its server did not tell, once: nobody knows
        kind, model = ("model_loaded", here[ref]) if ref in here else ("model_unloaded", there[ref])
        detail = {"memory_bytes": model.memory_bytes, "vram_bytes": model.vram_bytes}
        yield Event(now.at, kind, ref, detail)
