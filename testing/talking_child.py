"""A room that talks until it is killed: the child of the kill tests.

`python -m testing.talking_child FOLDER START` posts messages with the keys k<START>, k<START+1>,
… and prints each key after it was acknowledged. Its members stream the words of `PIECES`.
A third word names the turn policy.
`python -m testing.talking_child FOLDER watched` posts once to Ren and prints each piece of the
answer that a subscriber saw.
`python -m testing.talking_child FOLDER again` posts once, prints the answers that the reply has as
one line of JSON, and then has it answered anew, gone on with, or stopped, for ever, printing the
number of each answer that was begun.
"""

from __future__ import annotations

import json
import random
import sys
import threading
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import count
from pathlib import Path

from core.messages import PromptMessage
from core.providers.base import Chunk
from core.settings import load_settings
from core.workbench import Workbench
from testing.scripted_model import Script, ScriptedProvider

ROOM = "Engawa"
MEMBERS = ("Mizuho", "Ren", "Aki")
PIECES = [f"word{number} " for number in range(12)]


def main(folder: str, start: str, policy: str = "in_order") -> None:
    """Post and answer for ever."""
    watched = start == "watched"
    provider = GoingOn if start == "again" else ScriptedProvider
    model = provider({"starter": Script(PIECES, pause_s=0.03 if watched else 0.004)})
    settings = load_settings(data_dir=Path(folder), rooms={"flush_ms": 10, "damper": "never"})
    bench = Workbench.open(settings, providers=[model])
    room = _room(bench, policy)
    print("open", flush=True)  # noqa: T201
    if start in DOES:
        DOES[start](bench)
        return
    for number in count(int(start)):
        key = f"k{number}"
        bench.rooms.post(room, f"message {key}", sender="Yuki", key=key)
        print(key, flush=True)  # noqa: T201
        bench.rooms.wait_idle(room, 0.05 if number % 3 else 5)


class GoingOn(ScriptedProvider):
    """A model that says only what is missing when it is shown the beginning of its answer."""

    def _speak(
        self, script: Script, messages: Sequence[PromptMessage], cancel: threading.Event
    ) -> Iterator[Chunk]:
        begun = len(messages[-1].content.split()) if messages[-1].role == "assistant" else 0
        rest = [f" {piece}" if at == begun > 0 else piece for at, piece in enumerate(PIECES)]
        yield from super()._speak(replace(script, pieces=rest[begun:]), messages, cancel)


def _room(bench: Workbench, policy: str) -> str:
    """The room in which turns are taken so; each policy has one of its own."""
    if policy == "in_order":
        return ROOM
    if policy not in [summary.room.name for summary in bench.rooms.list()]:
        bench.rooms.create(policy, MEMBERS)
        options = {"rounds": 1} if policy == "debate" else None
        bench.rooms.set_policy(policy, policy, options)
    return policy


def _show(bench: Workbench) -> None:
    with bench.rooms.watch(ROOM) as watch:
        bench.rooms.post(ROOM, "@Ren go on", sender="Yuki")
        while (event := watch.get(10)) is not None:
            if event.type == "delta":
                print(event.text, flush=True)  # noqa: T201


def _again(bench: Workbench) -> None:
    """Change one reply for ever."""
    bench.rooms.post(ROOM, "@Ren go on", sender="Yuki", key="asked")
    bench.rooms.wait_idle(ROOM, 10)
    editing, dice = bench.rooms.editing, random.Random()
    found = [[one["number"], one["content"], one["status"]] for one in editing.variants(ROOM, 2)]
    print(json.dumps(found), flush=True)  # noqa: T201
    while True:
        line = bench.rooms.message(ROOM, 2)
        broken_off = line.status in ("partial", "stopped") and line.content
        begun = editing.go_on(ROOM, 2) if broken_off else editing.regenerate(ROOM, 2)
        print(begun.variant, flush=True)  # noqa: T201
        if not bench.rooms.wait_idle(ROOM, dice.choice([0.0, 0.01, 0.03, 5])):
            bench.rooms.stop(ROOM)
        bench.rooms.wait_idle(ROOM, 5)


DOES = {"watched": _show, "again": _again}


if __name__ == "__main__":
    main(*sys.argv[1:])
