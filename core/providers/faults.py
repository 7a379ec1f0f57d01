"""What a model server said, as one of our errors.

Ollama's statuses do not sort its errors: a wrong option is a 500, a missing weight file a 400,
and after the first byte everything is a 200 with an error line. So the text is looked at first,
the status second. The wordings are those of real servers (0.24 to 0.40).
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from core.errors import (
    ModelMissing,
    ModelRefused,
    OutOfMemory,
    ProviderError,
    RunnerGone,
    ServerBusy,
    ServerFault,
)

DETAIL_LIMIT = 300
PASSING_STATUSES = frozenset({429, 500, 502, 503})

_Make = Callable[[str, str], ProviderError]


def _refused(model: str, detail: str) -> ProviderError:
    return ModelRefused(model=model, detail=detail)


def _faulty(model: str, detail: str) -> ProviderError:
    return ServerFault(model=model, detail=detail)


def _too_big(model: str, detail: str) -> ProviderError:
    return OutOfMemory(model=model, detail=detail)


def _gone(model: str, detail: str) -> ProviderError:
    return RunnerGone(model=model, detail=detail)


def _missing(model: str, _detail: str) -> ProviderError:
    return ModelMissing(model=model)


def _busy(model: str, _detail: str) -> ProviderError:
    return ServerBusy(model=model)


# Wording → (error, whether the same request may succeed a moment later). The first match wins.
_WORDINGS: tuple[tuple[str, _Make, bool], ...] = (
    (
        r"requires more system memory|out of memory|cudaMalloc failed|failed to allocate"
        r"|not enough memory|unable to allocate",
        _too_big,
        False,
    ),
    (r"server busy|maximum pending requests", _busy, True),
    (r"^model ['\"].*['\"] not found", _missing, False),
    (r"error was encountered while running the model|runner process has terminated", _gone, True),
    (r"exceeds file size|not in GGUF format|invalid file magic", _faulty, False),
    (
        r"does not support|must be of type|invalid (format|JSON schema|model name|input type)"
        r"|exceeds the context length|is required|missing request body|invalid duration"
        r"|invalid think value|looks like object",
        _refused,
        False,
    ),
)


@dataclass(frozen=True, slots=True)
class Fault:
    """One failed request. `again`: it may succeed in a moment; `after_s`: the server says when."""

    error: ProviderError
    again: bool = False
    after_s: float | None = None


def from_text(model: str, text: str) -> ProviderError:
    """The error for a line `{"error": text}` inside a stream that began with 200."""
    found = _by_wording(model, shortened(text))
    return found.error if found else ServerFault(model=model, detail=shortened(text))


def from_response(model: str, status: int, body: bytes, headers: dict[str, str]) -> Fault:
    """The error for an answer that is not a 200. `headers` have lower-case names."""
    if 300 <= status < 400:
        return Fault(_redirected(model, headers.get("location", "")))
    text = _error_text(body)
    found = _by_wording(model, shortened(text)) if text else None
    fault = found or _by_status(model, status, text)
    return Fault(
        fault.error,
        again=fault.again and status in PASSING_STATUSES,
        after_s=retry_after_s(headers.get("retry-after")),
    )


def retry_after_s(value: str | None) -> float | None:
    """The seconds of a Retry-After header, given as a number or a date; `None` for neither."""
    if not value:
        return None
    try:
        return max(0.0, float(value)) if float(value) < 1e6 else None
    except ValueError:
        pass
    try:
        when = parsedate_to_datetime(value)
    except ValueError:
        return None
    if when.tzinfo is None:
        when = when.replace(tzinfo=UTC)
    return max(0.0, (when - datetime.now(UTC)).total_seconds())


def shortened(text: str) -> str:
    """The text of a server, fit to stand in a sentence: one line, no closing full stop."""
    line = " ".join("".join(c if c.isprintable() else " " for c in text).split())
    return line[:DETAIL_LIMIT].rstrip(".。")


def _redirected(model: str, location: str) -> ProviderError:
    return ServerFault(model=model, detail=f"it redirects to “{shortened(location)}”")


def _by_wording(model: str, text: str) -> Fault | None:
    for pattern, make, again in _WORDINGS:
        if re.search(pattern, text, re.IGNORECASE):
            return Fault(make(model, text), again=again)
    return None


def _by_status(model: str, status: int, text: str) -> Fault:
    detail = shortened(text)
    if status == 403 and not text:
        return Fault(ServerFault(model=model, detail=_FOREIGN))
    if status in (429, 503):
        return Fault(ServerBusy(model=model), again=True)
    if status == 400:
        return Fault(ModelRefused(model=model, detail=detail or "400"))
    if str(status) not in detail:
        detail = f"{detail} ({status})" if detail else f"HTTP status {status}"
    return Fault(ServerFault(model=model, detail=detail), again=status in PASSING_STATUSES)


_FOREIGN = (
    "it refuses requests for this address (403); set OLLAMA_HOST and OLLAMA_ORIGINS where it runs"
)


def _error_text(body: bytes) -> str:
    """The message in an error's body: Ollama's, the one of its /v1 routes, or plain text."""
    text = body.decode("utf-8", "replace").strip()
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        return "" if text.startswith("<") else text
    error = found.get("error") if isinstance(found, dict) else None
    if isinstance(error, dict):
        error = error.get("message")
    return error if isinstance(error, str) else ""
