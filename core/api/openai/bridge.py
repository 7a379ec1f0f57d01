"""From a generator on a thread of its own to the event loop, ending it when the client leaves."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Callable, Generator
from contextlib import suppress
from typing import Generic, TypeVar

from starlette.requests import Request

T = TypeVar("T")
LOOK_S = 0.5


class Left(Exception):
    """The client went before anything could be sent."""


class Bridge(Generic[T]):
    """The values of `work(cancel)`; `cancel` is set when nobody wants more of them."""

    def __init__(self, work: Callable[[threading.Event], Generator[T, None, None]]) -> None:
        self._work = work
        self._cancel = threading.Event()
        self._loop = asyncio.get_running_loop()
        self._queue: asyncio.Queue[tuple[T | None, BaseException | None]] = asyncio.Queue()
        threading.Thread(target=self._run, name="completion", daemon=True).start()

    async def first(self, request: Request) -> T | None:
        """The first value, `None` when there is none.

        Raises:
            Left: the client has gone.
            WorkbenchError: what `work` raised before it gave anything.
        """
        while True:
            try:
                value, error = await asyncio.wait_for(self._queue.get(), LOOK_S)
            except TimeoutError:
                if await request.is_disconnected():
                    self.close()
                    raise Left from None
                continue
            if error is not None:
                raise error
            return value

    async def values(self) -> AsyncIterator[T]:
        """The values after the first one. Raises what `work` raises."""
        try:
            while True:
                value, error = await self._queue.get()
                if error is not None:
                    raise error
                if value is None:
                    return
                yield value
        finally:
            self.close()

    def close(self) -> None:
        self._cancel.set()

    def _run(self) -> None:
        error: BaseException | None = None
        stream = self._work(self._cancel)
        try:
            for value in stream:
                self._give(value, None)
                if self._cancel.is_set():
                    break
        except Exception as raised:
            error = raised
        finally:
            stream.close()
            self._give(None, error)

    def _give(self, value: T | None, error: BaseException | None) -> None:
        with suppress(RuntimeError):  # the loop has ended, and with it whoever asked
            self._loop.call_soon_threadsafe(self._queue.put_nowait, (value, error))
