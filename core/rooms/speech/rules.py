"""What a rule file says, ready for use."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from core.rooms.speech.patterns import Pattern

Action = Literal["mask", "cut"]


@dataclass(frozen=True, slots=True)
class Filter:
    """One thing that must not be said.

    `shown` stands in its place when the action is "mask"; "cut" ends the reply there. `check`
    looks at what the pattern found.
    """

    name: str
    pattern: Pattern
    shown: str
    action: Action = "mask"
    check: Callable[[str], bool] | None = None


@dataclass(frozen=True, slots=True)
class FilterGroup:
    """Filters that are switched on together. `title` and `about` have a text per language."""

    name: str
    title: Mapping[str, str]
    about: Mapping[str, str]
    filters: tuple[Filter, ...]


@dataclass(frozen=True, slots=True)
class ToneCheck:
    """What a sentence, or a whole reply, must have, must never have, or how long it may be.

    `longest` counts words, or characters in Japanese.
    """

    must: Pattern | None = None
    never: Pattern | None = None
    longest: int | None = None


@dataclass(frozen=True, slots=True)
class ToneRules:
    """How a tone sounds in one language. Sentences that `skip` finds say nothing about it."""

    sentence: tuple[ToneCheck, ...] = ()
    reply: tuple[ToneCheck, ...] = ()
    skip: Pattern | None = None


@dataclass(frozen=True, slots=True)
class Tone:
    """A tone: the words by which agents name it, and its rules per language code."""

    name: str
    words: frozenset[str]
    languages: Mapping[str, ToneRules]


@dataclass(frozen=True, slots=True)
class Rules:
    """Everything that one file says."""

    groups: tuple[FilterGroup, ...] = ()
    tones: tuple[Tone, ...] = ()

    def filters(self, names: Sequence[str]) -> tuple[Filter, ...]:
        """The filters of the groups of these names, in the file's order."""
        chosen = [group.filters for group in self.groups if group.name in names]
        return tuple(one for group in chosen for one in group)
