"""Errors as OpenAI's clients look for them: our code and hint, with their type and param."""

from __future__ import annotations

from typing import Any

from core.errors import WorkbenchError

_TYPES = {
    401: "authentication_error",
    403: "permission_error",
    404: "not_found_error",
    429: "rate_limit_error",
}


def error_for(error: WorkbenchError, lang: str | None, path: str) -> dict[str, Any]:
    """The error as it is told on `path`: under /v1/ in OpenAI's shape."""
    plain: dict[str, Any] = error.as_dict(lang)
    if not path.startswith("/v1/"):
        return plain
    other = "server_error" if error.status >= 500 else "invalid_request_error"
    kind = _TYPES.get(error.status, other)
    return {**plain, "type": kind, "param": error.params.get("field")}
