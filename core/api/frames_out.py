"""What a room's socket sends: what was missed, what happens, and what is for this client alone."""

from __future__ import annotations

import asyncio
import json
from collections import deque
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from typing import Any

from core.api.bell import Bell
from core.api.threads import in_thread
from core.messages import StreamEvent
from core.rooms.frames import frame_text
from core.rooms.log import Watch
from core.rooms.people.ears import Ears
from core.store import Store

# A program that comes back without `as=` may say first of all for whom it listens.
WORD_S = 0.25


class Telling:
    """Sends one socket its frames in order. `tell` may be called from any thread."""

    def __init__(
        self, watch: Watch, lang: str, send: Callable[[str], Awaitable[None]], store: Store
    ) -> None:
        self._watch, self._lang, self._send, self._store = watch, lang, send, store
        self._news = asyncio.Event()
        self._first_word = asyncio.Event()
        self._own: deque[Mapping[str, Any]] = deque()
        self._bell: Bell | None = None
        self._ears: Ears | None = None
        self.cut = asyncio.Event()
        self.last_event = 0

    def listen(self, bell: Bell) -> None:
        """Begin to collect what happens."""
        self._bell = bell
        self._watch.listen(lambda: bell.ring(self._wake))
        self._wake()

    async def hear_as(self, room: str, names: Iterable[str]) -> Callable[[], None]:
        """From here on send only what these members hear; gives what undoes that."""
        before = self._ears
        wanted = dict.fromkeys([*(before.names if before else ()), *names])
        self._ears = await in_thread(Ears, self._store, room, wanted)

        def undo() -> None:
            self._ears = before

        return undo

    def spoke(self) -> None:
        """The client has said its first word: nothing is held back any more."""
        self._first_word.set()

    def tell(self, frame: Mapping[str, Any]) -> None:
        """Send a frame to this client alone, after all events so far."""
        self._own.append(frame)
        if self._bell is not None:
            self._bell.ring(self._wake)

    async def run(self, *, hold: bool) -> None:
        """Send until cancelled. `hold`: wait a moment for the client to say who it is."""
        if hold:
            with suppress(TimeoutError):
                await asyncio.wait_for(self._first_word.wait(), WORD_S)
        await self._events(self._watch.replay)
        self._watch.replay = []
        while True:
            await self._news.wait()
            self._news.clear()
            await self._events(self._watch.take())
            while self._own:
                await self._send(json.dumps(self._own.popleft(), ensure_ascii=False))

    async def event(self, event: StreamEvent) -> None:
        await self._send(frame_text(event, self._lang))
        self.last_event = event.event

    async def _events(self, events: Sequence[StreamEvent]) -> None:
        if self._ears is not None and events:
            events = await in_thread(self._ears.told, events)
        for event in events:
            await self.event(event)

    def _wake(self) -> None:
        self._news.set()
        if self._watch.overflowed:
            self.cut.set()
