"""What an OpenAI-compatible server refused, as one of our errors; never with the key in it."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from core.errors import KeyRefused, ModelMissing, ModelRefused, ProviderError, ServerBusy
from core.providers.faults import Fault, from_response, from_text, retry_after_s, shortened

OVERLOADED = 529  # Anthropic's word for busy
HIDDEN = b"***"


@dataclass(frozen=True, slots=True)
class HostFaults:
    """The faults of one host: `key` never gets into a text, `variable` is where it comes from."""

    key: str
    variable: str

    def of_response(self, model: str, status: int, body: bytes, headers: dict[str, str]) -> Fault:
        """The error for an answer that is not a 200."""
        body = body.replace(self.key.encode(), HIDDEN) if self.key else body
        error = _error_of(body)
        text = shortened(str(error.get("message") or ""))
        after_s = retry_after_s(headers.get("retry-after"))
        if status in (401, 403):
            detail = text or f"HTTP status {status}"
            variable = self.variable or "key_env"
            return Fault(KeyRefused(model=model, variable=variable, detail=detail))
        if status == 404 and ("model" in text.lower() or "deployment" in text.lower()):
            return Fault(ModelMissing(model=model))
        if status == OVERLOADED:
            return Fault(ServerBusy(model=model), again=True, after_s=after_s)
        used_up = status == 429 and "insufficient_quota" in (error.get("code"), error.get("type"))
        if used_up or status in (413, 422):
            return Fault(ModelRefused(model=model, detail=text or f"HTTP status {status}"))
        return from_response(model, status, body, headers)

    def of_event(self, model: str, error: Any) -> ProviderError:
        """The error inside a stream that began with 200."""
        text = error.get("message") if isinstance(error, dict) else error
        text = text if isinstance(text, str) and text else "an error without a text"
        return from_text(model, text.replace(self.key, HIDDEN.decode()) if self.key else text)


def _error_of(body: bytes) -> dict[str, Any]:
    """The error object of `{"error": {…}}`, `[{"error": …}]` (Google) or `{"message": …}`."""
    try:
        found = json.loads(body)
    except (ValueError, RecursionError):
        return {}
    if isinstance(found, list) and found:
        found = found[0]
    if not isinstance(found, dict):
        return {}
    error = found.get("error", found)
    if isinstance(error, str):
        return {"message": error}
    return error if isinstance(error, dict) else {}
