"""Tuning of this machine's models: proposals, comparisons as jobs, what is kept, undo."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from core.errors import NothingToUndo
from core.hardware import Event, Snapshot
from core.jobs import Job, Jobs, ThreadKind, Work
from core.providers.base import STARTER, GenerationOptions
from core.providers.registry import Registry
from core.text import N_
from core.tuning.book import Book, Kept, Record
from core.tuning.compare import ANSWER_TOKENS, PAIRS, Comparison, compare, seconds_of
from core.tuning.options import Tuned, applied
from core.tuning.proposals import Placed, Proposal, new_ones, propose

KIND = "tune"


class Tuning:
    """Thread-safe; one per app. `wanted` is how answers are asked for without any tuning."""

    def __init__(
        self,
        registry: Registry,
        jobs: Jobs,
        kept: Kept,
        wanted: GenerationOptions,
        latest: Callable[[], Snapshot],
        tell: Callable[[Event], None],
    ) -> None:
        self._registry, self._jobs, self._wanted = registry, jobs, wanted
        self._latest, self._tell = latest, tell
        self.book = Book(kept)
        registry.tune_by(self.applied)
        jobs.register(
            ThreadKind(
                name=KIND,
                title=N_("Compare two settings of {subject}"),
                texts={"comparing": N_("Comparing {after} with {before}")},
                lane=KIND,
                at_once=1,
                page="hardware",
                run=self._run,
            )
        )

    def applied(self, ref: str, options: GenerationOptions) -> GenerationOptions:
        """How `ref` is asked with what is set for it."""
        tuned = self.book.of(ref)
        return options if tuned == Tuned() else applied(ref, options, tuned)

    def proposals(self) -> list[Proposal]:
        """What seems worth a try, without what was tried before."""
        options = self.book.options()
        found = [
            proposal
            for ref, habit in self._registry.counts.habits.all().items()
            if ref != STARTER
            for proposal in propose(
                ref,
                habit,
                options.get(ref, Tuned()),
                self._wanted.context_tokens,
                self._placed(ref),
            )
        ]
        return new_ones(found, [(one.model, Tuned.read(one.after)) for one in self.book.records()])

    def compare(self, ref: str, tuned: Tuned) -> Job:
        """Try a setting against the present one; it is kept when it proves faster.

        Raises:
            ModelNotFound, ProviderError: there is no such model.
            StorageError: the job could not be stored.
        """
        self._registry.info(ref)
        return self._jobs.start(KIND, ref, {"options": tuned.stored()})

    def apply(self, ref: str, tuned: Tuned) -> Record:
        """Set it without a comparison.

        Raises:
            ModelNotFound, ProviderError: there is no such model.
            StorageError: nothing changed.
        """
        self._registry.info(ref)
        record = self.book.set(ref, tuned.over(self.book.of(ref)), "applied")
        self._told("tuning_applied", record)
        return record

    def undo(self, ref: str) -> Record:
        """Set what was set before the last change.

        Raises:
            NothingToUndo: nothing is tuned on this model.
            StorageError: nothing changed.
        """
        last = self.book.last_change(ref)
        if last is None:
            raise NothingToUndo(model=ref)
        record = self.book.set(ref, Tuned.read(last.before), "undone")
        self._told("tuning_undone", record)
        return record

    # --- inside -----------------------------------------------------------------------------

    def _run(self, work: Work) -> dict[str, Any]:
        ref = work.job.subject
        before = self.book.of(ref)
        after = Tuned.read(work.params["options"]).over(before)
        work.say("comparing", before=before.shown(), after=after.shown())
        pairs = int(work.params.get("pairs", PAIRS))
        found = compare(self._asker(work, ref, before, after), pairs, work.share)
        record = self._judged(ref, after, found)
        return {"outcome": record.outcome, "gain": record.gain, "wins": found.wins, "pairs": pairs}

    def _asker(
        self, work: Work, ref: str, before: Tuned, after: Tuned
    ) -> Callable[[bool, int], float]:
        provider = self._registry.provider(ref)
        fixed = replace(self._wanted, max_tokens=ANSWER_TOKENS, temperature=0.0, seed=1)

        def ask(new: bool, number: int) -> float:
            options = applied(ref, fixed, after if new else before)
            if not new and before.context_tokens is None and after.context_tokens is not None:
                # Said outright, or the provider would keep the window that it has.
                options = applied(ref, fixed, replace(before, context_tokens=fixed.context_tokens))
            seconds = seconds_of(provider, ref, options, number, work.cancel)
            work.check()
            assert seconds is not None  # only a cancelled one has none
            return seconds

        return ask

    def _judged(self, ref: str, after: Tuned, found: Comparison) -> Record:
        facts = {"before_s": found.before_s, "after_s": found.after_s, "gain": found.gain}
        record = self.book.set(ref, after, "kept" if found.faster else "dropped", **facts)
        self._told("tuning_kept" if found.faster else "tuning_dropped", record)
        return record

    def _told(self, kind: str, record: Record) -> None:
        detail: dict[str, int | float | str | None] = {
            "before": Tuned.read(record.before).shown(),
            "after": Tuned.read(record.after).shown(),
            "percent": None if record.gain is None else round(100 * record.gain),
        }
        self._tell(Event(self._latest().at, kind, record.model, detail))

    def _placed(self, ref: str) -> Placed | None:
        """Where a model lies, when a part of it lies beside the only card."""
        now = self._latest()
        model = next((one for one in now.models if one.ref == ref), None)
        if model is None or len(now.gpus) != 1 or not model.vram_bytes or not model.memory_bytes:
            return None
        layers = len(self._registry.shape(ref).layers)
        free = now.gpus[0].memory_free_bytes
        if not layers or free is None:
            return None
        return Placed(model.memory_bytes, model.vram_bytes, free, layers)
