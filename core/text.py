"""Words for people, in their language.

Core raises codes with parameters; a sentence is chosen and translated where it is shown.
`_` translates at once in the current language, `N_` only marks a text for the catalogues.
The current language is a context variable, so two sessions never share one.
"""

from __future__ import annotations

import gettext
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from functools import lru_cache

from core.paths import LOCALES

LANGUAGES: dict[str, str] = {"en": "English", "ja": "日本語"}
DEFAULT_LANGUAGE = "en"
DOMAIN = "engawa"

_current: ContextVar[str] = ContextVar("language", default=DEFAULT_LANGUAGE)


def N_(text: str) -> str:
    """Mark `text` for the catalogues and return it unchanged."""
    return text


def _(text: str, /, **params: object) -> str:
    """Translate `text` into the current language and fill its `{name}` fields."""
    return translate(text, _current.get(), params)


@dataclass(frozen=True, slots=True)
class Words:
    """A piece of a sentence that is translated together with it: "1 to {limit} characters".

    Given as a parameter of an error or a text; `str()` is its English form.
    """

    text: str
    params: Mapping[str, object] = field(default_factory=dict)

    def __str__(self) -> str:
        return translate(self.text, DEFAULT_LANGUAGE, self.params)


def words(text: str, /, **params: object) -> Words:
    """`Words` of a text that the caller marked with `N_`."""
    return Words(text, params)


def ngettext(one: str, many: str, count: int, /, **params: object) -> str:
    """Translate by number; `{n}` is the count."""
    chosen = _catalogue(_current.get()).ngettext(one, many, count)
    return _fill(chosen, {"n": count, **params}, _current.get())


def translate(text: str, language: str, params: Mapping[str, object] | None = None) -> str:
    """Translate `text` into `language`; an unknown language or text falls back to English."""
    translated = _catalogue(language).gettext(text) if text else ""
    return _fill(translated, params or {}, language)


def language() -> str:
    """The current language's code."""
    return _current.get()


def set_language(code: str) -> None:
    """Choose the language of this context (thread or task)."""
    _current.set(code if code in LANGUAGES else DEFAULT_LANGUAGE)


@contextmanager
def speaking(code: str) -> Iterator[None]:
    """Use `code` inside the block."""
    token = _current.set(code if code in LANGUAGES else DEFAULT_LANGUAGE)
    try:
        yield
    finally:
        _current.reset(token)


def choose_language(*candidates: str | None) -> str:
    """The first candidate that Engawa speaks: saved choice, then environment, then browser.

    A candidate may be a code ("ja"), a locale ("ja-JP") or an Accept-Language header.
    """
    for candidate in candidates:
        for code in _codes(candidate or ""):
            if code in LANGUAGES:
                return code
    return DEFAULT_LANGUAGE


def _codes(header: str) -> Iterable[str]:
    ranked: list[tuple[float, int, str]] = []
    for position, part in enumerate(header.split(",")):
        tag, _sep, quality = part.strip().partition(";q=")
        try:
            weight = float(quality or 1)
        except ValueError:
            weight = 0.0
        code = tag.replace("_", "-").split("-")[0].strip().lower()
        ranked.append((-weight, position, code))
    return [code for _weight, _position, code in sorted(ranked)]


@lru_cache(maxsize=8)
def _catalogue(code: str) -> gettext.NullTranslations:
    return gettext.translation(DOMAIN, LOCALES, languages=[code], fallback=True)


class _Lenient(dict[str, object]):
    def __missing__(self, key: str) -> str:
        return "{" + key + "}"


def _fill(text: str, params: Mapping[str, object], language: str) -> str:
    # str.format would let a value's attributes be reached; values are made strings first.
    if not params:
        return text
    values = {name: _said(value, language) for name, value in params.items()}
    return text.format_map(_Lenient(values))


def _said(value: object, language: str) -> str:
    if isinstance(value, Words):
        return translate(value.text, language, value.params)
    return str(value)
