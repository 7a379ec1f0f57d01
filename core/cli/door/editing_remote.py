"""The same through the port of a running app."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from core.cli.door.protocols import Body
from core.client.http import Http
from core.client.paths import room_path


class RemoteEditing:
    """See `protocols.EditingDoor`."""

    def __init__(self, http: Http) -> None:
        self._http = http

    def edit(self, ref: str, seq: int, content: str) -> Body:
        return self._http.patch(self._line(ref, seq), {"content": content})

    def pin(self, ref: str, seq: int, pinned: bool) -> Body:
        return self._post(ref, seq, "pin", pinned=pinned)

    def pins(self, ref: str) -> Sequence[Body]:
        return list(self._http.get(room_path(self._http, ref) + "/pins")["messages"])

    def vote(self, ref: str, seq: int, value: int) -> Body:
        return self._post(ref, seq, "vote", value=value)

    def variants(self, ref: str, seq: int) -> Sequence[Body]:
        return list(self._http.get(self._line(ref, seq) + "/variants")["variants"])

    def choose(self, ref: str, seq: int, number: int) -> Body:
        return self._post(ref, seq, f"variants/{number}")

    def regenerate(self, ref: str, seq: int, model: str | None) -> Body:
        return self._post(ref, seq, "regenerate", model=model)

    def go_on(self, ref: str, seq: int) -> Body:
        return self._post(ref, seq, "continue")

    def branch(self, ref: str, seq: int, name: str | None) -> Body:
        return self._post(ref, seq, "branch", name=name)

    def budget(self, ref: str) -> Body:
        return self._http.get(room_path(self._http, ref) + "/budget")

    def let_go_on(self, ref: str) -> Body:
        return self._http.post(room_path(self._http, ref) + "/go-on")

    def _post(self, ref: str, seq: int, action: str, **body: Any) -> Body:
        return self._http.post(f"{self._line(ref, seq)}/{action}", body)

    def _line(self, ref: str, seq: int) -> str:
        return f"{room_path(self._http, ref)}/messages/{seq}"
