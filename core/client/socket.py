"""A room's WebSocket from outside: frames in, frames out."""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Self

from core.client.http import Http, relayed
from core.errors import AppNotRunning, WorkbenchError

if TYPE_CHECKING:
    from websockets.sync.client import ClientConnection

OPEN_S = 10.0
MAX_FRAME_BYTES = 16 * 1024 * 1024

# The library writes headers, the token among them, into its debug log: it gets none.
_silent = logging.getLogger("engawa.client.socket")
_silent.propagate = False
_silent.addHandler(logging.NullHandler())
_silent.setLevel(logging.CRITICAL)


class Socket:
    """An open socket. Sending is safe from several threads, receiving belongs to one."""

    def __init__(
        self,
        http: Http,
        room: str,
        *,
        after: int | None = None,
        cursor: int | None = None,
        ears: Sequence[str] = (),
    ) -> None:
        """Connect to `room`; docs/api.md tells what `after` and `cursor` bring first.

        `ears`: only what these members of the room hear.

        Raises:
            Relayed: refused, in the server's words (bad token, unknown room).
            AppNotRunning: nobody answers.
        """
        # Imported here: commands that open no socket start faster without it.
        from urllib.parse import urlencode

        from websockets.exceptions import InvalidStatus, WebSocketException
        from websockets.sync.client import connect

        given = {"room": room, "after": after, "cursor": cursor}
        query = urlencode(
            [(name, value) for name, value in given.items() if value is not None]
            + [("as", name) for name in ears]
        )
        self._address = http.address
        try:
            opened = connect(
                f"{http.address.socket}?{query}",
                additional_headers=http.headers(),
                open_timeout=OPEN_S,
                close_timeout=2,
                max_size=MAX_FRAME_BYTES,
                max_queue=None,
                compression=None,
                proxy=None,
                logger=_silent,
            )
            self._connection: ClientConnection = opened.__enter__()  # `close` is its other end
        except InvalidStatus as error:
            raise self._refusal(error.response.body) from None
        except (OSError, WebSocketException):
            raise AppNotRunning(address=self._address) from None

    def send(self, frame: Mapping[str, Any]) -> None:
        """
        Raises:
            AppNotRunning: the connection is gone.
        """
        from websockets.exceptions import WebSocketException

        try:
            self._connection.send(json.dumps(frame))
        except (OSError, WebSocketException):
            raise AppNotRunning(address=self._address) from None

    def receive(self, timeout_s: float | None = None) -> dict[str, Any] | None:
        """The next frame; `None` when none came in time.

        Raises:
            AppNotRunning: the connection is gone.
        """
        from websockets.exceptions import WebSocketException

        try:
            frame = json.loads(self._connection.recv(timeout_s))
        except TimeoutError:
            return None
        except (OSError, WebSocketException, ValueError):
            raise AppNotRunning(address=self._address) from None
        return frame if isinstance(frame, dict) else {}

    def close(self) -> None:
        self._connection.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_exception: object) -> None:
        self.close()

    def _refusal(self, body: bytes | bytearray | None) -> WorkbenchError:
        try:
            error = json.loads(body or b"")["error"]
            return relayed(error)
        except (ValueError, KeyError, TypeError, AttributeError):
            return AppNotRunning(address=self._address)
