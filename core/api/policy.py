"""The rules of the door, as plain functions: which host, which page, which path, which browser."""

from __future__ import annotations

from core.api.call import SAFE_METHODS, Call, is_loopback
from core.errors import BindNeedsAccounts, ForeignHost, ForeignOrigin

LOCAL_NAMES = ("127.0.0.1", "localhost", "[::1]")
SIGN_IN = "/sign-in"

_OPEN_PATHS = frozenset({"/health", "/ping", "/favicon.png", "/manifest.json"})
_OPEN_FOLDER = "/static/"  # the screens' own scripts, styles and fonts: the same for everybody


def check_address(call: Call) -> None:
    """Exactly this app's host and, where a page sends one, exactly its origin.

    Raises:
        BindNeedsAccounts: it came in on an address that other machines reach (a server that
            was started around this app's own check).
        ForeignHost: the Host header is missing, double, or somebody else's (a rebinding page).
        ForeignOrigin: another page asks, or one without an address (`null`).
    """
    if not is_loopback(call.address):
        raise BindNeedsAccounts(host=call.address)
    hosts = call.all("host")
    allowed = allowed_hosts(call.port)
    if len(hosts) != 1 or hosts[0].lower() not in allowed:
        raise ForeignHost(host=", ".join(hosts)[:80])
    for origin in call.all("origin"):
        if origin.lower() not in {f"http://{host}" for host in allowed}:
            raise ForeignOrigin(origin=origin[:80])


def allowed_hosts(port: int) -> frozenset[str]:
    """What a Host header may say; browsers leave out port 80."""
    named = {f"{name}:{port}" for name in LOCAL_NAMES}
    return frozenset(named | set(LOCAL_NAMES) if port == 80 else named)


def is_open(call: Call) -> bool:
    """Whether this needs no sign-in; CONTRACT: health, the sign-in doors, static files."""
    if call.socket:
        return False
    if call.path == SIGN_IN:
        return call.method in {"GET", "HEAD", "POST"}
    if call.method not in {"GET", "HEAD"}:
        return False
    if call.path.startswith(_OPEN_FOLDER):
        # What the router would resolve to somewhere else is not a static file.
        return not any(part in call.path for part in ("..", "\\", "//", "\x00"))
    return call.path in _OPEN_PATHS


def check_cookie_use(call: Call) -> None:
    """What a cookie alone may do: a browser sends it along whoever wrote the page.

    Other pages on this machine count as the same site (ports do not matter to a browser), so
    SameSite does not keep them out; these rules do.

    Raises:
        ForeignOrigin: the request was not made by a page of this app, or not provably so.
    """
    site = call.one("sec-fetch-site")
    elsewhere = site in {"cross-site", "same-site"} and not call.top_level
    changes = call.socket or call.method not in SAFE_METHODS
    proven = bool(call.one("origin")) if call.socket else call.same_origin
    if elsewhere or (changes and not proven):
        raise ForeignOrigin(origin=call.one("origin") or site or "?")


def is_local_browser(call: Call, bind: str) -> bool:
    """Whether this is somebody at this machine opening the app in a browser.

    Then, and only then, a session is opened without asking for the token. A link on another
    page does not count: that page must not decide when somebody is signed in.
    """
    return (
        is_loopback(bind)
        and call.from_loopback
        and not call.forwarded
        and call.top_level
        and call.wants_page
        and call.one("sec-fetch-site") in {"none", "same-origin"}
    )
