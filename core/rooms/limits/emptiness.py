"""Whether agents have been saying nothing for six lines, by marks that need no list of wordings.

What agents say when they thank, praise, agree or take leave without end has a shape in common,
whichever words they use: hardly a new word of content, no questions, no numbers, the same words
from one line to the next, and phrases that resemble courtesies (`phrasing`). Each line's marks are
numbers; their means over six lines are weighed (`fitted`), English and Japanese apart. The window
slides, so that a loop that begins late is seen as well; but people who talked well take leave in
the same shape, so a talk that is under way must be emptier, and one of long lines emptier still.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

from core.rooms.limits.courtesies import COURTESIES, COURTESIES_JA, STOP_WORDS
from core.rooms.limits.fitted import ENGLISH, JAPANESE
from core.rooms.limits.manners import MANNERS, MANNERS_JA
from core.rooms.limits.phrasing import courteous
from core.rooms.limits.wording import JAPANESE as LETTERS, WORDS, Spoken, folded, stem

WINDOW = 6  # lines
JUDGED = 8  # lines; a talk that is longer is under way
EMPTY_FROM = {False: (1.3, 2.2), True: (1.2, 1.8)}  # log odds: at the beginning, under way
EMPTY_WITH_MEANING = (1.7, 2.3)  # the same, when the meaning of English lines counts, too
LONG_LINES = {False: 6.0, True: 0.0}  # log odds that a window of long lines loses
CLEARLY = 0.5  # log odds of a phrase
COUNTED = 5  # new words of content, at most

_STEMS = frozenset(stem(word) for word in COURTESIES | MANNERS)
_SOUND = re.compile(r"(?:ha|he|lo)+l?|aw+|o+h+|ye+s+|ya+y+|wo+w+|thank.*")
_MANNERED_JA = re.compile(
    "|".join(sorted({*COURTESIES_JA, *MANNERS_JA}, key=lambda one: (-len(one), one)))
)
_PERSONS = """
    i me my mine myself we us our ours im ive you your yours yourself u ya thou thy thee thine ye
"""
_OTHERS = frozenset(_PERSONS.split())
_ASKING = frozenset({"what", "which", "where", "when", "why", "who", "how"})
_NUMBERS = """
    one two three four five six seven eight nine ten eleven twelve hundred thousand million half
    monday tuesday wednesday thursday friday saturday sunday
