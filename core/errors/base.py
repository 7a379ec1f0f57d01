"""The root of all errors, and how a stored one is put into words again."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from core.messages import Reason
from core.text import N_, language, translate


class WorkbenchError(Exception):
    """The root. `status` is the HTTP status that the API answers with."""

    code: ClassVar[str] = "error"
    status: ClassVar[int] = 400
    text: ClassVar[str] = N_("That did not work: {detail}.")
    next_step: ClassVar[str] = N_("Please try again.")

    def __init__(self, **params: Any) -> None:
        self.params: dict[str, Any] = params
        super().__init__(self.message())

    @property
    def retry_after_s(self) -> int:
        """When the same may succeed: the API's Retry-After for 429 and 503."""
        return 1

    def message(self, lang: str | None = None) -> str:
        """What happened, in `lang` (default: the current language)."""
        return _in_words(self.text, self.params, lang or language())

    def hint(self, lang: str | None = None) -> str:
        """What to do next."""
        return _in_words(self.next_step, self.params, lang or language())

    def reason(self) -> Reason:
        """This error as data, to be stored with a message and put into words later."""
        return Reason(self.code, {name: _stored(value) for name, value in self.params.items()})

    def as_dict(self, lang: str | None = None) -> dict[str, str]:
        return {"code": self.code, "message": self.message(lang), "hint": self.hint(lang)}

    def __str__(self) -> str:
        return self.message()


def by_code(code: str) -> type[WorkbenchError]:
    """The error class with this code; the root for an unknown one (of a newer version, say)."""
    return _classes().get(code, WorkbenchError)


def explain(reason: Reason, lang: str | None = None) -> str:
    """A stored reason in words, for example below a failed reply."""
    return _in_words(by_code(reason.code).text, reason.params, lang or language())


def _in_words(text: str, params: Mapping[str, Any], lang: str) -> str:
    spoken = {name: _phrase(value, lang) for name, value in params.items()}
    return translate(text, lang, spoken)


def _phrase(value: Any, lang: str) -> Any:
    """A parameter as it stands inside a sentence; a reason becomes a sentence of its own."""
    match value:
        case WorkbenchError():
            inner = value.message(lang)
        case Reason():
            inner = explain(value, lang)
        case {"code": str(code), "params": Mapping() as params}:
            inner = explain(Reason(code, params), lang)
        case _:
            return value
    return inner.rstrip(".。")


def _stored(value: Any) -> Any:
    """A parameter in the form that is kept: text, or an inner reason as {"code", "params"}."""
    if isinstance(value, WorkbenchError):
        value = value.reason()
    if isinstance(value, Reason):
        return {"code": value.code, "params": dict(value.params)}
    return str(value)


def _classes() -> dict[str, type[WorkbenchError]]:
    found: dict[str, type[WorkbenchError]] = {}
    waiting: list[type[WorkbenchError]] = [WorkbenchError]
    while waiting:
        error = waiting.pop()
        found[error.code] = error
        waiting.extend(error.__subclasses__())
    return found
