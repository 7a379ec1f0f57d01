"""`rooms edit|regenerate|continue|variants|choose|vote|pin|pins|branch`: what was said, changed."""

from __future__ import annotations

from collections.abc import Callable
from enum import StrEnum
from typing import Annotated, TypeAlias

import typer

from core.cli.door import Body, Door, open_door
from core.cli.live import Transcript
from core.cli.options import Json, RoomName, Storage
from core.cli.output import one_line, show, table, write_json
from core.text import N_, _

STEP_S = 0.5
Seq: TypeAlias = Annotated[
    int, typer.Argument(metavar="SEQ", min=1, help=N_("The number of its message."))
]
Wait: TypeAlias = Annotated[bool, typer.Option("--wait", help=N_("Print the answer as it comes."))]


class Vote(StrEnum):
    UP = "up"
    DOWN = "down"
    NONE = "none"


VALUES = {Vote.UP: 1, Vote.DOWN: -1, Vote.NONE: 0}


def add_to(app: typer.Typer) -> None:
    app.command(help=N_("Give a message other words; what it said before is kept."))(edit)
    app.command(help=N_("Let an agent answer again; its answers so far are kept."))(regenerate)
    app.command("continue", help=N_("Let a reply that broke off go on."))(go_on)
    app.command(help=N_("List all answers of a message."))(variants)
    app.command(help=N_("Show another answer of a message."))(choose)
    app.command(help=N_("Like an answer, or not."))(vote)
    app.command(help=N_("Keep a message at hand, or let it go."))(pin)
    app.command(help=N_("List the pinned messages."))(pins)
    app.command(help=N_("Make a new room of everything up to a message."))(branch)


def edit(
    room: RoomName,
    seq: Seq,
    text: Annotated[str, typer.Argument(metavar="TEXT", help=N_("Its new words."))],
    storage: Storage = None,
    as_json: Json = False,
) -> None:
    with open_door(storage) as door:
        found = door.editing.edit(room, seq, text)
    show(found, as_json, [_("Message {seq} was changed.", seq=seq)])


def regenerate(
    room: RoomName,
    seq: Seq,
    model: Annotated[
        str | None, typer.Option("--model", help=N_("Ask this model instead of its own."))
    ] = None,
    wait: Wait = False,
    storage: Storage = None,
    as_json: Json = False,
) -> None:
    with open_door(storage) as door:
        _begin(door, lambda: door.editing.regenerate(room, seq, model), wait, as_json)


def go_on(
    room: RoomName, seq: Seq, wait: Wait = False, storage: Storage = None, as_json: Json = False
) -> None:
    with open_door(storage) as door:
        _begin(door, lambda: door.editing.go_on(room, seq), wait, as_json)


def variants(room: RoomName, seq: Seq, storage: Storage = None, as_json: Json = False) -> None:
    with open_door(storage) as door:
        found = door.editing.variants(room, seq)
    rows = [
        (one["number"], "*" if one["shown"] else "", one["model"] or "", one_line(one["content"]))
        for one in found
    ]
    heads = (_("Answer"), _("Shown"), _("Model"), _("Words"))
    show({"variants": found}, as_json, table(rows, heads))


def choose(
    room: RoomName,
    seq: Seq,
    number: Annotated[int, typer.Argument(metavar="ANSWER", min=1, help=N_("Which one, from 1."))],
    storage: Storage = None,
    as_json: Json = False,
) -> None:
    with open_door(storage) as door:
        found = door.editing.choose(room, seq, number)
    show(found, as_json, [_("Message {seq} shows answer {number}.", seq=seq, number=number)])


def vote(
    room: RoomName,
    seq: Seq,
    value: Annotated[Vote, typer.Argument(metavar="up|down|none", help=N_("What you think."))],
    storage: Storage = None,
    as_json: Json = False,
) -> None:
    with open_door(storage) as door:
        found = door.editing.vote(room, seq, VALUES[value])
    text = _("Message {seq}: {up} for it, {down} against.", seq=seq, **found["votes"])
    show(found, as_json, [text])


def pin(
    room: RoomName,
    seq: Seq,
    off: Annotated[bool, typer.Option("--off", help=N_("Let it go."))] = False,
    storage: Storage = None,
    as_json: Json = False,
) -> None:
    with open_door(storage) as door:
        found = door.editing.pin(room, seq, not off)
    kept = _("Message {seq} is pinned.", seq=seq)
    show(found, as_json, [_("Message {seq} is not pinned.", seq=seq) if off else kept])


def pins(room: RoomName, storage: Storage = None, as_json: Json = False) -> None:
    with open_door(storage) as door:
        found = door.editing.pins(room)
    rows = [(one["seq"], one["sender"], one_line(one["content"])) for one in found]
    lines = table(rows, (_("Message"), _("Who"), _("Words")))
    show({"messages": found}, as_json, lines if found else [_("Nothing is pinned.")])


def branch(
    room: RoomName,
    seq: Seq,
    name: Annotated[
        str | None, typer.Option("--name", help=N_("Default: the room's, numbered."))
    ] = None,
    storage: Storage = None,
    as_json: Json = False,
) -> None:
    with open_door(storage) as door:
        made = door.editing.branch(room, seq, name)
    text = _("Created “{name}” ({id}).", name=made["name"], id=made["id"])
    show(made, as_json, [text])


def _begin(door: Door, begin: Callable[[], Body], wait: bool, as_json: bool) -> None:
    """Begin an answer; with `wait`, print what comes until it has ended."""
    message = begin()
    seq = message["seq"]
    if not wait:
        show(message, as_json, [_("Message {seq} is being said again.", seq=seq)])
        return
    transcript = Transcript()
    take = write_json if as_json else transcript.show
    frames = door.frames(message["room"], seq - 1)
    try:
        ended = False
        while not ended:
            frame = frames.next(STEP_S)
            if frame is None or frame.get("seq") != seq:
                continue
            take(frame)
            ended = frame.get("status", "pending") != "pending"
    finally:
        transcript.close()
        frames.close()
