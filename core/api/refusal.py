"""How a refusal looks: JSON for programs, a page for people, a closed door for sockets."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, MutableMapping
from html import escape
from typing import Any

from core.api.call import Call
from core.api.openai.errors import error_for
from core.api.policy import SIGN_IN
from core.errors import Unauthorised, WorkbenchError
from core.text import _, speaking

Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
Headers = list[tuple[bytes, bytes]]


async def refuse(
    error: WorkbenchError, call: Call, extensions: Any, send: Send, headers: Headers
) -> None:
    """Answer with the error, in the caller's language and form."""
    with speaking(call.language):
        if call.wants_page and isinstance(error, Unauthorised):
            shown = error if call.method == "POST" else None
            body, kind = sign_in_page(shown).encode("utf-8"), b"text/html; charset=utf-8"
        else:
            body, kind = error_body(error, path=call.path), b"application/json"
    head = [(b"content-type", kind), (b"content-length", str(len(body)).encode()), *headers]
    if (b"cache-control", b"no-store") not in head:
        head.append((b"cache-control", b"no-store"))
    if error.status == 401:
        head.append((b"www-authenticate", b"Bearer"))
    if not call.socket:
        await _respond("http", error.status, head, body, send)
    elif "websocket.http.response" in (extensions or {}):
        await _respond("websocket.http", error.status, head, body, send)
    else:
        await send({"type": "websocket.close", "code": 1008, "reason": error.code})


def error_body(error: WorkbenchError, lang: str | None = None, path: str = "") -> bytes:
    return json.dumps({"error": error_for(error, lang, path)}, ensure_ascii=False).encode("utf-8")


def sign_in_page(error: WorkbenchError | None = None) -> str:
    """A page without scripts: a link for those who followed one, a field for the token."""
    title = _("Engawa")
    again = _("Open Engawa")
    why = _("This browser is not signed in yet.")
    how = _("If that does not help, paste the token from local-token in the data folder:")
    failed = f"<p><strong>{escape(error.message())}</strong></p>" if error else ""
    return (
        "<!doctype html><html><head><meta charset='utf-8'>"
        f"<meta name='viewport' content='width=device-width'><title>{escape(title)}</title>"
        "<style>body{font:16px/1.6 system-ui,sans-serif;max-width:34rem;margin:12vh auto;"
        "padding:0 1rem;color:#2A2723;background:#FCFBF8}input{font:inherit;padding:.4rem;"
        "width:100%;box-sizing:border-box}button,a.b{font:inherit;color:#2F5D8A}</style></head>"
        f"<body><h1>{escape(title)}</h1><p>{escape(why)}</p>"
        f"<p><a class='b' href='/'>{escape(again)}</a></p>"
        f"{failed}<form method='post' action='{SIGN_IN}'><p>{escape(how)}</p>"
        "<p><input name='token' type='password' autocomplete='off' required></p>"
        f"<p><button>{escape(_('Sign in'))}</button></p></form></body></html>"
    )


async def _respond(kind: str, status: int, headers: Headers, body: bytes, send: Send) -> None:
    await send({"type": f"{kind}.response.start", "status": status, "headers": headers})
    await send({"type": f"{kind}.response.body", "body": body, "more_body": False})
