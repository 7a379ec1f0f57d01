"""`python -m tests.rooms.limits.fit`: find what phrases and marks weigh, and write it down.

Loops and talks of `talks_seen`, `talks_fitted` and `sets/fit_*` are compared, line by line for the
phrases, window by window for the marks, by logistic regressions. What a phrase weighs is taken
from other talks when the marks of a talk are weighed, since it will meet unknown wordings only.
Neither `talks_unseen`, `talks_fresh` and `sets/kept_*` nor any recorded session is used.
"""

from __future__ import annotations

import json
import math
import random
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from core.rooms.limits import emptiness, fitted, phrasing
from core.rooms.limits.courtesies import COURTESIES, STOP_WORDS
from core.rooms.limits.wording import JAPANESE, WORDS, Spoken
from tests.rooms.limits import sets, talk_maker, talks_fitted, talks_seen

SEEDS = 3
PARTS = 6  # of the talks, each weighed with phrases of the others
RARE = 3  # lines; what is in fewer weighs nothing
STRENGTH_OF_PHRASES = {"en": 2.0, "ja": 6.0}
STRENGTH = 0.1  # of the marks: strong smoothing
LOOP = 8  # lines of a loop that is made
LEAST = 0.02  # a weight that is worth keeping


class Written(NamedTuple):
    """A talk, or the loop that begins after `start` lines of one."""

    loop: bool
    group: str
    lines: list[Spoken]
    start: int = 0


def fit() -> tuple[dict[str, phrasing.Phrases], dict[bool, dict[str, float]]]:
    """The weights of phrases, by language, and those of marks, of Japanese (`True`) and English."""
    from sklearn.model_selection import GroupKFold

    written = list(written_talks())
    windows: dict[bool, list[tuple[int, bool, emptiness.Marks]]] = {False: [], True: []}
    for known, others in GroupKFold(PARTS).split(written, groups=[one.group for one in written]):
        learnt = _Learnt(_phrases([written[at] for at in known]))
        for at in others:
            for japanese, marks in _windows(written[at], learnt):
                windows[japanese].append((at, written[at].loop, marks))
    return _phrases(written), {japanese: _weigh(found) for japanese, found in windows.items()}


class _Learnt:
    """`phrasing.courteous` with weights of its own."""

    def __init__(self, phrases: dict[str, phrasing.Phrases]) -> None:
        self._phrases = phrases

    def __call__(self, text: str) -> float:
        bias, weights = self._phrases[_language(text)]
        found = [weights[part] for part in phrasing.parts(text) if part in weights]
        return bias + sum(found) / math.sqrt(len(found) or 1)


def written_talks() -> Iterator[Written]:
    """All that weights are found with."""
    dice = random.Random(3)
    for language in sets.PAIRS:
        healthy = [*_healthy(language)]
        yield from healthy
        for one in _loops(language):
            yield one
            yield _late(one, dice.choice(healthy), language)


def _loops(language: str) -> Iterator[Written]:
    for kind, talk in sets.loops("fit", language).items():
        yield Written(True, f"{language} {kind}", _spoken(talk))
    for words in (talks_fitted, talks_seen):
        for kind in words.LOOPS:
            if kind.startswith("ja ") == (language == "ja"):
                for seed in range(SEEDS):
                    talk = talk_maker.loop(words, kind, seed)[:LOOP]
                    yield Written(True, f"{words.__name__} {kind}", _spoken(talk))


def _healthy(language: str) -> Iterator[Written]:
    for kind, talk in sets.healthy("fit", language).items():
        yield Written(False, f"{language} {kind}", _spoken(talk))
    for words in (talks_fitted, talks_seen):
        for kind in words.HEALTHY:
            if kind.startswith("ja ") == (language == "ja"):
                for seed in range(SEEDS):
                    talk = talk_maker.healthy(words, kind, seed)
                    yield Written(False, f"{words.__name__} {kind}", _spoken(talk))


def _late(loop: Written, healthy: Written, language: str) -> Written:
    texts = [one.text for one in (*healthy.lines[: sets.START], *loop.lines[: emptiness.WINDOW])]
    return Written(True, loop.group, _spoken(sets.in_turn(language, texts)), sets.START)


