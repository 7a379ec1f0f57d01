"""Where an Engawa listens, and the token that opens it."""

from __future__ import annotations

import os
from dataclasses import dataclass
from ipaddress import ip_address
from pathlib import Path
from urllib.parse import urlsplit

from core.errors import InvalidInput, TokenMissing
from core.paths import DataPaths

_TOKEN_BYTES = 4096


@dataclass(frozen=True, slots=True)
class Address:
    """Scheme, host and port of an Engawa. `str()` gives its URL."""

    host: str
    port: int
    secure: bool = False

    @classmethod
    def parse(cls, url: str) -> Address:
        """Read http://HOST:PORT (https, ws and wss are understood too).

        Raises:
            InvalidInput: it is something else.
        """
        try:
            parts = urlsplit(url if "://" in url else f"http://{url}")
            port = parts.port
        except ValueError:
            raise _not_an_address(url) from None
        known = parts.scheme in ("http", "https", "ws", "wss")
        # No user:password@, path or query: none of them would be used.
        if not known or not parts.hostname or "@" in parts.netloc or parts.path.strip("/"):
            raise _not_an_address(url)
        secure = parts.scheme in ("https", "wss")
        return cls(parts.hostname, port or (443 if secure else 80), secure)

    @property
    def here(self) -> bool:
        """Whether it can only be on this machine."""
        try:
            return self.host == "localhost" or ip_address(self.host).is_loopback
        except ValueError:
            return False

    @property
    def netloc(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{host}:{self.port}"

    @property
    def socket(self) -> str:
        """The URL of its WebSocket."""
        return f"{'wss' if self.secure else 'ws'}://{self.netloc}/ws"

    def __str__(self) -> str:
        return f"{'https' if self.secure else 'http'}://{self.netloc}"


def find_token(address: Address, paths: DataPaths, file: Path | None = None) -> str:
    """The token: from `file`, else ENGAWA_TOKEN, else the local one.

    The local owner's token is only ever given to this machine.

    Raises:
        TokenMissing: there is none.
    """
    if file is not None:
        return _from_file(file)
    token = os.environ.get("ENGAWA_TOKEN", "").strip()
    if token:
        return token
    if not address.here:
        raise TokenMissing(place="ENGAWA_TOKEN")
    return _from_file(paths.local_token)


def _from_file(file: Path) -> str:
    try:
        with file.open(encoding="ascii") as opened:
            token = opened.read(_TOKEN_BYTES).strip()
    except (OSError, UnicodeDecodeError):
        token = ""
    if not token or not token.isprintable() or " " in token:
        raise TokenMissing(place=file)
    return token


def _not_an_address(url: str) -> InvalidInput:
    return InvalidInput(field="--server-url", expected="http://HOST:PORT", found=repr(url[:80]))
