"""Messages of people: stored once per key, and erased without a trace of their words."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, and_, bindparam, delete, select, update

from core.errors import Conflict, IdempotencyConflict, InvalidInput, SenderIsAgent
from core.messages import Kind, Message, ReplyStatus, StreamEvent
from core.providers.cache import forget_answer
from core.rooms import book
from core.rooms.limits import budget
from core.rooms.people import whispers
from core.rooms.rows import to_message
from core.rooms.rules import checked_content, checked_name, name_key
from core.store import tables as t
from core.store.prepared import Prepared
from core.text import N_, words

MAX_KEY = 200
_ERASED: dict[str, Any] = {"content": "", "attachments": [], "reasoning": None, "speech": None}
_BEFORE = Prepared(
    select(t.messages).where(
        t.messages.c.room_id == bindparam("room"),
        t.messages.c.owner == bindparam("who"),
        t.messages.c.idempotency_key == bindparam("key"),
    )
)
_PLAIN: dict[str, Any] = {"pinned": False, "votes": None, "variant": 1, "variants": 1}


@dataclass(frozen=True, slots=True)
class Draft:
    """What somebody wants to say, checked."""

    content: str
    sender: str
    owner: str
    key: str | None
    reply_to: int | None
    kind: Kind = Kind.HUMAN
    to: tuple[str, ...] = ()

    @classmethod
    def checked(
        cls,
        content: str,
        sender: str,
        owner: str,
        key: str | None,
        reply_to: int | None,
        limit: int,
        kind: Kind = Kind.HUMAN,
        to: Sequence[str] = (),
    ) -> Draft:
        """
        Raises:
            MessageEmpty, MessageTooLong, InvalidInput: naming what is wrong.
        """
        if key is not None and not 1 <= len(key) <= MAX_KEY:
            raise InvalidInput(
                field="idempotency_key",
                expected=words(N_("1 to {limit} characters"), limit=MAX_KEY),
                found=len(key),
            )
        text = checked_content(content, limit)
        said_by = checked_name(sender, "sender")
        return cls(text, said_by, owner, key, reply_to, kind, whispers.checked(to, said_by))


@dataclass(frozen=True, slots=True)
class Posted:
    """A stored message; `event` is `None` when its key had stored it before.

    `heard` tells whether somebody sits in the room who takes turns and may have to answer.
    """

    message: Message
    event: StreamEvent | None
    heard: bool = False


def post(
    conn: Connection,
    ref: str,
    draft: Draft,
    charge: Callable[[Connection], None] = lambda _conn: None,
) -> Posted:
    """Store a draft, once per key. `charge` is called when it is new and will be answered.

    Raises:
        RoomNotFound, SenderIsAgent, IdempotencyConflict, InvalidInput; whatever `charge` raises.
    """
    room = book.find_room(conn, ref)
    known = stored_before(conn, room["id"], draft)
    if known is not None:
        return Posted(known, None)
    members = {name_key(one.name): one for one in book.members_of(conn, [room["id"]])[room["id"]]}
    if draft.kind is Kind.HUMAN and name_key(draft.sender) in members:
        raise SenderIsAgent(sender=draft.sender)
    if draft.reply_to is not None and not 1 <= draft.reply_to <= room["last_seq"]:
        expected = words(N_("a message from 1 to {last}"), last=room["last_seq"])
        raise InvalidInput(field="reply_to", expected=expected, found=draft.reply_to)
    to = whispers.known(conn, room["id"], draft.to)
    answering = {name_key(name) for name in to} & members.keys() if to else members.keys()
    heard = any(members[key].takes_turns for key in answering)
    if any(members[key].kind is Kind.AGENT for key in answering):
        charge(conn)
    values = {
        "sender": draft.sender,
        "kind": str(draft.kind),
        "content": draft.content,
        "status": str(ReplyStatus.COMPLETE),
        "reply_to": draft.reply_to,
        "owner": draft.owner,
        "idempotency_key": draft.key,
        "to": to or None,
    }
    event = book.add_message(conn, room, values)
    assert event.message is not None
    if draft.kind is Kind.HUMAN:
        budget.woken(conn, {**room, "last_seq": event.message.seq})
    if not any(member.takes_turns for member in members.values()):
        _pass_over(conn, room["id"], event.message.seq)
    return Posted(event.message, event, heard)


def erase(conn: Connection, ref: str, seq: int) -> StreamEvent:
    """Make a message a tombstone.

    Raises:
        RoomNotFound, MessageNotFound.
        Conflict: it is still being written.
    """
    room_id = book.find_room(conn, ref)["id"]
    message = book.load_message(conn, room_id, seq)
    if not message.status.final:
        raise Conflict(detail=words(N_("the message is still being written")))
    event = book.change_message(conn, room_id, seq, "edit", {**_ERASED, **_PLAIN, "deleted": True})
    _erase_events(conn, room_id, seq)
    forget_answer(conn, message.content)
    for table in (t.variants, t.edits, t.votes):
        conn.execute(delete(table).where(table.c.room_id == room_id, table.c.seq == seq))
    # Later prompts may have quoted it.
    quoted = and_(t.prompts.c.room_id == room_id, t.prompts.c.seq >= seq)
    conn.execute(delete(t.prompts).where(quoted))
    return event


def _erase_events(conn: Connection, room_id: str, seq: int) -> None:
    where = and_(t.events.c.room_id == room_id, t.events.c.seq == seq)
    for row in conn.execute(select(t.events).where(where)).mappings().all():
        blank = {"text": ""} if row["type"] == "delta" else _ERASED
        body = {**row["body"], **blank}
        one = and_(t.events.c.room_id == room_id, t.events.c.event == row["event"])
        conn.execute(update(t.events).where(one).values(body=body))


def stored_before(conn: Connection, room_id: str, draft: Draft) -> Message | None:
    """The message that this draft's key stands for already, if any.

    Raises:
        IdempotencyConflict: the key stands for another message.
    """
    if draft.key is None:
        return None
    given = {"room": room_id, "who": draft.owner, "key": draft.key}
    row = _BEFORE.first(conn, given)
    if row is None:
        return None
    known = to_message(row)
    same = (known.sender, known.reply_to) == (draft.sender, draft.reply_to)
    same = same and {*map(name_key, known.to)} == {*map(name_key, draft.to)}
    # A tombstone has lost its words; its key still stands for that message.
    if not same or not (known.deleted or known.content == draft.content):
        raise IdempotencyConflict(key=draft.key)
    return known


def _pass_over(conn: Connection, room_id: str, seq: int) -> None:
    """Nobody is here to answer: an agent that comes later does not answer what it never heard."""
    conn.execute(update(t.rooms).where(t.rooms.c.id == room_id).values(planned_seq=seq))
