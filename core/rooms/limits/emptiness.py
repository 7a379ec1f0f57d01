"""Whether a talk has been empty from its beginning, by marks of its lines that need no wordings.

What agents say when they thank, praise, agree or take leave without end has a shape in common,
whichever words they use: hardly a new word of content, no questions, no numbers, much of "you"
and "me", or the same letters again. Each line's marks are numbers; their means over six lines
are weighed (`fitted`), English and Japanese apart. Only the beginning of a talk is judged so:
people who talked well take leave in the same shape.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from core.rooms.limits.courtesies import COURTESIES, COURTESIES_JA, STOP_WORDS
from core.rooms.limits.fitted import ENGLISH, JAPANESE
from core.rooms.limits.manners import MANNERS, MANNERS_JA
from core.rooms.limits.wording import JAPANESE as LETTERS, WORDS, Spoken, folded, stem

WINDOW = 6  # lines
JUDGED = 8  # lines; later it is others' turn to judge
EMPTY_FROM, EMPTY_FROM_JA = 0.2, 0.95  # the score of a window: the log of its odds
RICH, RICH_JA = 4, 3  # new words of content in a line: it tells something
SOMETHING = 2  # new words of content: it may tell something
COUNTED = 5  # new words of content, at most

_STEMS = frozenset(stem(word) for word in COURTESIES | MANNERS)
_SOUND = re.compile(r"(?:ha|he|lo)+l?|aw+|o+h+|ye+s+|ya+y+|wo+w+|thank.*")
_MANNERED_JA = re.compile(
    "|".join(sorted({*COURTESIES_JA, *MANNERS_JA}, key=lambda one: (-len(one), one)))
)
_WORDS = {
    "me": "i me my mine myself we us our ours im ive ye",
    "you": "you your yours yourself u ya thou thy thee thine ye",
    "where": (
        "the a an in on at from into under over behind beside near through between across of by"
        " after before until during with"
    ),
    "third": "he him his she her hers they them their it its there",
}
_WORDS_OF = {name: frozenset(words.split()) for name, words in _WORDS.items()}
_ASKING = frozenset({"what", "which", "where", "when", "why", "who", "how"})
_NUMBERS = """
    one two three four five six seven eight nine ten eleven twelve hundred thousand million half
    monday tuesday wednesday thursday friday saturday sunday
