"""The WebSocket of a room: first what a client missed, then everything as it happens.

Three tasks a socket: one reads frames, one acts on them in order, one sends events. A client
that reads too slowly or writes too fast is cut off and may resume where it was. The server
pings every client, so one that vanished is noticed within a minute.
"""

from __future__ import annotations

import asyncio
import json
import uuid
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any

from fastapi import APIRouter
from starlette.websockets import WebSocket, WebSocketDisconnect

from core.api.access import LOCAL_OWNER
from core.api.bell import Bell
from core.api.call import Call
from core.api.faults import error_response
from core.api.frames_in import FRAMES_PER_S, Pace, Seat, act, is_said, parse, say
from core.api.schemas import MAX_SEQ
from core.api.threads import in_thread
from core.errors import BodyTooLarge, InternalFault, InvalidInput, TooMany, WorkbenchError
from core.logs import part_logger
from core.messages import Message, StreamEvent
from core.rooms.frames import frame_text
from core.rooms.log import Watch
from core.text import choose_language
from core.workbench import Workbench

router = APIRouter()
_log = part_logger("sockets")

NORMAL, NOT_TEXT, POLICY, TOO_LARGE, FAULT, TRY_AGAIN = 1000, 1003, 1008, 1009, 1011, 1013
_INBOX = 1_000  # frames that wait to be acted on
_UNDER_WAY = 200  # messages of one client that wait for their commit
_CLOSE_S = 5.0


@router.websocket("/ws")
async def room_socket(websocket: WebSocket) -> None:
    """Refuse with an error as HTTP would, or accept and serve the room."""
    # A screen speaks the language that was chosen in it, whatever its browser prefers.
    chosen = websocket.query_params.get("lang")
    lang = choose_language(chosen, Call(websocket.scope).one("accept-language"))
    bench: Workbench = websocket.app.state.workbench()
    try:
        place = {name: _number(websocket, name) for name in ("after", "cursor")}
        room = await in_thread(bench.rooms.get, websocket.query_params.get("room", ""))
        watch = await in_thread(bench.rooms.watch, room.id, **place)
    except WorkbenchError as error:
        await websocket.send_denial_response(error_response(error, lang))
        return
    try:
        await websocket.accept()
        await RoomSocket(websocket, bench, watch, room.id, lang).serve()
    finally:
        watch.close()


