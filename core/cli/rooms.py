"""`rooms …`: list, create, delete, restore, say, tail."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Annotated, Any

import typer

from core.cli import (
    rooms_files,
    rooms_lines,
    rooms_people,
    rooms_preflight,
    rooms_prompt,
    rooms_turns,
)
from core.cli.door import Body, Door, open_door
from core.cli.live import Transcript
from core.cli.options import Ears, Json, RoomName, Storage
from core.cli.output import show, table, write_json
from core.text import N_, _

app = typer.Typer(
    rich_markup_mode=None, no_args_is_help=True, help=N_("Rooms: make them, talk in them.")
)
rooms_files.add_to(app)
rooms_prompt.add_to(app)
rooms_turns.add_to(app)
rooms_preflight.add_to(app)
rooms_lines.add_to(app)
rooms_people.add_to(app)

STEP_S = 0.5
QUIET_S = 2.0


@app.command("list", help=N_("List the rooms, the most recently used first."))
def list_rooms(
    deleted: Annotated[bool, typer.Option("--deleted", help=N_("The deleted ones."))] = False,
    storage: Storage = None,
    as_json: Json = False,
) -> None:
    with open_door(storage) as door:
        rooms = door.rooms(deleted=deleted)
    lines = table([_row(room) for room in rooms], (_("Name"), _("Messages"), _("Members"), _("Id")))
    show({"rooms": rooms}, as_json, lines if rooms else [_("There is no room.")])


@app.command(help=N_("Create a room."))
def create(
    name: Annotated[str, typer.Argument(metavar="NAME", help=N_("Its name."))],
    member: Annotated[
        list[str] | None,
        typer.Option("--member", help=N_("An agent that sits in it; may be given several times.")),
    ] = None,
    policy: Annotated[
        str, typer.Option("--policy", help=N_("How they take turns; see “rooms policies”."))
    ] = "in_order",
    storage: Storage = None,
    as_json: Json = False,
) -> None:
    with open_door(storage) as door:
        room = door.create_room(name, member or [], policy)
    show(room, as_json, [_("Created “{name}” ({id}).", name=room["name"], id=room["id"])])


@app.command(help=N_("Put a room away; it can be restored for 30 days."))
def delete(room: RoomName, storage: Storage = None, as_json: Json = False) -> None:
    with open_door(storage) as door:
        found = door.room(room)
        door.delete_room(found["id"])
    text = _("Deleted “{name}”. “rooms restore {id}” brings it back.", **_named(found))
    show({"deleted": True, **found}, as_json, [text])


@app.command(help=N_("Bring a deleted room back."))
def restore(room: RoomName, storage: Storage = None, as_json: Json = False) -> None:
    with open_door(storage) as door:
        found = door.restore_room(room)
    show(found, as_json, [_("Restored “{name}”.", name=found["name"])])


@app.command(help=N_("Say something in a room."))
def say(
    room: RoomName,
    text: Annotated[str, typer.Argument(metavar="TEXT", help=N_("The message."))],
    wait: Annotated[
        bool, typer.Option("--wait", help=N_("Print the replies as they come."))
    ] = False,
    sender: Annotated[
        str | None, typer.Option("--as", help=N_("Your name there; default: the app's."))
    ] = None,
    key: Annotated[
        str | None, typer.Option("--key", help=N_("Sent twice with one key, it is stored once."))
    ] = None,
    to: Annotated[
        list[str] | None,
        typer.Option("--to", help=N_("Whisper it to this one alone; several times if need be.")),
    ] = None,
    storage: Storage = None,
    as_json: Json = False,
) -> None:
    with open_door(storage) as door:
        found = door.room(room)
        message = door.post(found["id"], text, sender=sender, key=key, to=to or ())
        if not wait:
            show(message, as_json, [_("Stored as message {seq}.", seq=message["seq"])])
            return
        if as_json:
            write_json({"type": "message", **message})
        _follow_round(door, found, message, as_json)


@app.command(help=N_("Print the last messages of a room."))
def tail(
    room: RoomName,
    follow: Annotated[
        bool, typer.Option("--follow", "-f", help=N_("Go on with what comes, until Ctrl+C."))
    ] = False,
    number: Annotated[
        int, typer.Option("--lines", "-n", min=0, max=1000, help=N_("How many messages."))
    ] = 20,
    ears: Ears = None,
    storage: Storage = None,
    as_json: Json = False,
) -> None:
    names = ears or []
    with open_door(storage) as door:
        found = door.room(room)
        if follow:
            _follow(door, found, number, names, as_json)
            return
        printer = _Printer(as_json)
        for message in door.messages(found["id"], limit=number, ears=names) if number else []:
            printer.show({"type": "message", **message})
        printer.close()


class _Printer:
    """Frames as JSON lines, or as a transcript for people."""

    def __init__(self, as_json: bool) -> None:
        self._transcript = None if as_json else Transcript()

    def show(self, frame: Body) -> None:
        if self._transcript is None:
            write_json(frame)
        else:
            self._transcript.show(frame)

    def close(self) -> None:
        if self._transcript is not None:
            self._transcript.close()


def _follow(door: Door, room: Body, number: int, ears: Sequence[str], as_json: bool) -> None:
    printer = _Printer(as_json)
    frames = door.frames(room["id"], max(0, room["last_seq"] - number), ears)
    try:
        while True:
            frame = frames.next(STEP_S)
            if frame is not None:
                printer.show(frame)
    finally:
        printer.close()
        frames.close()


def _follow_round(door: Door, room: Body, message: Body, as_json: bool) -> None:
    """Print what comes until everybody who was asked has answered."""
    printer = _Printer(as_json)
    round_ = _Round(room, message)
    frames = door.frames(room["id"], message["seq"])
    try:
        while not round_.over(door):
            frame = frames.next(STEP_S)
            if frame is not None:
                round_.hear(frame)
                printer.show(frame)
    finally:
        printer.close()
        frames.close()


class _Round:
    """Knows when a message has been answered: by those it was for, or nobody speaks any more."""

    def __init__(self, room: Body, message: Body) -> None:
        from core.rooms.said.mentions import mentioned

        inside = [one["name"] for one in room["members"] if one["kind"] == "agent"]
        outside = [one["name"] for one in room["members"] if one["kind"] != "agent"]
        self._room, self._seq = room["id"], message["seq"]
        asked = mentioned(message["content"], [*inside, *outside])
        # Under another policy nobody knows yet who will speak: then the room tells.
        known = room["policy"] == "in_order"
        self._waiting = set(asked or inside) & set(inside) if known else {""}
        self._open: set[int] = set()
        self._quiet_since = time.monotonic()

    def hear(self, frame: Body) -> None:
        self._quiet_since = time.monotonic()
        seq, status = frame.get("seq"), frame.get("status")
        if not isinstance(seq, int) or status is None:
            return
        if status == "pending":
            self._open.add(seq)
            return
        self._open.discard(seq)
        if (frame.get("reply_to") or 0) >= self._seq:
            self._waiting.discard(frame["sender"])

    def over(self, door: Door) -> bool:
        if self._open:
            return False
        if not self._waiting:
            return True
        # A stopped round, or an agent whose file is gone, leaves somebody waiting for ever.
        if time.monotonic() - self._quiet_since < QUIET_S:
            return False
        self._quiet_since = time.monotonic()
        return door.quiet(self._room)


def _row(room: Body) -> tuple[Any, ...]:
    members = ", ".join(member["name"] for member in room["members"])
    return room["name"], room["last_seq"], members, room["id"]


def _named(room: Body) -> dict[str, str]:
    return {"name": room["name"], "id": room["id"]}
