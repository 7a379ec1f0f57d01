"""Who listened to many rooms at once, what each heard, and what was lost on the way."""

from __future__ import annotations

import statistics
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

AGENTS = ("Mizuho", "Ren", "Aki", "Clara", "Diego")
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


def judge(
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
