"""Words: every text is in every catalogue, with the same fields, and compiled."""

from __future__ import annotations

import string
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog, Message
from babel.messages.extract import extract_from_dir
from babel.messages.mofile import read_mo
from babel.messages.pofile import read_po

from core.errors import RoomNotFound, ServerAway, explain
from core.paths import LOCALES, PROJECT
from core.text import LANGUAGES, _, choose_language, language, ngettext, speaking, translate

KEYWORDS = {"_": None, "N_": None, "ngettext": (1, 2)}
SOURCES = [("core/**.py", "python"), ("pages/**.py", "python"), ("streamlit_app.py", "python")]


def _used() -> dict[str, str]:
    """Each text (or pair of one and many) and where it is used."""
    found: dict[str, str] = {}
    for file, line, message, *_rest in extract_from_dir(
        PROJECT, method_map=SOURCES, keywords=KEYWORDS, directory_filter=_ours
    ):
        key = message[0] if isinstance(message, tuple) else message
        found[key] = f"{file}:{line}"
    return found


def _ours(folder: str) -> bool:
    return Path(folder).name not in {".venv", "data", "node_modules", ".git"}


def _po(code: str) -> Catalog:
    with (LOCALES / code / "LC_MESSAGES" / "engawa.po").open("rb") as file:
        return read_po(file, locale=code)


@pytest.mark.parametrize("code", LANGUAGES)
def test_no_text_is_missing(code):
    catalogue = _po(code)
    missing = [
        f"{place}: {text}"
        for text, place in _used().items()
        if catalogue.get(text) is None or not catalogue.get(text).string
    ]
    assert missing == []


@pytest.mark.parametrize("code", LANGUAGES)
def test_fields_are_the_same_in_translation(code):
    for message in _po(code):
        if not message.id:
            continue
        one = message.id if isinstance(message.id, str) else message.id[1]
        texts = [message.string] if isinstance(message.string, str) else message.string
        for text in texts:
            assert _names(text) <= _names(one), text
            assert _names(one) - _names(text) <= {"n"}, text


def _names(text: str) -> set[str]:
    return {name for _text, name, _spec, _conv in string.Formatter().parse(text) if name}


@pytest.mark.parametrize("code", LANGUAGES)
def test_the_compiled_catalogue_is_the_written_one(code):
    with (LOCALES / code / "LC_MESSAGES" / "engawa.mo").open("rb") as file:
        compiled = {_key(one): _said(one) for one in read_mo(file) if one.id}
    written = {_key(one): _said(one) for one in _po(code) if one.id}
    assert compiled == {key: text for key, text in written.items() if any(text)}


def _key(message: Message) -> str:
    return message.id if isinstance(message.id, str) else message.id[0]


def _said(message: Message) -> list[str]:
    return [message.string] if isinstance(message.string, str) else list(message.string)


def test_a_code_is_translated_where_it_is_shown():
    error = RoomNotFound(room="Engawa")
    assert error.message("en") == "There is no room “Engawa”."
    assert error.message("ja") != error.message("en")
    with speaking("ja"):
        assert str(error) == error.message("ja")
        assert language() == "ja"
    assert language() == "en"


def test_a_value_is_never_read_as_a_format():
    error = RoomNotFound(room="{0.__class__} {room.__init__} %s")
    assert "{0.__class__}" in error.message("en")
    assert "{missing}" in translate("{missing} {there}", "en", {"there": 1})


def test_a_reason_is_stored_without_words():
    reason = ServerAway(model="m", server="s").reason()
    assert set(reason.params) == {"model", "server"}
    assert explain(reason, "en").startswith("m is away")


@pytest.mark.parametrize(
    ("candidates", "chosen"),
    [
        (("ja", "en"), "ja"),
        ((None, "ja"), "ja"),
        ((None, None, "ja-JP,ja;q=0.9,en;q=0.8"), "ja"),
        (("fr-FR,en;q=0.5,ja;q=0.7",), "ja"),
        (("fr", ""), "en"),
        (("xx;q=abc",), "en"),
    ],
)
def test_the_language_is_the_first_that_is_spoken(candidates, chosen):
    assert choose_language(*candidates) == chosen


def test_numbers_choose_the_form():
    assert ngettext("{n} room", "{n} rooms", 1) == "1 room"
    assert ngettext("{n} room", "{n} rooms", 2) == "2 rooms"
    assert _("no such text {x}", x=1) == "no such text 1"