"""
_NUMBER_WORDS = frozenset(_NUMBERS.split())
_COUNTS = re.compile(
    r"[0-9一二三四五六七八九十百千万]+(?=[時分円個人本枚台冊年月日週回階番匹キセメ度つか])"
)
_ASKING_JA = re.compile(r"か[。？?]?$|[?？]|どこ|いつ|どれ|誰|いくら|何[時分円個人本]|なぜ|どう")
_MATTER_JA = re.compile(r"[\u3400-\u9fff々]{1,2}|[\u30a0-\u30ffー]{2,}")

Marks = Mapping[str, float]
Phrasing = Callable[[str], float]


@dataclass(frozen=True, slots=True)
class _Read:
    """A line by itself: its words of content, and the marks that need no other line."""

    japanese: bool
    matter: frozenset[str]
    asks: bool
    number: bool
    letters: int


def says_nothing(lines: Sequence[Spoken], meaning: float | None = None) -> bool:
    """Whether the newest six of these lines say nothing, all in all.

    `meaning`: the log of the odds that they mean courtesies; `None` where nobody knows.
    """
    if len(lines) < WINDOW or len({line.speaker for line in lines[-WINDOW:]}) < 2:
        return False
    japanese, marks = window(lines)
    bounds = EMPTY_FROM[japanese] if meaning is None else EMPTY_WITH_MEANING
    return score(japanese, marks) + (meaning or 0.0) >= bounds[len(lines) > JUDGED]


def score(japanese: bool, marks: Marks) -> float:
    """How much the marks of a window look like a loop: the log of its odds, and its length."""
    weights = JAPANESE if japanese else ENGLISH
    weighed = sum(weights[name] * value for name, value in marks.items())
    return weights["bias"] + weighed - LONG_LINES[japanese] * marks["long"]


def window(lines: Sequence[Spoken], phrasing: Phrasing = courteous) -> tuple[bool, Marks]:
    """Whether the last `WINDOW` lines are Japanese, and their marks, in view of those before."""
    texts = without_names(lines)
    read = [_read(text) for text in texts]
    newest = read[-WINDOW:]
    fresh = _fresh(read)[-WINDOW:]
    phrases = sorted(phrasing(text) for text in texts[-WINDOW:])
    marks = {
        "word": _mean(phrases),
        "second": phrases[1],
        "telling": _mean([one < -CLEARLY for one in phrases]),
        "empty": _mean([one > CLEARLY for one in phrases]),
        "long": _mean([min(max(one.letters - 35, 0) / 35, 1) for one in newest]),
        "short": _mean([min(max(20 - one.letters, 0) / 15, 1) for one in newest]),
        "asks": _mean([one.asks for one in newest]),
        "number": _mean([one.number for one in newest]),
        "new": _mean([min(new, COUNTED) / 3 for new in fresh]),
        "old": _mean(
            [1 - new / (len(one.matter) or 1) for one, new in zip(newest, fresh, strict=True)]
        ),
        **_topic(newest),
    }
    return sum(one.japanese for one in newest) * 2 >= WINDOW, marks


def _topic(newest: Sequence[_Read]) -> Marks:
    """In how many lines the most frequent word of content is, and how many words there are."""
    said = Counter(word for one in newest for word in one.matter)
    most = max(said.values(), default=0)
    return {"topic": most / WINDOW, "matter": math.log(1 + len(said))}


def _fresh(read: Sequence[_Read]) -> list[int]:
    """For each line, how many words of content it is the first to say."""
    known: set[str] = set()
    found = []
    for one in read:
        found.append(len(one.matter - known))
        known |= one.matter
    return found


def _mean(values: Sequence[float]) -> float:
    return sum(values) / len(values)


def without_names(lines: Sequence[Spoken]) -> list[str]:
    """The folded texts of these lines, without the names of those who speak."""
    names = {folded(line.speaker) for line in lines}
    called = re.compile(
        "|".join(
            rf"(?<![a-z]){re.escape(name)}(?:さん|(?![a-z]))"
            for name in sorted(names, key=len, reverse=True)
        )
    )
    return [called.sub(" ", folded(line.text)) for line in lines]


@lru_cache(maxsize=4096)
def _read(text: str) -> _Read:
    return _read_japanese(text) if LETTERS.search(text) else _read_english(text)


def _read_english(text: str) -> _Read:
    words = WORDS.findall(text)
    parts = [part for word in words for part in word.split("'")]
    said = [base for word in words if (base := word.split("'")[0]) not in STOP_WORDS]
    matter = frozenset(
        stem(word) for word in said if len(word) > 1 and word not in _OTHERS and not _mannered(word)
    )
    return _Read(
        japanese=False,
        matter=matter,
        asks="?" in text and bool(matter or any(part in _ASKING for part in parts)),
        number=any(c.isdigit() for c in text) or any(one in _NUMBER_WORDS for one in parts),
        letters=len("".join(text.split())),
    )


def _read_japanese(text: str) -> _Read:
    rest = _MANNERED_JA.sub(" ", text)
    return _Read(
        japanese=True,
        matter=frozenset(_MATTER_JA.findall(rest)),
        asks=bool(_ASKING_JA.search(rest)),
        number=any(c.isdigit() for c in text) or bool(_COUNTS.search(rest)),
        letters=len("".join(text.split())),
    )


def _mannered(word: str) -> bool:
    return word in COURTESIES or stem(word) in _STEMS or bool(_SOUND.fullmatch(word))