def _spoken(talk: talk_maker.Talk) -> list[Spoken]:
    return [Spoken(*line) for line in talk]


def _language(text: str) -> str:
    return "ja" if JAPANESE.search(text) else "en"


def _phrases(written: Sequence[Written]) -> dict[str, phrasing.Phrases]:
    lines: dict[str, dict[tuple[str, bool], None]] = {"en": {}, "ja": {}}
    for one in written:
        if not one.start:
            for text in emptiness.without_names(one.lines):
                lines[_language(text)][text, one.loop or is_courtesy(text)] = None
    return {
        language: _weigh_phrases(list(found), STRENGTH_OF_PHRASES[language])
        for language, found in lines.items()
    }


def is_courtesy(text: str) -> bool:
    """Whether an English line is nothing else, in a talk that gets somewhere, too.

    Of Japanese ones nobody knows: their short words are answers as well.
    """
    words = [word for word in WORDS.findall(text) if word not in STOP_WORDS]
    return bool(words) and COURTESIES.issuperset(words) and not JAPANESE.search(text)


def _weigh_phrases(lines: Sequence[tuple[str, bool]], strength: float) -> phrasing.Phrases:
    from sklearn.feature_extraction import DictVectorizer
    from sklearn.linear_model import LogisticRegression
    from sklearn.preprocessing import normalize

    parts = [phrasing.parts(text) for text, _loop in lines]
    often = Counter(part for one in parts for part in one)
    names = DictVectorizer()
    table = names.fit_transform(
        [dict.fromkeys(sorted(p for p in one if often[p] >= RARE), 1.0) for one in parts]
    )
    model = LogisticRegression(C=strength, class_weight="balanced", max_iter=400)
    model.fit(normalize(table), [loop for _text, loop in lines])
    weights = zip(names.get_feature_names_out(), model.coef_[0], strict=True)
    kept = {str(part): round(float(one), 2) for part, one in weights if abs(one) >= LEAST}
    return phrasing.Phrases(round(float(model.intercept_[0]), 3), kept)


def _windows(one: Written, learnt: _Learnt) -> Iterator[tuple[bool, emptiness.Marks]]:
    last = len(one.lines)
    for end in range(last if one.start else emptiness.WINDOW, last + 1):
        yield emptiness.window(one.lines[:end], learnt)


def _weigh(windows: Sequence[tuple[int, bool, emptiness.Marks]]) -> dict[str, float]:
    import numpy as np
    from sklearn.linear_model import LogisticRegression

    names = list(windows[0][2])
    table = np.array([[marks[name] for name in names] for _at, _loop, marks in windows])
    middle, spread = table.mean(0), table.std(0) + 1e-3
    often = Counter(at for at, _loop, _marks in windows)
    model = LogisticRegression(C=STRENGTH, class_weight="balanced", max_iter=1_000)
    model.fit(
        (table - middle) / spread,
        [loop for _at, loop, _marks in windows],
        sample_weight=[1 / often[at] for at, _loop, _marks in windows],
    )
    weights = model.coef_[0] / spread
    bias = float(model.intercept_[0] - (weights * middle).sum())
    by_name = zip(names, weights, strict=True)
    return {"bias": round(bias, 3), **{name: round(float(one), 3) for name, one in by_name}}


def _write(phrases: dict[str, phrasing.Phrases], marks: dict[bool, dict[str, float]]) -> None:
    found = {language: one._asdict() for language, one in phrases.items()}
    text = json.dumps(found, ensure_ascii=False, indent=0, sort_keys=True)
    phrasing.WEIGHTS.write_text(text + "\n", "utf-8")
    path = Path(fitted.__file__)
    head = path.read_text("utf-8").split("ENGLISH")[0]
    parts = [
        f"{name}: dict[str, float] = {json.dumps(marks[key], indent=4)}\n".replace("\n}", ",\n}")
        for name, key in (("ENGLISH", False), ("JAPANESE", True))
    ]
    path.write_text(head + "".join(parts), "utf-8")


if __name__ == "__main__":
    _write(*fit())
