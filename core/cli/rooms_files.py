"""`rooms export` and `rooms import`: a room as a file, and back."""

from __future__ import annotations

import json
import sys
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer

from core.cli.door import Body, open_door
from core.cli.options import Ears, Json, RoomName, Storage
from core.cli.output import show, write
from core.cli.streams import unicode_output
from core.errors import FileUnusable, RoomFileInvalid
from core.text import N_, _

MAX_BYTES = 32_000_000


class Format(StrEnum):
    JSON = "json"
    MARKDOWN = "markdown"
    SHAREGPT = "sharegpt"


def add_to(app: typer.Typer) -> None:
    app.command("export", help=N_("Write a room as a file; only json can be imported again."))(
        export
    )
    app.command("import", help=N_("Make a room of an exported JSON file."))(import_room)


def export(
    room: RoomName,
    format_: Annotated[
        Format, typer.Option("--format", help=N_("json, markdown, or sharegpt for training."))
    ] = Format.JSON,
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", help=N_("A new file; default: standard output.")),
    ] = None,
    ears: Ears = None,
    storage: Storage = None,
    as_json: Json = False,
) -> None:
    with open_door(storage) as door:
        document = door.document(room, ears or ())
    text = _rendered(document, format_, ascii_only=output is None and not unicode_output())
    if output is None:
        wrapped = as_json and format_ is not Format.JSON
        write(json.dumps({"format": str(format_), "content": text}) if wrapped else text)
        return
    _write_new(output, text)
    result = {"file": str(output), "format": str(format_), "messages": len(document["messages"])}
    show(result, as_json, [_("Wrote {file}.", file=output)])


def import_room(
    file: Annotated[Path, typer.Argument(metavar="FILE", help=N_("The file; - reads a pipe."))],
    name: Annotated[
        str | None, typer.Option("--name", help=N_("Another name than the file says."))
    ] = None,
    storage: Storage = None,
    as_json: Json = False,
) -> None:
    document = _read(file)
    with open_door(storage) as door:
        room = door.take_in(document, name)
    text = _("Imported “{name}” with {n} messages.", name=room["name"], n=room["last_seq"])
    show(room, as_json, [text])


def _rendered(document: Body, format_: Format, *, ascii_only: bool) -> str:
    from core.rooms.transfer.writing import markdown, sharegpt

    if format_ is Format.MARKDOWN:
        return markdown(document).rstrip("\n")
    content: Any = sharegpt(document) if format_ is Format.SHAREGPT else document
    # Standard output gets one object on one line, a file is indented for people.
    return json.dumps(content, ensure_ascii=ascii_only)


def _write_new(file: Path, text: str) -> None:
    try:
        with file.open("x", encoding="utf-8") as opened:  # never over another file
            opened.write(text + "\n")
    except OSError as error:
        raise FileUnusable(file=file, detail=error.strerror or type(error).__name__) from None


def _read(file: Path) -> Body:
    try:
        if str(file) == "-":
            content = sys.stdin.buffer.read(MAX_BYTES + 1)
        else:
            with file.open("rb") as opened:
                content = opened.read(MAX_BYTES + 1)
    except OSError as error:
        raise FileUnusable(file=file, detail=error.strerror or type(error).__name__) from None
    if len(content) > MAX_BYTES:
        detail = f"larger than {MAX_BYTES // 1_000_000} MB"
        raise RoomFileInvalid(file=file, line=1, detail=detail)
    return _parsed(file, content)


def _parsed(file: Path, content: bytes) -> Body:
    try:
        document = json.loads(content.decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        line = content[: error.start].count(b"\n") + 1
        raise RoomFileInvalid(file=file, line=line, detail="not UTF-8 text") from None
    except json.JSONDecodeError as error:
        raise RoomFileInvalid(
            file=file, line=error.lineno, detail=f"not JSON ({error.msg})"
        ) from None
    except (ValueError, RecursionError):
        raise RoomFileInvalid(file=file, line=1, detail="not JSON") from None
    if not isinstance(document, dict):
        raise RoomFileInvalid(file=file, line=1, detail="not a room written by “rooms export”")
    return document
