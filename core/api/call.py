"""One incoming request or socket, read once: what the doorkeeper needs to know of it."""

from __future__ import annotations

from collections.abc import Iterable, MutableMapping
from ipaddress import ip_address
from typing import Any

from core.text import choose_language

Scope = MutableMapping[str, Any]

SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
FORWARDING = frozenset({"forwarded", "via", "x-real-ip"})


class Call:
    """The parts of an ASGI scope that decide who may come in.

    Address and port are those that the connection really came in on, whatever was configured.
    """

    __slots__ = ("_headers", "address", "client", "method", "path", "port", "socket")

    def __init__(self, scope: Scope) -> None:
        self.socket = scope["type"] == "websocket"
        self.method: str = "GET" if self.socket else scope["method"]
        self.path: str = scope["path"]
        self._headers: Iterable[tuple[bytes, bytes]] = scope["headers"]
        server = scope.get("server") or ("", 0)
        self.address: str = server[0]
        self.port: int = server[1] or 0
        self.client: str = (scope.get("client") or ("", 0))[0]

    def all(self, name: str) -> list[str]:
        """Every value of a header, in order."""
        wanted = name.encode("ascii")
        return [value.decode("latin-1") for key, value in self._headers if key.lower() == wanted]

    def one(self, name: str) -> str:
        """The first value of a header, "" when it is absent."""
        return next(iter(self.all(name)), "")

    @property
    def language(self) -> str:
        return choose_language(self.one("accept-language"))

    @property
    def wants_page(self) -> bool:
        """A browser that shows what it gets: a navigation, or one that asks for HTML first."""
        return not self.socket and "text/html" in self.one("accept").lower()

    @property
    def forwarded(self) -> bool:
        """Somebody passed this on; the peer is then not who asked."""
        names = {key.decode("latin-1").lower() for key, _value in self._headers}
        return bool(names & FORWARDING) or any(name.startswith("x-forwarded-") for name in names)

    @property
    def top_level(self) -> bool:
        """A navigation of a browser's own window, by GET; frames and scripts are not."""
        return (
            not self.socket
            and self.method == "GET"
            and self.one("sec-fetch-mode") == "navigate"
            and self.one("sec-fetch-dest") == "document"
        )

    @property
    def same_origin(self) -> bool:
        """The browser says that a page of this very app sent it. Origin was checked before."""
        return bool(self.one("origin")) or self.one("sec-fetch-site") == "same-origin"

    @property
    def from_loopback(self) -> bool:
        return is_loopback(self.client)

    def cookies(self, name: str) -> list[str]:
        """Every cookie of this name: other programs on this machine may set one, too."""
        pairs = (part.partition("=") for line in self.all("cookie") for part in line.split(";"))
        return [value.strip().strip('"') for key, _sep, value in pairs if key.strip() == name]


def is_loopback(address: str) -> bool:
    """Whether an address or host name can only be reached from this machine."""
    bare = address.strip().strip("[]").lower()
    if bare == "localhost":
        return True
    try:
        parsed = ip_address(bare)
    except ValueError:
        return False
    mapped = getattr(parsed, "ipv4_mapped", None)
    return (mapped or parsed).is_loopback
