"""Tabs without a browser: they talk to the server as Streamlit's page does, and draw nothing.

with open_tabs(server, "hardware", 10) as tabs:
    tabs[0].charts()        # the specifications of its charts, as last received

The server's work is that of real tabs, to which it sends every message in full; the machine
is spared ten browsers. Fragments that ask to run again are run again, as the page would.
"""

from __future__ import annotations

import asyncio
import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from websockets.asyncio.client import ClientConnection, connect

from testing.patience import within
from testing.running import Server

OPEN_S = 60
LARGEST = 64 << 20  # bytes of a message


class Tab:
    """One tab on one page; other threads may read what it got."""

    def __init__(self, page: str) -> None:
        self.page = page
        self.runs = 0
        self._specs: dict[tuple[int, ...], str] = {}
        self._again: dict[str, asyncio.Task[None]] = {}

    def charts(self) -> list[dict[str, Any]]:
        """The Plotly figures that it shows, from top to bottom."""
        return [json.loads(spec) for _place, spec in sorted(self._specs.items())]

    async def live(self, socket: ClientConnection) -> None:
        """Open the page, then take what comes until the socket is closed."""
        from streamlit.proto.ForwardMsg_pb2 import ForwardMsg

        await self._run(socket)
        async for data in socket:
            message = ForwardMsg()
            message.ParseFromString(data if isinstance(data, bytes) else data.encode())
            await self._took(socket, message)

    async def _took(self, socket: ClientConnection, message: Any) -> None:
        kind = message.WhichOneof("type")
        if kind == "delta" and message.delta.new_element.HasField("plotly_chart"):
            place = tuple(message.metadata.delta_path)
            self._specs[place] = message.delta.new_element.plotly_chart.spec
        elif kind == "script_finished":
            self.runs += 1
        elif kind == "auto_rerun":
            self._repeat(socket, message.auto_rerun.fragment_id, message.auto_rerun.interval)
        elif kind == "stop_auto_rerun":
            for fragment in message.stop_auto_rerun.fragment_ids:
                self._forget(fragment)

    def _repeat(self, socket: ClientConnection, fragment: str, every_s: float) -> None:
        self._forget(fragment)
        self._again[fragment] = asyncio.create_task(self._often(socket, fragment, every_s))

    def _forget(self, fragment: str) -> None:
        if fragment in self._again:
            self._again.pop(fragment).cancel()

    async def _often(self, socket: ClientConnection, fragment: str, every_s: float) -> None:
        while True:
            await asyncio.sleep(every_s)
            await self._run(socket, fragment)

    async def _run(self, socket: ClientConnection, fragment: str = "") -> None:
        from streamlit.proto.BackMsg_pb2 import BackMsg

        asked = BackMsg()
        asked.rerun_script.page_name = self.page
        asked.rerun_script.fragment_id = fragment
        asked.rerun_script.is_auto_rerun = bool(fragment)
        asked.rerun_script.context_info.timezone = "UTC"
        asked.rerun_script.context_info.locale = "en-US"
        await socket.send(asked.SerializeToString())


@contextmanager
def open_tabs(server: Server, page: str, count: int) -> Iterator[list[Tab]]:
    """Open `count` tabs; they live in a thread of their own until the block ends.

    Raises:
        AssertionError: a tab had not run its page once within a minute.
    """
    tabs = [Tab(page) for _number in range(count)]
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_until_complete, args=(_live(server, tabs),))
    thread.start()
    try:
        end = time.monotonic() + within(OPEN_S)
        while not all(tab.runs for tab in tabs):
            assert thread.is_alive(), "the tabs were closed"
            assert time.monotonic() < end, "a tab did not open"
            time.sleep(0.05)
        yield tabs
    finally:
        loop.call_soon_threadsafe(_end_all, loop)
        thread.join(timeout=10)
        loop.close()


def _end_all(loop: asyncio.AbstractEventLoop) -> None:
    for task in asyncio.all_tasks(loop):
        task.cancel()


async def _live(server: Server, tabs: list[Tab]) -> None:
    token = (server.data / "local-token").read_text(encoding="utf-8").strip()
    address = server.url.replace("http", "ws") + "/_stcore/stream"
    try:
        await asyncio.gather(*(_one(address, token, tab) for tab in tabs))
    except asyncio.CancelledError:
        return


async def _one(address: str, token: str, tab: Tab) -> None:
    headers = {"Authorization": f"Bearer {token}"}
    async with connect(
        address, additional_headers=headers, subprotocols=["streamlit"], proxy=None,
        max_size=LARGEST,
    ) as socket:  # type: ignore[list-item]  # fmt: skip
        await tab.live(socket)
