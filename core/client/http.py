"""Plain requests to a running Engawa: JSON there, JSON back, errors as errors."""

from __future__ import annotations

import http.client
import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote, urlencode

from core.client.address import Address
from core.errors import AppNotRunning, Relayed
from core.text import language

TIMEOUT_S = 30.0
MAX_ANSWER_BYTES = 64 * 1024 * 1024


class Http:
    """Requests to one Engawa. Every call makes its own connection, so threads may share it."""

    def __init__(self, address: Address, token: str) -> None:
        self.address = address
        self._token = token

    def get(self, path: str, **query: Any) -> dict[str, Any]:
        """GET `path`; query values that are `None` are left out, lists are given one by one."""
        given = {name: value for name, value in query.items() if value is not None}
        return self._ask("GET", f"{path}?{urlencode(given, doseq=True)}" if given else path, None)

    def post(self, path: str, body: Mapping[str, Any] | None = None) -> dict[str, Any]:
        return self._ask("POST", path, body or {})

    def patch(self, path: str, body: Mapping[str, Any]) -> dict[str, Any]:
        return self._ask("PATCH", path, body)

    def delete(self, path: str) -> dict[str, Any]:
        return self._ask("DELETE", path, None)

    def upload(self, path: str, content: bytes, **query: Any) -> dict[str, Any]:
        """POST the bytes of a file."""
        full = f"{path}?{urlencode(query)}" if query else path
        return self._answer(*self._exchange("POST", full, content, "application/octet-stream"))

    def download(self, path: str, **query: Any) -> bytes:
        """GET a file.

        Raises:
            Relayed, AppNotRunning: as for every request.
        """
        status, content = self._exchange("GET", f"{path}?{urlencode(query)}" if query else path)
        if status >= 300:
            self._answer(status, content)
        return content

    def headers(self) -> dict[str, str]:
        """What every request and socket carries."""
        return {"Authorization": f"Bearer {self._token}", "Accept-Language": language()}

    def _ask(self, method: str, path: str, body: Mapping[str, Any] | None) -> dict[str, Any]:
        """One request.

        Raises:
            Relayed: it was refused, in the server's own words.
            AppNotRunning: nobody answers, or somebody who is no Engawa.
        """
        content = None if body is None else json.dumps(body).encode()
        return self._answer(*self._exchange(method, path, content))

    def _answer(self, status: int, content: bytes) -> dict[str, Any]:
        try:
            answer = json.loads(content) if content else {}
        except ValueError:
            answer = None
        if not isinstance(answer, dict):
            raise AppNotRunning(address=self.address)
        if status >= 300:
            raise self._refusal(answer)
        return answer

    def _exchange(
        self,
        method: str,
        path: str,
        content: bytes | None = None,
        media_type: str = "application/json",
    ) -> tuple[int, bytes]:
        kind = http.client.HTTPSConnection if self.address.secure else http.client.HTTPConnection
        connection = kind(self.address.host, self.address.port, timeout=TIMEOUT_S)
        headers = self.headers()
        if content is not None:
            headers["Content-Type"] = media_type
        try:
            connection.request(method, path, content, headers)
            response = connection.getresponse()
            return response.status, response.read(MAX_ANSWER_BYTES)
        except (OSError, http.client.HTTPException):
            raise AppNotRunning(address=self.address) from None
        finally:
            connection.close()

    def _refusal(self, answer: Mapping[str, Any]) -> AppNotRunning | Relayed:
        error = answer.get("error")
        if not isinstance(error, dict):
            return AppNotRunning(address=self.address)
        return relayed(error)


def relayed(error: Mapping[str, Any]) -> Relayed:
    """An error body of the API as an exception that says the same."""
    return Relayed(
        code=str(error.get("code", "")),
        detail=str(error.get("message", "")),
        hint=str(error.get("hint", "")),
    )


def segment(text: str) -> str:
    """A name or id as one segment of a path."""
    return quote(text, safe="")
