"""Many rooms, agents and people at once against the whole app: what was lost, how late it came.

    report = asyncio.run(talk(app, Plan(seconds=300)))
    report.figures()

Every agent answers every message through a scripted Ollama in this process; every client of a
room listens at a WebSocket of its own, some drop out and resume all the time, and people repeat
themselves with the same key. All is compared with what the app has stored. Messages carry the
moment at which they were sent, and so do the agents' words, so that delivery is timed from the
sender's hands to each listener's, the way through the disk included.
"""

from __future__ import annotations

import asyncio
import json
import random
import secrets
import time
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import httpx
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from testing.load_judge import AGENTS, MARK, Listener, Plan, Report, judge
from testing.scripted_http import End, Head, Pause, Request, Step
from testing.scripted_ollama import ScriptedOllama, done, token
from testing.served import ServedApp

WORDS_SAID = 4
WORD_PAUSE_S = 0.02
SETTLE_S = 120.0  # how long after the last word everything may take to arrive


def speaking(server: ScriptedOllama) -> None:
    """Let the server's models say when they speak, and something new each time."""

    def answer(request: Request) -> Iterator[Step]:
        yield Head()
        if not request.json.get("messages"):  # only to be loaded
            yield done("load")
            yield End()
            return
        for _word in range(WORDS_SAID):
            yield token(f"{secrets.token_hex(4)} {MARK} {time.monotonic():.4f} ")
            yield Pause(WORD_PAUSE_S)
        yield done(eval_count=WORDS_SAID)
        yield End()

    server.on("/api/chat", answer)


async def talk(app: ServedApp, plan: Plan) -> Report:
    """Let the rooms of a running app talk for `plan.seconds`, and judge what came."""
    token_ = (app.folder / "local-token").read_text(encoding="utf-8").strip()
    headers = {"Authorization": f"Bearer {token_}"}
    # A connection that is kept might be closed by the app just as it is used again.
    fresh = httpx.Limits(max_keepalive_connections=0)
    async with httpx.AsyncClient(
        base_url=app.url, headers=headers, timeout=60, limits=fresh
    ) as api:
        rooms = [await _new_room(api, number) for number in range(plan.rooms)]
        listeners = [[Listener(room) for _ in range(plan.clients)] for room in rooms]
        report = Report(plan, rooms=len(rooms))
        said: dict[str, list[str]] = {room: [] for room in rooms}
        until = time.monotonic() + plan.seconds
        over = asyncio.Event()
        tasks = [
            asyncio.create_task(_listen(app.url, headers, one, plan, number, over))
            for room in listeners
            for number, one in enumerate(room)
        ]
        talkers = [
            _people(app.url, headers, room, plan, until, said[room], number)
            for number, room in enumerate(rooms)
        ]
        try:
            for errors in await asyncio.gather(*talkers):
                report.errors.update(errors)
            for room, here in zip(rooms, listeners, strict=True):
                await _settled(api, room, here)
        finally:
            over.set()
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
        for room, here in zip(rooms, listeners, strict=True):
            judge(report, await _stored(api, room), said[room], here)
    return report


async def _new_room(api: httpx.AsyncClient, number: int) -> str:
    body = {"name": f"load {number} {secrets.token_hex(3)}", "members": list(AGENTS)}
    made = await api.post("/api/v1/rooms", json=body)
    room = str(made.raise_for_status().json()["id"])
    models = {"models": dict.fromkeys(AGENTS, "ollama:tiny")}
    (await api.patch(f"/api/v1/rooms/{room}", json=models)).raise_for_status()
    return room


def _open(url: str, headers: dict[str, str], room: str, cursor: int | None) -> connect:
    resume = "" if cursor is None else f"&cursor={cursor}"
    return connect(
        f"{url.replace('http', 'ws')}/ws?room={room}{resume}",
        additional_headers=headers,
        compression=None,
        proxy=None,
        max_queue=None,
        max_size=None,
        open_timeout=60,
    )


