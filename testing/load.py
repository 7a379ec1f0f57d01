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
import statistics
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

import httpx
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from testing.scripted_http import End, Head, Pause, Request, Step
from testing.scripted_ollama import ScriptedOllama, done, token
from testing.served import ServedApp

AGENTS = ("Mizuho", "Ren", "Aki", "Clara", "Diego")
WORDS_SAID = 4
WORD_PAUSE_S = 0.02
SETTLE_S = 120.0  # how long after the last word everything may take to arrive
MARK = "at"  # before a moment in what is said


@dataclass(frozen=True, slots=True)
class Plan:
    """How much happens. `pause_s`: between two messages of one room, drawn evenly."""

    seconds: float
    rooms: int = 20
    clients: int = 20
    pause_s: tuple[float, float] = (4.0, 10.0)
    dropping: int = 2  # clients of each room that drop out and come back
    again: float = 0.1  # share of messages that are sent twice under one key
    seed: int = 1


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


@dataclass
class Listener:
    """One client: every event once and in order, and what messages became of them."""

    room: str
    event: int = 0
    lost: int = 0
    doubled: int = 0
    errors: list[str] = field(default_factory=list)
    texts: dict[int, str] = field(default_factory=dict)
    order: list[int] = field(default_factory=list)
    said_ms: list[float] = field(default_factory=list)
    spoken_ms: list[float] = field(default_factory=list)
    frames: int = 0
    resumed: int = 0

    def hear(self, frame: dict[str, Any], now: float, *, live: bool) -> None:
        self.frames += 1
        if frame["type"] == "error":
            self.errors.append(str(frame["code"]))
            return
        number = frame["event"]
        if number > self.event + 1:
            self.lost += number - self.event - 1
        if number <= self.event:
            self.doubled += 1
            return
        self.event = number
        seq = frame.get("seq")
        if frame["type"] == "delta":
            at = self.texts.get(seq, "")
            self.texts[seq] = at[: frame["offset"]] + frame["text"]
            self._time(frame["text"], now, self.spoken_ms, live)
        elif "content" in frame:
            if seq not in self.texts:
                self.order.append(seq)
            self.texts[seq] = frame["content"]
            if frame["type"] == "message" and frame["kind"] == "human":
                self._time(frame["content"], now, self.said_ms, live)

    def _time(self, text: str, now: float, into: list[float], live: bool) -> None:
        words = text.split()
        if live and MARK in words[:-1]:
            last = len(words) - 1 - words[::-1].index(MARK)
            if last + 1 < len(words):
                with suppress(ValueError):  # a piece may end in the middle of a moment
                    into.append(1000 * (now - float(words[last + 1])))


@dataclass
class Report:
    """What came of it."""

    plan: Plan
    rooms: int = 0
    said: int = 0
    replies: int = 0
    frames: int = 0
    resumed: int = 0
    lost: int = 0
    doubled: int = 0
    reordered: int = 0
    errors: Counter[str] = field(default_factory=Counter)
    said_ms: list[float] = field(default_factory=list)
    spoken_ms: list[float] = field(default_factory=list)

    def figures(self) -> dict[str, Any]:
        """Counts, and milliseconds from sender to listener; `None` when nothing was timed."""
        counts = ("rooms", "said", "replies", "frames", "resumed", "lost", "doubled", "reordered")
        return {
            "seconds": self.plan.seconds,
            "agents": len(AGENTS),
            "clients": self.plan.clients,
            **{name: getattr(self, name) for name in counts},
            "errors": dict(self.errors),
            **_cuts("", self.said_ms),
            **_cuts("word_", self.spoken_ms),
        }


async def talk(app: ServedApp, plan: Plan) -> Report:
    """Let the rooms of a running app talk for `plan.seconds`, and judge what came."""
    token_ = (app.folder / "local-token").read_text(encoding="utf-8").strip()
    headers = {"Authorization": f"Bearer {token_}"}
    async with httpx.AsyncClient(base_url=app.url, headers=headers, timeout=60) as api:
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
            _judge(report, await _stored(api, room), said[room], here)
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


def _judge(
    report: Report, stored: list[dict[str, Any]], said: list[str], listeners: list[Listener]
) -> None:
    """Compare the ledger of what was said, what is stored, and what each listener heard."""
    people = Counter(one["content"] for one in stored if one["kind"] == "human")
    report.said += len(said)
    report.lost += sum(text not in people for text in said)
    report.doubled += sum(count - 1 for count in people.values())
    report.reordered += [one["seq"] for one in stored] != list(range(1, len(stored) + 1))
    replies = [one for one in stored if one["kind"] == "agent"]
    report.replies += len(replies)
    given = Counter((one["sender"], one["reply_to"]) for one in replies)
    report.doubled += sum(count - 1 for count in given.values())
    for trigger in {one["reply_to"] for one in replies}:
        report.lost += sum((agent, trigger) not in given for agent in AGENTS)
    answered = max((one["reply_to"] for one in replies), default=0)
    report.lost += sum(one["kind"] == "human" and one["seq"] > answered for one in stored)
    report.errors.update(one["status"] for one in replies if one["status"] != "complete")
    texts = {one["seq"]: one["content"] for one in stored}
    for one in listeners:
        report.frames += one.frames
        report.resumed += one.resumed
        report.lost += one.lost + sum(one.texts.get(seq) != text for seq, text in texts.items())
        report.doubled += one.doubled
        report.reordered += one.order != sorted(one.order)
        report.errors.update(one.errors)
        report.said_ms += one.said_ms
        report.spoken_ms += one.spoken_ms


def _cuts(name: str, delays: list[float]) -> dict[str, float | None]:
    if len(delays) < 2:
        return {f"{name}p50_ms": None, f"{name}p95_ms": None, f"{name}p99_ms": None}
    cuts = statistics.quantiles(delays, n=100, method="inclusive")
    found = {"p50_ms": cuts[49], "p95_ms": cuts[94], "p99_ms": cuts[98], "max_ms": max(delays)}
    return {name + key: round(value, 1) for key, value in found.items()}
