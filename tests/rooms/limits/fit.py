"""`python -m tests.rooms.limits.fit`: find what the marks of a talk weigh, and write it down.

Loops and talks of `talks`, `talks_seen` and `talks_fitted` are compared, window by window, by a
logistic regression; of a healthy talk only its beginning, since its end is leave-taking. Neither
`talks_unseen` and `talks_fresh` nor any recorded session is used.
"""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

from core.rooms.limits import emptiness, fitted
from core.rooms.limits.wording import Spoken
from tests.rooms.limits import talk_maker, talks, talks_fitted, talks_seen

SEEDS = 6
MADE = 100
HEALTHY_UNTIL = 12  # lines
STRENGTH = 0.05  # of the weights: strong smoothing

Window = tuple[bool, emptiness.Marks]


def fit() -> dict[bool, dict[str, float]]:
    """The weights, of Japanese (`True`) and English."""
    found: dict[bool, tuple[list[emptiness.Marks], list[int]]] = {False: ([], []), True: ([], [])}
    for label, talk in _talks():
        last = len(talk) if label else min(len(talk), HEALTHY_UNTIL)
        for end in range(emptiness.WINDOW, last + 1):
            japanese, marks = emptiness.window(talk[:end])
            found[japanese][0].append(marks)
            found[japanese][1].append(label)
    return {japanese: _weigh(*both) for japanese, both in found.items()}


def _talks() -> Iterator[tuple[int, list[Spoken]]]:
    for words in (talks_fitted, talks_seen):
        for seed in range(SEEDS):
            for kind in _kinds(words):
                yield 1, _spoken(talk_maker.loop(words, kind, seed))
            for kind in words.HEALTHY:
                yield 0, _spoken(talk_maker.healthy(words, kind, seed))
    for seed in range(MADE):
        yield 1, _spoken(talks.loop(random.Random(seed)))
        yield 0, _spoken(talks.healthy(random.Random(seed)))


def _kinds(words: ModuleType) -> list[str]:
    return [*words.LOOPS, "echo"]


def _spoken(talk: talk_maker.Talk) -> list[Spoken]:
    return [Spoken(*line) for line in talk]


def _weigh(marks: list[emptiness.Marks], labels: list[int]) -> dict[str, float]:
    import numpy as np
    from sklearn.linear_model import LogisticRegression

    names = list(marks[0])
    table = np.array([[one[name] for name in names] for one in marks])
    middle, spread = table.mean(0), table.std(0) + 1e-3
    model = LogisticRegression(C=STRENGTH, class_weight="balanced", max_iter=5_000)
    model.fit((table - middle) / spread, labels)
    weights = model.coef_[0] / spread
    bias = float(model.intercept_[0] - (weights * middle).sum())
    by_name = zip(names, weights, strict=True)
    return {"bias": round(bias, 3), **{name: round(float(one), 3) for name, one in by_name}}


def _write(weights: dict[bool, dict[str, float]]) -> None:
    path = Path(fitted.__file__)
    head = path.read_text("utf-8").split("ENGLISH")[0]
    parts = [
        f"{name}: dict[str, float] = {json.dumps(weights[key], indent=4)}\n".replace("\n}", ",\n}")
        for name, key in (("ENGLISH", False), ("JAPANESE", True))
    ]
    path.write_text(head + "".join(parts), "utf-8")


if __name__ == "__main__":
    _write(fit())