async def _listen(
    url: str, headers: dict[str, str], one: Listener, plan: Plan, number: int, over: asyncio.Event
) -> None:
    """Listen for good; the first few of a room drop out again and again."""
    dice = random.Random(f"{plan.seed}:{one.room}:{number}")
    while not over.is_set():
        live_from = time.monotonic() + (0.5 if one.event else 0.0)
        async with _open(url, headers, one.room, one.event) as socket:
            leave_at = time.monotonic() + dice.uniform(1, 5) if number < plan.dropping else None
            with suppress(ConnectionClosed):
                await _take(socket, one, leave_at, live_from)
            if leave_at is not None:
                socket.transport.abort()
        one.resumed += 1


async def _take(
    socket: ClientConnection, one: Listener, leave_at: float | None, live_from: float
) -> None:
    while leave_at is None or time.monotonic() < leave_at:
        try:
            async with asyncio.timeout(1.0 if leave_at is not None else None):
                text = await socket.recv()
        except TimeoutError:
            continue
        now = time.monotonic()
        one.hear(json.loads(text), now, live=now >= live_from)


async def _people(
    url: str,
    headers: dict[str, str],
    room: str,
    plan: Plan,
    until: float,
    said: list[str],
    number: int,
) -> list[str]:
    """Say things until the end, now and then two at once or one twice; gives errors that came."""
    dice = random.Random(f"{plan.seed}:{number}")
    await asyncio.sleep(dice.uniform(0, plan.pause_s[1]))
    async with _open(url, headers, room, None) as socket:
        errors: list[str] = []
        drain = asyncio.create_task(_errors_of(socket, errors))
        while time.monotonic() < until:
            for _person in range(dice.choice((1, 1, 2))):
                key = secrets.token_hex(8)
                text = f"{key} {MARK} {time.monotonic():.4f} ?"
                frame = {"type": "message", "content": text, "idempotency_key": key}
                frame["sender"] = dice.choice(("Yuki", "Taro", "Noa"))
                for _time in range(2 if dice.random() < plan.again else 1):
                    await socket.send(json.dumps(frame))
                said.append(text)
            await asyncio.sleep(dice.uniform(*plan.pause_s))
        await asyncio.sleep(0.5)
        drain.cancel()
    return errors


async def _errors_of(socket: ClientConnection, errors: list[str]) -> None:
    with suppress(ConnectionClosed):
        async for text in socket:
            frame = json.loads(text)
            if frame["type"] == "error":
                errors.append(str(frame["code"]))


async def _settled(api: httpx.AsyncClient, room: str, listeners: list[Listener]) -> None:
    """Wait until nobody is due in the room, and everybody has heard its last event."""
    deadline = time.monotonic() + SETTLE_S
    while time.monotonic() < deadline:
        if await _answered(api, room):
            last = (await api.get(f"/api/v1/rooms/{room}")).raise_for_status().json()["last_event"]
            if all(one.event >= last for one in listeners):
                return
        await asyncio.sleep(0.25)


async def _answered(api: httpx.AsyncClient, room: str) -> bool:
    """Whether the last thing that somebody said has all its answers, to their ends."""
    given = {"room": room, "limit": 50}
    lines = (await api.get("/api/messages", params=given)).raise_for_status().json()["messages"]
    asked = max((one["seq"] for one in lines if one["kind"] == "human"), default=0)
    ended = [one for one in lines if one["status"] != "pending" and one["kind"] == "agent"]
    return sum(one["reply_to"] == asked for one in ended) == len(AGENTS)


async def _stored(api: httpx.AsyncClient, room: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    while True:
        given = {"room": room, "after": len(found), "limit": 1000}
        page = (await api.get("/api/messages", params=given)).raise_for_status().json()["messages"]
        found += page
        if len(page) < 1000:
            return found
