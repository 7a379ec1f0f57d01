"""Every failure as `{"error": {code, message, hint}}`, in the caller's language."""

from __future__ import annotations

from collections.abc import MutableMapping
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException

from core.api.call import Call
from core.api.limits import MAX_BODY_BYTES, body_limit
from core.api.openai.errors import error_for
from core.api.refusal import Headers, Send, error_body
from core.api.security import App, Receive
from core.errors import BodyTooLarge, InternalFault, InvalidInput, NotFound, WorkbenchError
from core.logs import part_logger

_log = part_logger("api")


def add_faults(app: FastAPI) -> None:
    """Let `app` answer every failure in one form; nothing shows a traceback."""
    app.add_exception_handler(WorkbenchError, _workbench_error)
    app.add_exception_handler(RequestValidationError, _validation_error)
    app.add_exception_handler(HTTPException, _http_error)
    app.add_middleware(FaultGuard)


def error_response(
    error: WorkbenchError, lang: str, status: int | None = None, path: str = ""
) -> JSONResponse:
    headers = {"Retry-After": str(error.retry_after_s)} if error.status in {429, 503} else {}
    body = {"error": error_for(error, lang, path)}
    return JSONResponse(body, status_code=status or error.status, headers=headers)


class FaultGuard:
    """Refuses bodies that are too large before they are read, and catches what nobody foresaw."""

    def __init__(self, app: App, max_bytes: int = MAX_BODY_BYTES) -> None:
        self._app = app
        self._max_bytes = max_bytes

    async def __call__(self, scope: MutableMapping[str, Any], receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        call, started = Call(scope), False

        async def noting(message: MutableMapping[str, Any]) -> None:
            nonlocal started
            started = True
            await send(message)

        try:
            await self._app(scope, self._counted(call, receive), noting)
        except Exception as error:
            fault = error if isinstance(error, WorkbenchError) else InternalFault()
            if fault is not error:
                _log.exception("request.failed", error, method=call.method, route=call.path)
            if started:  # too late for a status: the connection breaks off
                raise
            await _answer(fault, call, send)

    def _counted(self, call: Call, receive: Receive) -> Receive:
        announced = call.one("content-length")
        limit = body_limit(call.path, self._max_bytes)
        if announced.isdigit() and int(announced) > limit:
            raise BodyTooLarge(limit=limit)
        seen = 0

        async def counting() -> MutableMapping[str, Any]:
            nonlocal seen
            message = await receive()
            seen += len(message.get("body", b""))
            if seen > limit:
                raise BodyTooLarge(limit=limit)
            return message

        return counting


async def _answer(error: WorkbenchError, call: Call, send: Send) -> None:
    body = error_body(error, call.language, call.path)
    length = str(len(body)).encode("ascii")
    headers: Headers = [(b"content-type", b"application/json"), (b"content-length", length)]
    await send({"type": "http.response.start", "status": error.status, "headers": headers})
    await send({"type": "http.response.body", "body": body})


async def _workbench_error(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, WorkbenchError)
    return error_response(error, Call(request.scope).language, path=request.url.path)


async def _validation_error(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, RequestValidationError)
    first = error.errors()[0]
    place = [str(part) for part in first["loc"]]
    if first["type"] == "json_invalid":
        invalid = InvalidInput(field="body", expected="JSON", found="something else")
    else:
        found = "nothing" if first["type"] == "missing" else repr(first.get("input"))[:80]
        field = ".".join(place[1:] or place)
        invalid = InvalidInput(field=field, expected=_expected(first), found=found)
    return error_response(invalid, Call(request.scope).language, path=request.url.path)


def _expected(first: Any) -> str:
    if first["type"] == "missing":
        return "a value"
    if isinstance(first.get("input"), bytes):  # FastAPI reads no body of another type
        return "Content-Type: application/json"
    text = str(first["msg"])
    for start in ("Input should be ", "Value error, ", "String should have ", "List should have "):
        text = text.removeprefix(start)
    return text


async def _http_error(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, HTTPException)
    lang, path = Call(request.scope).language, request.url.path[:80]
    if isinstance(error.__cause__, WorkbenchError):  # raised while the body was read
        return error_response(error.__cause__, lang, path=path)
    if error.status_code == 404:
        return error_response(NotFound(what=path), lang, path=path)
    if error.status_code == 405:
        expected, found = "a method that this address knows", request.method
        invalid = InvalidInput(field=path, expected=expected, found=found)
    else:
        invalid = InvalidInput(field="body", expected="JSON", found="something else")
    response = error_response(invalid, lang, error.status_code, path)
    response.headers.update(error.headers or {})
    return response
