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
    "anomaly": N_("{rule}: {number} of {subject} is {shown}."),
    "anomaly.hot": N_("{subject} is hot: {shown}."),
    "anomaly.throttled": N_("{subject} is slowed down by heat or its power supply."),
    "anomaly.vram_leak": N_(
        "Memory of {subject} that belongs to no model grows by {shown} an hour."
    ),
    "anomaly.stuck": N_("{subject} works at {shown} although nobody has asked for anything."),
    "anomaly.slow": N_("{subject} speaks at {shown} of its usual speed."),
    "anomaly.disk_low": N_("Only {shown} of the disk are free."),
    "anomaly.server_away": N_("The server {subject} does not answer any more."),
    "anomaly_over": N_("Over: {rule} of {subject}."),
    "anomaly_over.hot": N_("{subject} has cooled down: {shown}."),
    "anomaly_over.throttled": N_("{subject} runs freely again."),
    "anomaly_over.vram_leak": N_("The memory of {subject} grows no more."),
    "anomaly_over.stuck": N_("{subject} rests again."),
    "anomaly_over.slow": N_("{subject} speaks at {shown} of its usual speed again."),
    "anomaly_over.disk_low": N_("{shown} of the disk are free again."),
    "anomaly_over.server_away": N_("The server {subject} answers again."),
    "tuning_kept": N_("{subject}: {after} proved {percent} % faster than {before}; it is kept."),
    "tuning_dropped": N_("{subject}: {after} was not faster than {before}; nothing changes."),
    "tuning_applied": N_("{subject} runs with {after} now, before with {before}."),
    "tuning_undone": N_("{subject} runs with {after} again, not with {before}."),
    "recovery.retry": N_("The servers of models were asked again: {what}."),
    "recovery.unload_idle": N_("Models that nobody used were unloaded: {what}."),
    "recovery.restart_client": N_("The connection was made anew: {what}."),
    "recovery.ladder": N_("A smaller setting was chosen: {what}."),
    "recovery.stop_training": N_("Training was stopped: {what}."),
    "recovery_idle": N_("To help with {rule}, {action} was tried; there was nothing to do."),
    "recovery_failed": N_("To help with {rule}, {action} was tried; it failed ({what})."),
    "recovery_limited": N_("{action} was done as often as it may be in an hour ({rule})."),
    "ladder_context": N_(
        "Memory ran short: {subject} has {after} tokens of context now, not {before}. {cause}"
    ),
    "ladder_kv": N_("Memory ran short: {subject} keeps its context as {after} now. {cause}"),
    "ladder_layers": N_(
        "Memory ran short: {subject} has {after} layers on the graphics card now, not {before}."
        " {cause}"
    ),
    "ladder_quantization": N_("Memory ran short: {subject} is loaded as {after} now. {cause}"),
    "ladder_model": N_("Memory ran short: {after} answers for {before} now. {cause}"),
    "ladder_cpu": N_("Memory ran short: {subject} runs on the processor now. {cause}"),
    "ladder_up": N_("Memory has been free for a while: {subject} is asked for more again."),
    "ladder_top": N_("Memory has been free for a while: {subject} is asked as before again."),
    "ladder_advice": N_(
        "{subject} would need less memory if Ollama were started with OLLAMA_KV_CACHE_TYPE=q8_0."
    ),
    "spill": N_(
        "{subject} has slowed to {after} tokens/s from {before}: the driver may have moved memory"
        " to the host."
    ),
    "spill_over": N_("{subject} is as fast as usual again ({after} tokens/s)."),
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
        names = (f"{self.kind}.{self.detail.get(one)}" for one in ("rule", "action"))
        text = next((TEXTS[name] for name in names if name in TEXTS), None)
        text = text or TEXTS.get(self.kind, self.kind)
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
