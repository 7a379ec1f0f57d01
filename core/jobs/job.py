"""One job as everybody sees it: frozen, and the same from memory and from the database."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from core.messages import Reason


class JobState(StrEnum):
    """How far a job got.

    `INTERRUPTED`: the app or its process ended while it ran. Like a cancelled or failed one it
    can be taken up again.
    """

    QUEUED = "queued"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"
    INTERRUPTED = "interrupted"

    @property
    def ended(self) -> bool:
        return self not in (JobState.QUEUED, JobState.RUNNING)

    @property
    def resumable(self) -> bool:
        return self.ended and self is not JobState.DONE


@dataclass(frozen=True, slots=True)
class Progress:
    """How far it is. `None` is unknown, never zero.

    `share` is 0 to 1. `words` says what is being done just now; its code is one of the kind's
    texts. `detail` is the kind's own: measured steps, losses, samples.
    """

    share: float | None = None
    done_bytes: int | None = None
    total_bytes: int | None = None
    words: Reason | None = None
    detail: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Job:
    """One piece of work. Times are stored text (UTC). `error` is a code of core/errors.

    `attempt` counts 1, 2, … with each time it was taken up again.
    """

    id: str
    kind: str
    subject: str
    params: Mapping[str, Any]
    state: JobState
    progress: Progress
    error: Reason | None
    result: Mapping[str, Any] | None
    attempt: int
    created_at: str
    started_at: str | None
    ended_at: str | None
