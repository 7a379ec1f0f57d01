"""What each model is used for: how long its talks are, and how often it had to be loaded."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import dataclass, replace

from core.messages import Usage

MODELS = 100
A_LOAD_MS = 300.0  # less is only the server's own bookkeeping


@dataclass(frozen=True, slots=True)
class Habit:
    """Since the start of the app. `longest_tokens` are of a prompt with its answer; `load_s` is
    the mean of its loads, `reloads` counts those after the first.
    """

    answers: int = 0
    longest_prompt: int = 0
    longest_tokens: int = 0
    loads: int = 0
    load_s: float = 0.0

    @property
    def reloads(self) -> int:
        return max(0, self.loads - 1)


class Habits:
    """The habits of every model that has answered. Thread-safe."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._habits: dict[str, Habit] = {}

    def add(self, ref: str, usage: Usage, load_ms: float | None) -> None:
        """One whole answer."""
        prompt, answer = usage.prompt_tokens or 0, usage.completion_tokens or 0
        with self._lock:
            if ref not in self._habits and len(self._habits) >= MODELS:
                self._habits.pop(next(iter(self._habits)))
            was = self._habits.get(ref, Habit())
            loads, load_s = was.loads, was.load_s
            if load_ms is not None and load_ms >= A_LOAD_MS:
                loads, load_s = loads + 1, (load_s * loads + load_ms / 1000) / (loads + 1)
            self._habits[ref] = replace(
                was,
                answers=was.answers + 1,
                longest_prompt=max(was.longest_prompt, prompt),
                longest_tokens=max(was.longest_tokens, prompt + answer),
                loads=loads,
                load_s=load_s,
            )

    def all(self) -> Mapping[str, Habit]:
        with self._lock:
            return dict(self._habits)
