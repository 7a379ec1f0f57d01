"""The doorkeeper: one middleware around everything that this port answers.

Pure ASGI, for HTTP and WebSockets alike, Streamlit's own routes, uploads and media among
them. It checks the address first, then who asks; what it lets through carries the caller in
`scope["state"]["caller"]` (`None` on open paths).
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, MutableMapping
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

from core.api.access import SESSION_DAYS, Access, Caller
from core.api.call import Call
from core.api.headers import security_headers
from core.api.policy import SIGN_IN, check_address, check_cookie_use, is_local_browser, is_open
from core.api.refusal import Headers, Send, refuse, sign_in_page
from core.errors import AccessDenied, Unauthorised
from core.text import speaking

Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
App = Callable[[MutableMapping[str, Any], Receive, Send], Awaitable[None]]

_SIGN_IN_BYTES = 4096
SIGNED_OUT = 1008  # WebSocket close code: policy


class SecurityMiddleware:
    """Lets in who may come in, and tells every browser what it may load.

    `access` gives the sign-ins (they exist once the app has started), `bind` the address that
    the server listens on (the scope does not show it), `page` the screens' index.html.
    """

    def __init__(
        self,
        app: App,
        access: Callable[[], Access],
        bind: Callable[[], str],
        page: Path | None = None,
    ) -> None:
        self._app = app
        self._access = access
        self._bind = bind
        self._page = page

    async def __call__(self, scope: MutableMapping[str, Any], receive: Receive, send: Send) -> None:
        if scope["type"] not in {"http", "websocket"}:
            await self._app(scope, receive, send)
            return
        call = Call(scope)
        headers = security_headers(call.path, call.one("host"), self._page)
        try:
            check_address(call)
            caller, cookie = self._who(call)
            if call.path == SIGN_IN and not call.socket:
                await self._sign_in(call, receive, send, headers)
                return
        except AccessDenied as error:
            await refuse(error, call, scope.get("extensions"), send, headers)
            return
        if cookie:
            headers.append((b"set-cookie", cookie))
        scope.setdefault("state", {})["caller"] = caller
        if call.socket:
            await self._guarded(caller, scope, receive, send)
        else:
            await self._app(scope, receive, _adding(send, headers))

    def _who(self, call: Call) -> tuple[Caller | None, bytes | None]:
        """The caller, and a cookie to set.

        Raises:
            Unauthorised, ForeignOrigin: not this one, or not this way.
        """
        if is_open(call):
            return None, None
        scheme, _space, token = call.one("authorization").partition(" ")
        if scheme.lower() == "bearer":
            caller = self._access().by_token(token.strip())
            if caller is None:
                raise Unauthorised
            return caller, None
        name = cookie_name(call.port)
        for value in call.cookies(name):
            if caller := self._access().by_cookie(value):
                check_cookie_use(call)
                return caller, set_cookie(name, value) if caller.renewed else None
        if is_local_browser(call, self._bind()):
            value, caller = self._access().open_session()
            return caller, set_cookie(name, value)
        raise Unauthorised

    async def _guarded(
        self, caller: Caller | None, scope: MutableMapping[str, Any], receive: Receive, send: Send
    ) -> None:
        """Run a socket; close it as soon as its session is revoked or over."""
        assert caller is not None  # no socket is open to everybody
        loop = asyncio.get_running_loop()
        closing: list[asyncio.Task[None]] = []
        shut = False

        async def close() -> None:
            # The server answers a close with a disconnect to the app, so that it ends, too.
            nonlocal shut
            shut = True
            await send({"type": "websocket.close", "code": SIGNED_OUT, "reason": "signed out"})

        async def until_shut(message: MutableMapping[str, Any]) -> None:
            if not shut:
                await send(message)

        def gone() -> None:
            loop.call_soon_threadsafe(lambda: closing.append(loop.create_task(close())))

        forget = self._access().watch(caller, gone)
        try:
            await self._app(scope, receive, until_shut)
        finally:
            forget()

    async def _sign_in(self, call: Call, receive: Receive, send: Send, headers: Headers) -> None:
        """The sign-in page and its answer: a session for who knows the token."""
        if call.method != "POST":
            with speaking(call.language):
                page = sign_in_page().encode("utf-8")
            await _page(200, [(b"content-type", b"text/html; charset=utf-8"), *headers], page, send)
            return
        form = parse_qs((await _body(receive)).decode("utf-8", "replace"))
        if self._access().by_token(form.get("token", [""])[0].strip()) is None:
            raise Unauthorised
        value, _caller = self._access().open_session()
        cookie = set_cookie(cookie_name(call.port), value)
        await _page(303, [(b"location", b"/"), (b"set-cookie", cookie), *headers], b"", send)


def cookie_name(port: int) -> str:
    """Cookies are shared by all ports of a host, so the name says which Engawa it is for."""
    return f"engawa_session_{port}"


def set_cookie(name: str, value: str) -> bytes:
    seconds = SESSION_DAYS * 24 * 3600
    text = f"{name}={value}; Path=/; Max-Age={seconds}; HttpOnly; SameSite=Strict"
    return text.encode("ascii")


def _adding(send: Send, headers: Headers) -> Send:
    async def added(message: MutableMapping[str, Any]) -> None:
        if message["type"] == "http.response.start":
            present = list(message.get("headers", []))
            names = {name.lower() for name, _value in present} - {b"set-cookie"}
            message["headers"] = present + [(n, v) for n, v in headers if n not in names]
        await send(message)

    return added


async def _body(receive: Receive) -> bytes:
    collected = b""
    while len(collected) <= _SIGN_IN_BYTES:
        message = await receive()
        collected += message.get("body", b"")
        if message["type"] != "http.request" or not message.get("more_body"):
            break
    return collected[:_SIGN_IN_BYTES]


async def _page(status: int, headers: Headers, body: bytes, send: Send) -> None:
    length = (b"content-length", str(len(body)).encode("ascii"))
    start = {"type": "http.response.start", "status": status, "headers": [*headers, length]}
    await send(start)
    await send({"type": "http.response.body", "body": body})
