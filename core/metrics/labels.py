"""Which models have a name of their own in the counts: only so many, and only real ones."""

from __future__ import annotations

import threading
from collections.abc import Callable

MOST = 100
OTHER = "other"


class ModelLabels:
    """A label for each model. Thread-safe.

    A reference is what a user or a program wrote, so a typing error would be a series for ever.
    One has a label of its own when it has spoken or is `listed`; the rest are "other" together.
    """

    def __init__(self, listed: Callable[[str], bool]) -> None:
        self._listed = listed
        self._lock = threading.Lock()
        self._known: set[str] = set()

    def spoke(self, ref: str) -> str:
        """The label of a model that is there without doubt."""
        with self._lock:
            if len(self._known) < MOST:
                self._known.add(ref)
            return ref if ref in self._known else OTHER

    def of(self, ref: str) -> str:
        with self._lock:
            if ref in self._known:
                return ref
        return self.spoke(ref) if self._listed(ref) else OTHER