"""
_NUMBER_WORDS = frozenset(_NUMBERS.split())
_COUNTS = re.compile(
    r"[0-9一二三四五六七八九十百千万]+(?=[時分円個人本枚台冊年月日週回階番匹キセメ度つか])"
)
_POLITE = re.compile(
    r"[おご御](?=[\u3400-\u9fff])|ござい|いただ|頂|くださ|下さ|いたし|申し|ます|です"
    r"|ね[。！ぇー]?|よ[。！]|ー[。！]"
)
_ASKING_JA = re.compile(r"か[。？?]?$|[?？]|どこ|いつ|どれ|誰|いくら|何[時分円個人本]|なぜ|どう")
_MATTER_JA = re.compile(r"[\u3400-\u9fff々]{1,2}|[\u30a0-\u30ffー]{2,}")
_BLANK = re.compile(r"[\s\W]+")

_MANNERED = ("courtesy", "you", "me")

Marks = Mapping[str, float]


@dataclass(frozen=True, slots=True)
class _Read:
    """A line by itself: its content, and the marks that need no other line."""

    japanese: bool
    matter: frozenset[str]
    grams: frozenset[str]
    marks: Marks


@dataclass(slots=True)
class _Talk:
    """What has been said so far."""

    known: set[str] = field(default_factory=set)
    before: list[frozenset[str]] = field(default_factory=list)

    def hear(self, line: _Read) -> Marks:
        """The marks of the next line, those among the lines before it too."""
        new, count = line.matter - self.known, len(line.matter)
        marks = {
            **line.marks,
            "new": min(len(new), COUNTED) / 3,
            "rich": float(len(new) >= (RICH_JA if line.japanese else RICH)),
            "none_new": float(not new),
            "plain": float(bool(new) and not any(line.marks[one] for one in _MANNERED)),
            "old": (count - len(new)) / count if count else 1.0,
            "alike": max((_shared(line.grams, one) for one in self.before), default=0.0),
        }
        self.known |= line.matter
        self.before.append(line.grams)
        return marks


def empty_from_the_start(lines: Sequence[Spoken]) -> bool:
    """Whether the newest lines of a talk that has just begun say nothing, all in all."""
    if not WINDOW <= len(lines) <= JUDGED:
        return False
    if len({line.speaker for line in lines[-WINDOW:]}) < 2:
        return False
    japanese, _means = window(lines)
    return score(lines) >= (EMPTY_FROM_JA if japanese else EMPTY_FROM)


def score(lines: Sequence[Spoken]) -> float:
    """How much the last `WINDOW` lines look like a loop: the log of its odds."""
    japanese, marks = window(lines)
    if tells(lines):
        return -math.inf
    weights = JAPANESE if japanese else ENGLISH
    return weights["bias"] + sum(weights[name] * value for name, value in marks.items())


def window(lines: Sequence[Spoken]) -> tuple[bool, Marks]:
    """Whether the last `WINDOW` lines are Japanese, and the means of their marks."""
    read, marks = _marks(lines)
    newest = marks[-WINDOW:]
    means = {name: sum(one[name] for one in newest) / len(newest) for name in newest[0]}
    return sum(one.japanese for one in read[-WINDOW:]) * 2 >= len(newest), means


def tells(lines: Sequence[Spoken]) -> bool:
    """Whether the last `WINDOW` lines tell or ask too much for a loop, whatever else they are.

    Two that tell much or three that tell something are enough; the very first line may. Of
    Japanese, where courtesies hardly ever ask, two questions are enough, too.
    """
    read, marks = _marks(lines)
    later = marks[1:] if len(lines) <= WINDOW else marks[-WINDOW:]
    asked = [one["asks"] for one, line in zip(marks, read, strict=True) if line.japanese]
    much = sum(one["rich"] for one in later)
    something = sum(one["new"] * 3 >= SOMETHING - 0.5 for one in later)
    return much >= 2 or something >= 2 or sum(asked[-WINDOW:]) >= 2


def _marks(lines: Sequence[Spoken]) -> tuple[list[_Read], list[Marks]]:
    names = sorted({folded(line.speaker) for line in lines}, key=len, reverse=True)
    called = re.compile(
        "|".join(rf"(?<![a-z]){re.escape(name)}(?:さん|(?![a-z]))" for name in names)
    )
    talk = _Talk()
    read = [_read(called.sub(" ", folded(line.text))) for line in lines]
    return read, [talk.hear(one) for one in read]


def _read(text: str) -> _Read:
    return _read_japanese(text) if LETTERS.search(text) else _read_english(text)


def _read_english(text: str) -> _Read:
    words = WORDS.findall(text)
    parts = [part for word in words for part in word.split("'")]
    said = [base for word in words if (base := word.split("'")[0]) not in STOP_WORDS]
    courteous = [word for word in said if _courteous(word)]
    other = _WORDS_OF["you"] | _WORDS_OF["me"]
    matter = {
        stem(word) for word in said if not _courteous(word) and word not in other and len(word) > 1
    }
    asks = "?" in text and bool(matter or any(part in _ASKING for part in parts))
    count = len(parts) or 1
    marks = {
        "courtesy": len(courteous) / count,
        **{name: sum(part in those for part in parts) / count for name, those in _WORDS_OF.items()},
        "asks": float(asks),
        "number": float(
            any(c.isdigit() for c in text) or any(one in _NUMBER_WORDS for one in parts)
        ),
    }
    return _Read(False, frozenset(matter), _grams(text, 3), marks)


def _read_japanese(text: str) -> _Read:
    rest = _MANNERED_JA.sub(" ", text)
    letters = len(_BLANK.sub("", text)) or 1
    units = letters / 4  # a word has about four letters
    matter: set[str] = set()
    for run in _MATTER_JA.findall(rest):
        matter.add(run)
    marks = {
        "courtesy": 1 - len(_BLANK.sub("", rest)) / letters,
        "you": len(_POLITE.findall(text)) / units,
        "me": 0.0,
        "where": 0.0,
        "third": 0.0,
        "asks": float(bool(_ASKING_JA.search(rest))),
        "number": float(any(c.isdigit() for c in text) or bool(_COUNTS.search(rest))),
    }
    return _Read(True, frozenset(matter), _grams(text, 2), marks)


def _courteous(word: str) -> bool:
    return word in COURTESIES or stem(word) in _STEMS or bool(_SOUND.fullmatch(word))


def _grams(text: str, size: int) -> frozenset[str]:
    dense = _BLANK.sub("", text)
    return frozenset(dense[at : at + size] for at in range(len(dense) - size + 1))


def _shared(one: frozenset[str], other: frozenset[str]) -> float:
    return len(one & other) / (min(len(one), len(other)) or 1)
