"""What is set for each model and what was tried, in the database."""

from __future__ import annotations

import threading
import uuid
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Literal, Protocol

from core.store.times import now
from core.tuning.options import Tuned

OPTIONS, RECORDS = "model_options", "tuning_records"
KEPT = 50

Outcome = Literal["kept", "dropped", "applied", "undone"]


class Kept(Protocol):
    """Small values that survive a restart."""

    def get(self, name: str, default: Any = None) -> Any: ...
    def set(self, name: str, value: Any) -> None: ...


@dataclass(frozen=True, slots=True)
class Record:
    """One setting that was tried or applied: "kept" and "dropped" after a comparison, "applied"
    without one, "undone" later. Seconds of each answer, pair by pair.
    """

    id: str
    model: str
    before: Mapping[str, int]
    after: Mapping[str, int]
    outcome: Outcome
    at: str
    before_s: tuple[float, ...] = ()
    after_s: tuple[float, ...] = ()
    gain: float | None = None


class Book:
    """Thread-safe; what is stored by a newer version and not understood here is left alone."""

    def __init__(self, kept: Kept) -> None:
        self._kept = kept
        self._lock = threading.Lock()

    def options(self) -> dict[str, Tuned]:
        """What is set, by model."""
        return {ref: Tuned.read(one) for ref, one in self._stored(OPTIONS, {}).items() if one}

    def of(self, ref: str) -> Tuned:
        return Tuned.read(self._stored(OPTIONS, {}).get(ref, {}))

    def records(self) -> list[Record]:
        """The newest first."""
        return [_record(one) for one in reversed(self._stored(RECORDS, []))]

    def set(self, ref: str, tuned: Tuned, outcome: Outcome, **facts: Any) -> Record:
        """Keep a record, and unless it was dropped or undone make it count.

        Raises:
            StorageError: nothing changed.
        """
        with self._lock:
            before = self.of(ref)
            made = Record(
                id=uuid.uuid4().hex,
                model=ref,
                before=before.stored(),
                after=tuned.stored(),
                outcome=outcome,
                at=now(),
                **facts,
            )
            records = [*self._stored(RECORDS, []), asdict(made)]
            if outcome != "dropped":
                options = dict(self._stored(OPTIONS, {}))
                options[ref] = tuned.stored()
                self._kept.set(OPTIONS, {name: one for name, one in options.items() if one})
            self._kept.set(RECORDS, records[-KEPT:])
        return made

    def last_change(self, ref: str) -> Record | None:
        """What can be undone: the newest change that counts still."""
        now_set = self.of(ref).stored()
        for record in self.records():
            counts = record.outcome in ("kept", "applied") and dict(record.after) == now_set
            if record.model == ref and counts:
                return record
        return None

    def _stored(self, name: str, otherwise: Any) -> Any:
        return self._kept.get(name, otherwise)


def _record(stored: Mapping[str, Any]) -> Record:
    times = {name: tuple(stored.get(name, ())) for name in ("before_s", "after_s")}
    return Record(**{**stored, **times})
