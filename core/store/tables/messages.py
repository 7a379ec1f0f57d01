"""What was said: its answers, edits, votes and prompts."""

from __future__ import annotations

from sqlalchemy import (
    JSON,
    Boolean,
    Column,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    String,
    Table,
    Text,
    UniqueConstraint,
)

from core.store.tables.base import checksum, metadata

messages = Table(
    "messages",
    metadata,
    Column("id", String(40), primary_key=True),
    Column("room_id", ForeignKey("rooms.id", ondelete="CASCADE"), nullable=False),
    Column("seq", Integer, nullable=False),
    Column("sender", Text, nullable=False),
    Column("kind", String(16), nullable=False),
    Column("content", Text, nullable=False),
    Column("status", String(16), nullable=False),
    Column("reply_to", Integer),
    Column("model", Text),
    Column("host", Text),  # the machine that answered, when it is not this one
    Column("reason", JSON),
    Column("usage", JSON),
    Column("timings", JSON),
    Column("attachments", JSON, nullable=False, default=list),
    Column("created_at", String(32), nullable=False),
    Column("deleted", Boolean, nullable=False, default=False),
    Column("owner", Text),  # the user whose idempotency key this is
    Column("idempotency_key", Text),
    checksum(),
    Column("reasoning", Text),  # what the model thought aloud before it spoke
    Column("speech", JSON),  # what the response processor did to the words, and what it heard
    Column("turn", JSON),  # of an agent's reply: the policy, and why it was this one's turn
    Column("heard_seq", Integer),  # the last line that an agent had heard when it began
    Column("to", JSON),  # whom a whisper is for: names; NULL: everybody
    Column("pinned", Boolean, nullable=False, default=False, server_default="0"),
    Column("edited_at", String(32)),
    Column("variant", Integer, nullable=False, default=1, server_default="1"),  # the one shown
    Column("variants", Integer, nullable=False, default=1, server_default="1"),  # how many
    Column("votes", JSON),  # of the variant that is shown: {up, down}
    Column("again", String(16)),  # while pending: regenerate | continue
    UniqueConstraint("room_id", "seq", name="uq_messages_seq"),
    UniqueConstraint("room_id", "owner", "idempotency_key", name="uq_messages_key"),
    Index("ix_messages_status", "status"),
)

variants = Table(
    # The answers of one line that are not shown just now; the shown one is in its message.
    "variants",
    metadata,
    Column("room_id", ForeignKey("rooms.id", ondelete="CASCADE"), primary_key=True),
    Column("seq", Integer, primary_key=True),
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("content", Text, nullable=False),
    Column("status", String(16), nullable=False),
    Column("model", Text),
    Column("host", Text),
    Column("reason", JSON),
    Column("usage", JSON),
    Column("timings", JSON),
    Column("reasoning", Text),
    Column("speech", JSON),
    Column("edited_at", String(32)),
    checksum(),
)

edits = Table(
    # What a line said before somebody changed it, the first change first.
    "edits",
    metadata,
    Column("room_id", ForeignKey("rooms.id", ondelete="CASCADE"), primary_key=True),
    Column("seq", Integer, primary_key=True),
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("variant", Integer, nullable=False),
    Column("content", Text, nullable=False),
    Column("editor", Text, nullable=False),  # whose token or session it was
    Column("at", String(32), nullable=False),
    checksum(),
)

votes = Table(
    "votes",
    metadata,
    Column("room_id", ForeignKey("rooms.id", ondelete="CASCADE"), primary_key=True),
    Column("seq", Integer, primary_key=True),
    Column("variant", Integer, primary_key=True, autoincrement=False),
    Column("voter", Text, primary_key=True),
    Column("value", Integer, nullable=False),  # 1 | -1
    Column("at", String(32), nullable=False),
    checksum(),
)

prompts = Table(
    # What was sent for a reply, exactly, and how many tokens each part took.
    "prompts",
    metadata,
    Column("room_id", ForeignKey("rooms.id", ondelete="CASCADE"), primary_key=True),
    Column("seq", Integer, primary_key=True),
    Column("model", Text, nullable=False),
    Column("parts", JSON, nullable=False),
    Column("body", LargeBinary, nullable=False),  # the messages: JSON, zlib
    checksum(),
)
