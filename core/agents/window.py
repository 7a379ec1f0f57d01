"""Which lines of a talk a model is shown: the last ones that fit, from a steady beginning on."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol, TypeVar

from core.providers.tokens import MESSAGE_TOKENS

# Lines leave the window this many at a time, so that the prompt's beginning stays the same for
# several turns and servers can reuse what they have read of it.
WINDOW_STEP = 8
# A transcript as long as this may have lost its beginning; a shorter one is all there is.
LONG_LINES = 64

Count = Callable[[str], int]


class Heard(Protocol):
    """What somebody said: a message, or a line of a transcript."""

    @property
    def seq(self) -> int: ...
    @property
    def sender(self) -> str: ...
    @property
    def content(self) -> str: ...


Line = TypeVar("Line", bound=Heard)
Cost = Callable[[Heard], int]


def line_tokens(line: Heard, count: Count) -> int:
    """What a line costs, its speaker's name and the marks around it included."""
    return count(line.content) + count(line.sender) + MESSAGE_TOKENS


def cost_by(count: Count) -> Cost:
    """`line_tokens` for the lines of one transcript, each counted once when it is wanted."""
    known: dict[int, int] = {}

    def cost(line: Heard) -> int:
        found = known.get(line.seq)
        if found is None:
            found = known[line.seq] = line_tokens(line, count)
        return found

    return cost


def window(transcript: Sequence[Line], budget: int, cost: Cost) -> Sequence[Line]:
    """The last lines within `budget` tokens, the very last in any case.

    What comes before the first line of a long transcript has left already: unless that is the
    first of the room, the window begins at a step there, too.
    """
    start = len(transcript)
    while start > 0:
        budget -= cost(transcript[start - 1])
        if budget < 0:
            break
        start -= 1
    return transcript[min(steady(transcript, start, WINDOW_STEP), len(transcript) - 1) :]


def steady(lines: Sequence[Heard], start: int, step: int) -> int:
    """The first place from `start` on that stays the same while `step` more lines are said.

    Counted by seq, not by position, so that the next turn cuts at the same line, also when some
    were deleted.
    """
    if start >= len(lines) or (start == 0 and len(lines) < LONG_LINES):
        return start
    gone = lines[start - 1].seq if start else lines[0].seq - 1
    begun = -(-gone // step)  # the block that has lost lines
    while start < len(lines) and -(-lines[start].seq // step) == begun and gone % step:
        start += 1
    return start


def tail(text: str, budget: int, count: Count) -> str:
    """The end of a text that alone is too long."""
    while text and (tokens := count(text)) > budget:
        text = text[len(text) - max(1, len(text) * max(budget, 0) // tokens) + 1 :]
    return text
