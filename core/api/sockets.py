"""The WebSocket of a room: first what a client missed, then everything as it happens.

A client hears everything, unless it speaks for outside agents: from its `as=`, or else from its
join on, it hears what they do.

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
from core.api.frames_in import FRAMES_PER_S, Pace, Seat, act, is_said, joining, parse, say
from core.api.frames_out import Telling
from core.api.schemas import MAX_SEQ
from core.api.threads import in_thread
from core.errors import BodyTooLarge, InternalFault, InvalidInput, TooMany, WorkbenchError
from core.logs import part_logger
from core.messages import Message, StreamEvent
from core.rooms.frames import frame_text
from core.rooms.log import Watch
from core.rooms.people.arrivals import MAX_AGENTS
from core.rooms.people.ears import somebody_left
from core.rooms.rules import checked_name
from core.text import N_, choose_language, words
from core.workbench import Workbench

router = APIRouter()
_log = part_logger("sockets")

NORMAL, GOING_AWAY, NOT_TEXT, POLICY, TOO_LARGE = 1000, 1001, 1003, 1008, 1009
FAULT, TRY_AGAIN = 1011, 1013
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
        names = _names(websocket)
        hold = not names and any(one is not None for one in place.values())
        hold = hold and await in_thread(_may_join, websocket, bench, room.id)
        watch = await in_thread(bench.rooms.watch, room.id, **place)
    except WorkbenchError as error:
        await websocket.send_denial_response(error_response(error, lang))
        return
    try:
        await websocket.accept()
        await RoomSocket(websocket, bench, watch, room.id, lang).serve(names, hold=hold)
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
        self._telling = Telling(watch, lang, self._text, bench.store)
        self._inbox: asyncio.Queue[str] = asyncio.Queue(_INBOX)
        self._under_way = asyncio.Semaphore(_UNDER_WAY)
        self._saying: set[asyncio.Task[None]] = set()
        self._brought_agents = False
        self._said_goodbye = False

    async def serve(self, names: list[str], *, hold: bool) -> None:
        """Run until either side ends it; `names` are those for whom the client listens."""
        if names:
            await self._telling.hear_as(self._seat.room, names)
        self._telling.listen(_bell(self._socket))
        telling = self._telling.run(hold=hold)
        work = (self._read(), self._act(), telling, self._telling.cut.wait())
        tasks = [asyncio.create_task(each) for each in work]
        try:
            done, _rest = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            self._watch.close()
            if self._brought_agents:
                outside = self._bench.rooms.outside
                ended = outside.leave if self._said_goodbye else outside.lost
                await in_thread(ended, self._seat.connection)
        await self._close(self._ending(done))

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
                code = received.get("code", NORMAL)
                self._said_goodbye = code in (NORMAL, GOING_AWAY)
                raise WebSocketDisconnect(code)
            text = received.get("text")
            if text is None:
                binary = InvalidInput(field="frame", expected="text", found="binary data")
                raise Ended(NOT_TEXT, binary)
            if pace.over() or self._inbox.full():
                raise Ended(POLICY, TooMany(limit=FRAMES_PER_S))
            self._inbox.put_nowait(text)
            if self._brought_agents:
                self._bench.rooms.outside.heard_of(self._seat.connection)

    async def _act(self) -> None:
        """Act on frames in their order; a wrong one is answered, and the next one taken."""
        while True:
            text = await self._inbox.get()
            try:
                frame = parse(text)
                if is_said(frame):
                    self._telling.spoke()
                    await self._say(frame)
                elif frame.get("type") == "join":
                    await self._join(frame)
                else:
                    await self._do(frame)
            except BodyTooLarge as error:
                raise Ended(TOO_LARGE, error) from None
            except WorkbenchError as error:
                await self._error(error)

    async def _join(self, frame: dict[str, Any]) -> None:
        """Before the agents sit, this client hears for them only: nothing slips through."""
        undo = await self._telling.hear_as(self._seat.room, joining(frame))
        self._telling.spoke()
        self._brought_agents = True
        try:
            await self._do(frame)
        except BaseException:
            undo()
            raise

    async def _do(self, frame: dict[str, Any]) -> None:
        await in_thread(act, self._bench, self._seat, frame, self._telling.tell)

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
        number = self._telling.last_event
        event = StreamEvent("message", message.room, number, message.seq, message=message)
        await self._text(frame_text(event, self._lang))

    async def _error(self, error: WorkbenchError) -> None:
        head = {"type": "error", "room": self._seat.room, "event": self._telling.last_event}
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
        return Ended(TRY_AGAIN) if self._telling.cut.is_set() else None

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


def _names(websocket: WebSocket) -> list[str]:
    given = websocket.query_params.getlist("as")
    if len(given) > MAX_AGENTS:
        expected = words(N_("at most {limit} names"), limit=MAX_AGENTS)
        raise InvalidInput(field="as", expected=expected, found=len(given))
    return [checked_name(name, "as") for name in given]


def _may_join(websocket: WebSocket, bench: Workbench, room: str) -> bool:
    """Whether this may be a program that brings agents back: no browser, to a room with a past."""
    caller = websocket.scope.get("state", {}).get("caller")
    if caller is None or caller.via != "token":
        return False
    with bench.store.read() as conn:
        return somebody_left(conn, room)


def _bell(websocket: WebSocket) -> Bell:
    """The bell of this loop; all sockets share it."""
    loop, state = asyncio.get_running_loop(), websocket.app.state
    known: tuple[asyncio.AbstractEventLoop, Bell] | None = getattr(state, "bell", None)
    if known is None or known[0] is not loop:
        state.bell = known = (loop, Bell(loop))
    return known[1]