class RoomSocket:
    """One client's connection to one room."""

    def __init__(
        self, websocket: WebSocket, bench: Workbench, watch: Watch, room: str, lang: str
    ) -> None:
        caller = websocket.scope.get("state", {}).get("caller")
        owner = caller.owner if caller is not None else LOCAL_OWNER
        self._socket, self._bench, self._watch, self._lang = websocket, bench, watch, lang
        self._seat = Seat(room, owner, uuid.uuid4().hex)
        self._news = asyncio.Event()
        self._cut = asyncio.Event()
        self._inbox: asyncio.Queue[str] = asyncio.Queue(_INBOX)
        self._under_way = asyncio.Semaphore(_UNDER_WAY)
        self._saying: set[asyncio.Task[None]] = set()
        self._last_event = 0
        self._brought_agents = False

    async def serve(self) -> None:
        """Run until either side ends it."""
        bell = _bell(self._socket)
        self._watch.listen(lambda: bell.ring(self._wake))
        self._wake()
        work = (self._read(), self._act(), self._send(), self._cut.wait())
        tasks = [asyncio.create_task(each) for each in work]
        try:
            done, _rest = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            self._watch.close()
            if self._brought_agents:
                await in_thread(self._bench.rooms.outside.leave, self._seat.connection)
        await self._close(self._ending(done))

    def _wake(self) -> None:
        self._news.set()
        if self._watch.overflowed:
            self._cut.set()

    # --- out ------------------------------------------------------------------------------

    async def _send(self) -> None:
        for event in self._watch.replay:
            await self._emit(event)
        self._watch.replay = []
        while True:
            await self._news.wait()
            self._news.clear()
            for event in self._watch.take():
                await self._emit(event)

    async def _emit(self, event: StreamEvent) -> None:
        await self._text(frame_text(event, self._lang))
        self._last_event = event.event

    async def _text(self, text: str) -> None:
        await self._socket.send({"type": "websocket.send", "text": text})

    # --- in -------------------------------------------------------------------------------

    async def _read(self) -> None:
        """Take frames as they come; reading on also answers pings and notices the end.

        Raises:
            Ended: the server ends it: binary data, or too many frames.
            WebSocketDisconnect: the client ended it.
        """
        pace = Pace()
        while True:
            received = await self._socket.receive()
            if received["type"] == "websocket.disconnect":
                raise WebSocketDisconnect(received.get("code", NORMAL))
            text = received.get("text")
            if text is None:
                binary = InvalidInput(field="frame", expected="text", found="binary data")
                raise Ended(NOT_TEXT, binary)
            if pace.over() or self._inbox.full():
                raise Ended(POLICY, TooMany(limit=FRAMES_PER_S))
            self._inbox.put_nowait(text)

    async def _act(self) -> None:
        """Act on frames in their order; a wrong one is answered, and the next one taken."""
        while True:
            text = await self._inbox.get()
            try:
                frame = parse(text)
                if is_said(frame):
                    await self._say(frame)
                else:
                    self._brought_agents |= frame.get("type") == "join"
                    await in_thread(act, self._bench, self._seat, frame)
            except BodyTooLarge as error:
                raise Ended(TOO_LARGE, error) from None
            except WorkbenchError as error:
                await self._error(error)

    async def _say(self, frame: dict[str, Any]) -> None:
        """Hand a message to the writer and go on: what follows may share its commit."""
        await self._under_way.acquire()
        asked_at = datetime.now(UTC)
        try:
            said = say(self._bench, self._seat, frame)
        except BaseException:
            self._under_way.release()
            raise
        task = asyncio.create_task(self._said(asyncio.wrap_future(said), asked_at))
        self._saying.add(task)
        task.add_done_callback(self._saying.discard)

    async def _said(self, said: asyncio.Future[Message], asked_at: datetime) -> None:
        # A closed connection is noticed by the reader; here it only means nobody to tell.
        with suppress(WebSocketDisconnect, RuntimeError):
            try:
                message = await said
                if message.created_at < asked_at:
                    await self._again(message)
            except WorkbenchError as error:
                await self._error(error)
            finally:
                self._under_way.release()

    async def _again(self, message: Message) -> None:
        """Answer a key that was used before: there is no new event, so this client gets the
        message as it is now. A new message needs no answer but its own event."""
        number = self._last_event
        event = StreamEvent("message", message.room, number, message.seq, message=message)
        await self._text(frame_text(event, self._lang))

    async def _error(self, error: WorkbenchError) -> None:
        head = {"type": "error", "room": self._seat.room, "event": self._last_event}
        await self._text(json.dumps(head | error.as_dict(self._lang), ensure_ascii=False))

    # --- the end --------------------------------------------------------------------------

    def _ending(self, done: set[asyncio.Task[Any]]) -> Ended | None:
        """Why this ends; `None` when the client is gone already."""
        for task in done:
            error = task.exception()
            if isinstance(error, Ended):
                return error
            if error is not None and not isinstance(error, WebSocketDisconnect):
                _log.exception("socket.failed", error, ids={"room": self._seat.room})
                return Ended(FAULT, InternalFault())
        return Ended(TRY_AGAIN) if self._cut.is_set() else None

    async def _close(self, ending: Ended | None) -> None:
        if ending is None:
            return
        reason = "too slow: resume with cursor=" if ending.code == TRY_AGAIN else ""
        # A client that does not read cannot be told; it is not waited for.
        with suppress(TimeoutError, WebSocketDisconnect, RuntimeError):
            async with asyncio.timeout(_CLOSE_S):
                if ending.error is not None:
                    await self._error(ending.error)
                await self._socket.close(ending.code, reason or None)


class Ended(Exception):
    """The server ends the connection with this code, after an error frame if there is one."""

    def __init__(self, code: int, error: WorkbenchError | None = None) -> None:
        super().__init__(code)
        self.code = code
        self.error = error


def _number(websocket: WebSocket, name: str) -> int | None:
    given = websocket.query_params.get(name)
    if given is None:
        return None
    if not (given.isascii() and given.isdigit() and len(given) < 17 and int(given) <= MAX_SEQ):
        raise InvalidInput(field=name, expected="a number from 0", found=repr(given[:40]))
    return int(given)


def _bell(websocket: WebSocket) -> Bell:
    """The bell of this loop; all sockets share it."""
    loop, state = asyncio.get_running_loop(), websocket.app.state
    known: tuple[asyncio.AbstractEventLoop, Bell] | None = getattr(state, "bell", None)
    if known is None or known[0] is not loop:
        state.bell = known = (loop, Bell(loop))
    return known[1]
