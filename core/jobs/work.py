"""What a function that does a job in a thread holds in its hands."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from core.jobs.job import Job, Progress
from core.messages import Reason


class JobCancelled(Exception):
    """The job is not wanted any more. Never leaves core/jobs."""


class Work:
    """A job's parameters, its folder, and the way to tell how far it is. Thread-safe."""

    def __init__(
        self,
        job: Job,
        folder: Path,
        cancel: threading.Event,
        tell: Callable[[Progress], None],
    ) -> None:
        self.job, self.folder, self.cancel = job, folder, cancel
        self._tell = tell
        self._last = Progress()

    @property
    def params(self) -> Mapping[str, Any]:
        return self.job.params

    def check(self) -> None:
        """
        Raises:
            JobCancelled: it is to end now.
        """
        if self.cancel.is_set():
            raise JobCancelled

    def say(self, code: str, **params: Any) -> None:
        """Another thing is being done now; how far it is, is unknown until `advance`."""
        self._update(Progress(words=Reason(code, params), detail=self._last.detail))

    def advance(self, done_bytes: int, total_bytes: int | None) -> None:
        """How many bytes of how many; the words stay."""
        share = min(1.0, done_bytes / total_bytes) if total_bytes else None
        last = self._last
        self._update(Progress(share, done_bytes, total_bytes, last.words, last.detail))

    def share(self, share: float) -> None:
        """0 to 1; the words stay."""
        last = self._last
        self._update(Progress(share, None, None, last.words, last.detail))

    def detail(self, **detail: Any) -> None:
        """Facts of the kind's own, beside those told before."""
        last = self._last
        kept = {**last.detail, **detail}
        self._update(Progress(last.share, last.done_bytes, last.total_bytes, last.words, kept))

    def _update(self, progress: Progress) -> None:
        self._last = progress
        self._tell(progress)
