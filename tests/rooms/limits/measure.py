"""`python -m tests.rooms.limits.measure [--encoder]`: what the damper stops, set by set.

Of loops, how many are stopped within six lines of their beginning; of healthy talks, how many are
stopped at all. Those of `fit`, `talks_seen` and `talks_fitted` are what it was fitted with.
"""

from __future__ import annotations

import json
import random
import sys
import tempfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from core.rooms.limits.damper import goes_in_circles
from core.rooms.limits.meaning import Meaning
from core.rooms.limits.wording import Spoken
from tests.rooms.limits import (
    sets,
    talk_maker,
    talks,
    talks_fitted,
    talks_fresh,
    talks_seen,
    talks_unseen,
)
from tests.rooms.limits.talk_maker import Talk

LOCOMO = Path("/work/shared/data/locomo_dev.json")  # CC BY-NC 4.0: read where it lies, if it does
WITHIN = 6  # lines
MADE, SEEDS, SEEDS_HEALTHY = 200, 5, 20

Stops = Callable[[list[Spoken]], bool]


def stopped_at(lines: Talk, stops: Stops = goes_in_circles, first: int = 1) -> int | None:
    """After how many lines this talk is stopped; not before `first`."""
    said = [Spoken(*line) for line in lines]
    return next((end for end in range(first, len(said) + 1) if stops(said[:end])), None)


def sessions() -> Iterator[Talk]:
    """The recorded sessions of people, and each from its end to its beginning."""
    for conversation in json.loads(LOCOMO.read_text()) if LOCOMO.exists() else ():
        for name, turns in conversation.get("conversation", conversation).items():
            if name.startswith("session_") and isinstance(turns, list):
                lines = [(one["speaker"], one["text"]) for one in turns]
                yield from (lines, lines[::-1])


def loops() -> Iterator[tuple[str, int, list[Talk]]]:
    """Each set's name, the line after which its loops begin, and its loops."""
    yield "made", 0, [talks.loop(random.Random(seed)) for seed in range(MADE)]
    for use in ("fit", "kept"):
        for language in sets.PAIRS:
            yield f"{use} {language}", 0, list(sets.loops(use, language).values())
            late = list(sets.late_loops(use, language).values())
            yield f"{use} {language}, late", sets.START, late
    for words in (talks_seen, talks_fitted, talks_unseen, talks_fresh):
        for language in sets.PAIRS:
            yield (
                f"{words.__name__.rsplit('.')[-1]} {language}",
                0,
                [
                    talk_maker.loop(words, kind, seed)
                    for kind in words.LOOPS
                    for seed in range(SEEDS)
                    if kind.startswith("ja ") == (language == "ja")
                ],
            )


def healthy() -> Iterator[tuple[str, list[Talk]]]:
    """Each set's name, and its talks."""
    yield "made", [talks.healthy(random.Random(seed)) for seed in range(MADE)]
    yield "recorded, forwards and backwards", list(sessions())
    for use in ("fit", "kept"):
        for language in sets.PAIRS:
            yield f"{use} {language}", list(sets.healthy(use, language).values())
    for words in (talks_seen, talks_fitted, talks_unseen, talks_fresh):
        made = [
            talk_maker.healthy(words, kind, seed)
            for kind in words.HEALTHY
            for seed in range(SEEDS_HEALTHY)
        ]
        yield words.__name__.rsplit(".")[-1], made


def main(stops: Stops) -> None:
    """Print a line a set."""
    for name, start, found in loops():
        ends = [stopped_at(one[: start + WITHIN], stops) for one in found]
        _print(name, "loops stopped", (end is not None and end > start for end in ends), len(found))
    for name, found in healthy():
        ends = [stopped_at(one, stops) for one in found]
        _print(name, "healthy stopped", (end is not None for end in ends), len(found))


def _print(name: str, what: str, found: Iterable[bool], of: int) -> None:
    sys.stdout.write(f"{name}: {what} {sum(found)} of {of}\n")


@contextmanager
def _encoder() -> Iterator[Stops]:
    from core.embedding import Encoder
    from core.settings import load_settings

    with tempfile.TemporaryDirectory() as folder:
        settings = load_settings(data_dir=Path(folder))
        settings.paths.prepare()
        encoder = Encoder(settings)
        try:
            yield Meaning(encoder).finds_circles
        finally:
            encoder.close()


if __name__ == "__main__":
    if "--encoder" in sys.argv:
        with _encoder() as asked:
            main(asked)
    else:
        main(goes_in_circles)
