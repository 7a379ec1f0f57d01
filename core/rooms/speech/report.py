"""What `Message.speech` says, read back: it may come from a room that was imported."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from core.rooms.speech.tone import Heard

SPEAKER, TEMPLATE, FILTER = "speaker", "template", "filter"
_SUBJECTS = {SPEAKER: "name", TEMPLATE: "mark", FILTER: "rule"}


@dataclass(frozen=True, slots=True)
class Cut:
    """Why a reply was ended: `kind` is one of the words above, `subject` whom or what it met."""

    kind: str
    subject: str


@dataclass(frozen=True, slots=True)
class Report:
    """`masked` counts by rule; `slow` are rules that took too long. What cannot be read is left."""

    cut: Cut | None = None
    masked: Mapping[str, int] = field(default_factory=dict)
    slow: tuple[str, ...] = ()
    tone: Heard | None = None

    @classmethod
    def of(cls, speech: Mapping[str, Any] | None) -> Report:
        """The report of a message's `speech`."""
        found = speech or {}
        masked, slow = found.get("masked"), found.get("slow")
        counted = masked.items() if isinstance(masked, Mapping) else ()
        return cls(
            _cut(found.get("cut")),
            {str(rule): n for rule, n in counted if isinstance(n, int) and n > 0},
            tuple(str(rule) for rule in slow) if isinstance(slow, list) else (),
            _tone(found.get("tone")),
        )


def _cut(found: Any) -> Cut | None:
    if not isinstance(found, Mapping) or found.get("kind") not in _SUBJECTS:
        return None
    kind = str(found["kind"])
    return Cut(kind, str(found.get(_SUBJECTS[kind], "")))


def _tone(found: Any) -> Heard | None:
    match found:
        case {"expected": str(expected), "held": int(held), "of": int(of)} if 0 <= held <= of > 0:
            return Heard(expected, held, of)
    return None
