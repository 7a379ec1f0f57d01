"""What the app and a runner say to each other: one JSON object a line, over the child's pipes.

To the runner:   do = generate (an `Ask` with its id) | encode (texts, id) | adapt (folder, id)
                 | drop (folder, id) | cancel (id) | status (id)
From the runner: say = ready | text (id) | done (id) | failed (id or none)

`adapt` loads an adapter, so that the first answer with it need not wait; `drop` gives one back.

Every `done` tells in `adapters_held` the bytes that adapters hold, on the host and on the card.

Closing the runner's standard input is the order to end; so a dead app ends its runners too.
How the model is to be loaded is in the command line; what became of that is in `ready`.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

GENERATE, ENCODE, CANCEL, STATUS = "generate", "encode", "cancel", "status"
ADAPT, DROP = "adapt", "drop"
READY, TEXT, DONE, FAILED = "ready", "text", "done", "failed"
HOST, CARD = "host", "card"

STOP, LENGTH, CANCELLED = "stop", "length", "cancelled"
"""Why an answer ended: by itself or at a stop text, at a limit, or on demand."""


@dataclass(frozen=True, slots=True)
class Ask:
    """One answer that is wanted. `None` leaves a value to the model's generation_config.json.

    `context_tokens` and `max_tokens` bound prompt and answer; the model's own window does too.
    `adapter` is the folder of the adapter to answer with, "" for none; `kv_type` is how keys and
    values are kept meanwhile. `tools` are definitions as chat templates take them; a message may
    then have `tool_calls`, or the role tool with a `name`; `images` are pictures in base64, shown
    before its text. `unfinished`: the last message is the
    beginning of the answer, which goes on from there. `format` wants JSON: any object ("json"), or
    what a JSON schema says.
    """

    messages: tuple[Mapping[str, Any], ...]
    max_tokens: int = 512
    context_tokens: int = 4096
    temperature: float | None = None
    top_p: float | None = None
    seed: int | None = None
    stop: tuple[str, ...] = ()
    reasoning: bool = False
    extra: Mapping[str, Any] = field(default_factory=dict)
    adapter: str = ""
    kv_type: str = "f16"
    tools: tuple[Mapping[str, Any], ...] = ()
    unfinished: bool = False
    format: str | Mapping[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class Adapter:
    """An adapter that is to be loaded, or (`drop`) to be given back. Answered by `done`."""

    folder: str
    drop: bool = False


@dataclass(frozen=True, slots=True)
class Status:
    """What the process holds is wanted: `device_bytes` (`None` without a GPU), `adapters`."""


@dataclass(frozen=True, slots=True)
class Encode:
    """Texts whose vectors are wanted: float32, little-endian, one after the other, in base64."""

    texts: tuple[str, ...]


Wanted = Ask | Encode | Adapter | Status


def encode(message: Mapping[str, Any]) -> bytes:
    """One line, newline included."""
    return json.dumps(message, ensure_ascii=False, separators=(",", ":")).encode() + b"\n"


def decode(line: bytes) -> dict[str, Any] | None:
    """The message of a line; `None` for a line that is none."""
    try:
        message = json.loads(line)
    except ValueError:
        return None
    return message if isinstance(message, dict) else None


def order(number: int, wanted: Wanted) -> dict[str, Any]:
    if isinstance(wanted, Encode):
        return {"do": ENCODE, "id": number, "texts": wanted.texts}
    if isinstance(wanted, Adapter):
        do = DROP if wanted.drop else ADAPT
        return {"do": do, "id": number, "folder": wanted.folder}
    if isinstance(wanted, Status):
        return {"do": STATUS, "id": number}
    return {"do": GENERATE, "id": number, "ask": asdict(wanted)}


def read_ask(content: Mapping[str, Any]) -> Ask:
    """The `Ask` of a generate order.

    Raises:
        TypeError: the order has a field that this version does not know.
    """
    lists = {name: tuple(content.get(name, ())) for name in ("messages", "stop", "tools")}
    return Ask(**{**content, **lists})
