"""What was sent for a reply, kept beside it: exactly, compressed, until it is old."""

from __future__ import annotations

import json
import zlib
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, bindparam, delete, insert, select

from core.agents.prompt import Part, Prompt
from core.errors import PromptNotKept
from core.messages import PromptMessage
from core.store import tables as t
from core.store.prepared import Prepared
from core.text import Words

# Of each room the prompts of the newest lines are kept: a long prompt is larger than its reply.
KEPT_LINES = 500
_KEEP = Prepared(insert(t.prompts), ("room_id", "seq", "model", "parts", "body"))
# Of a line that is said again, the prompt of its last answer is kept.
_FORGET = Prepared(
    delete(t.prompts).where(
        t.prompts.c.room_id == bindparam("room"),
        (t.prompts.c.seq <= bindparam("old")) | (t.prompts.c.seq == bindparam("line")),
    )
)


@dataclass(frozen=True, slots=True)
class Trace:
    """The prompt of one reply and the model that was asked with it."""

    model: str
    prompt: Prompt


def keep(conn: Connection, room_id: str, seq: int, prompt: Prompt, model: str) -> None:
    """Store the prompt of a room's line, and forget those that are old."""
    _FORGET.run(conn, {"room": room_id, "old": seq - KEPT_LINES, "line": seq})
    sent = [[message.role, message.content] for message in prompt.messages]
    row = {
        "room_id": room_id,
        "seq": seq,
        "model": model,
        "parts": {
            "template": prompt.template,
            "rule": prompt.rule,
            "exact": prompt.exact,
            "parts": [_stored(part) for part in prompt.parts],
        },
        "body": zlib.compress(json.dumps(sent).encode(), 1),
    }
    _KEEP.run(conn, row)


def load(conn: Connection, room_id: str, seq: int) -> Trace:
    """
    Raises:
        PromptNotKept: nothing was sent for this line, or it is old.
    """
    where = t.prompts.c.room_id == room_id, t.prompts.c.seq == seq
    row = conn.execute(select(t.prompts).where(*where)).mappings().first()
    if row is None:
        raise PromptNotKept(seq=seq)
    known = row["parts"]
    sent = json.loads(zlib.decompress(row["body"]))
    prompt = Prompt(
        messages=tuple(PromptMessage(role, content) for role, content in sent),
        parts=tuple(_part(part) for part in known["parts"]),
        template=known["template"],
        rule=known["rule"],
        exact=known["exact"],
    )
    return Trace(row["model"], prompt)


def _stored(part: Part) -> dict[str, Any]:
    note = part.note
    given = None if note is None else [note.text, {k: str(v) for k, v in note.params.items()}]
    return {"name": part.name, "tokens": part.tokens, "chars": part.chars, "note": given}


def _part(stored: dict[str, Any]) -> Part:
    note = Words(*stored["note"]) if stored["note"] else None
    return Part(stored["name"], stored["tokens"], stored["chars"], note)
