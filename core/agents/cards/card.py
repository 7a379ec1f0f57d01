"""A character card as it was read: its JSON untouched, its picture, the files that came along."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from core.agents.cards.faults import Said, invalid
from core.text import N_, words

V1, V2, V3 = "chara_card_v1", "chara_card_v2", "chara_card_v3"
VERSIONS = {V2: "2.0", V3: "3.0"}

TEXTS = (
    "name",
    "description",
    "personality",
    "scenario",
    "first_mes",
    "mes_example",
    "creator_notes",
    "system_prompt",
    "post_history_instructions",
    "creator",
    "character_version",
    "nickname",
)
TEXT_LISTS = ("alternate_greetings", "tags", "group_only_greetings")
_FIRST = ("description", "personality", "scenario", "first_mes", "mes_example")


@dataclass(frozen=True, slots=True)
class Card:
    """`raw` is the whole JSON and is never changed. `image` is a picture without any card in it.

    `assets` are the other files of a charx, by their path in it.
    """

    raw: Mapping[str, Any]
    image: bytes | None = None
    assets: Mapping[str, bytes] = field(default_factory=dict)

    @property
    def spec(self) -> str:
        """`chara_card_v2`, `chara_card_v3`, or `chara_card_v1` for the flat form before them."""
        return str(self.raw["spec"]) if "data" in self.raw else V1

    @property
    def data(self) -> Mapping[str, Any]:
        """Where the fields stand."""
        inner: Mapping[str, Any] = self.raw if self.spec == V1 else self.raw["data"]
        return inner

    def text(self, name: str) -> str:
        """A text field; "" when it is absent."""
        return self.data.get(name) or ""

    def texts(self, name: str) -> list[str]:
        """A list of texts; empty when it is absent."""
        return self.data.get(name) or []

    @property
    def extensions(self) -> Mapping[str, Any]:
        return self.data.get("extensions") or {}


def checked(raw: dict[str, Any], file: str) -> Card:
    """The card in `raw`. Absent and `null` fields are fine, unknown ones are kept.

    Raises:
        CardInvalid: naming the field that is not what the specification says.
    """
    prefix = _prefix(raw, file)
    card = Card(raw)
    for name in TEXTS:
        _expect(card.data.get(name), str, file, prefix + name, words(N_("a text")))
    for name in TEXT_LISTS:
        _check_texts(card.data.get(name), file, prefix + name)
    _expect(card.data.get("extensions"), dict, file, prefix + "extensions", _OBJECT)
    _check_book(card.data.get("character_book"), file, prefix + "character_book")
    if not card.text("name").strip():
        raise invalid(file, prefix + "name", words(N_("a name")), words(N_("none")))
    return card


_OBJECT = words(N_("an object"))
_LIST = words(N_("a list"))


def _prefix(raw: dict[str, Any], file: str) -> str:
    spec = raw.get("spec")
    if isinstance(spec, str) and spec in VERSIONS:
        _expect(raw.get("data", ""), dict, file, "data", _OBJECT)
        return "data."
    if spec is not None or "data" in raw:
        raise invalid(file, "spec", f"{V2}, {V3}", repr(spec))
    if "name" not in raw or not any(name in raw for name in _FIRST):
        raise invalid(file, "spec", f"{V2}, {V3}", words(N_("none")))
    return ""


def _check_texts(value: Any, file: str, field: str) -> None:
    _expect(value, list, file, field, _LIST)
    for number, one in enumerate(value or ()):
        if not isinstance(one, str):
            raise invalid(file, f"{field}[{number}]", words(N_("a text")), repr(one))


def _check_book(book: Any, file: str, field: str) -> None:
    _expect(book, dict, file, field, _OBJECT)
    if not book:
        return
    _expect(book.get("entries", ""), list, file, f"{field}.entries", _LIST)
    for number, entry in enumerate(book["entries"]):
        if not isinstance(entry, dict):
            raise invalid(file, f"{field}.entries[{number}]", _OBJECT, repr(entry))


def _expect(value: Any, kind: type, file: str, field: str, expected: Said) -> None:
    if value is not None and not isinstance(value, kind):
        raise invalid(file, field, expected, repr(value) if value != "" else words(N_("none")))
