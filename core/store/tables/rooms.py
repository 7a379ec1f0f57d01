"""Rooms, who sits in them, and their rounds."""

from __future__ import annotations

from sqlalchemy import JSON, Boolean, Column, Float, ForeignKey, Index, Integer, String, Table, Text

from core.store.tables.base import checksum, metadata

rooms = Table(
    "rooms",
    metadata,
    Column("id", String(40), primary_key=True),
    Column("name", Text, nullable=False),
    Column("name_key", Text, nullable=False),  # NFKC, case folded: how a name is looked up
    Column("policy", String(32), nullable=False),
    Column("created_at", String(32), nullable=False),
    Column("updated_at", String(32), nullable=False),
    Column("deleted_at", String(32)),
    Column("last_seq", Integer, nullable=False, default=0),
    Column("last_event", Integer, nullable=False, default=0),
    # The last message of people for which turns were planned: later ones await their round.
    Column("planned_seq", Integer, nullable=False, default=0),
    checksum(),
    Column("policy_options", JSON),  # what is set about the policy; the rest has its defaults
    Column("origin", JSON),  # of a branch: {room, name, seq}
    Column("limits", JSON),  # turns, tokens, seconds, joules; what is missing is not limited
    Column("spent", JSON),  # the same since the room was last let go on
    Column("halted", JSON),  # why it answers nobody just now: {code, params}
    Column("context_tokens", Integer),  # asked of its models; NULL: what the settings say
    Index("ix_rooms_name_key", "name_key"),
)

members = Table(
    "members",
    metadata,
    Column("room_id", ForeignKey("rooms.id", ondelete="CASCADE"), primary_key=True),
    Column("name_key", Text, primary_key=True),
    Column("name", Text, nullable=False),
    Column("kind", String(16), nullable=False),  # agent | external
    Column("model", Text),  # overrides the agent's own model in this room
    Column("position", Integer, nullable=False),
    Column("joined_at", String(32), nullable=False),
    Column("capabilities", JSON, nullable=False, default=list),
    checksum(),
    Column("muted", Boolean, nullable=False, default=False, server_default="0"),
    Column("away", Boolean, nullable=False, default=False, server_default="0"),
)

attendance = Table(
    # When somebody sat in a room: it heard the messages after `since_seq` up to `until_seq`.
    "attendance",
    metadata,
    Column("room_id", ForeignKey("rooms.id", ondelete="CASCADE"), primary_key=True),
    Column("name_key", Text, primary_key=True),
    Column("number", Integer, primary_key=True, autoincrement=False),  # 1, 2, 3, … per name
    Column("name", Text, nullable=False),
    Column("since_seq", Integer, nullable=False),
    Column("until_seq", Integer),  # NULL: it is still there
    checksum(),
)

turns = Table(
    # One turn of one agent in a round. A round is named by the room and its last message of
    # people, `trigger_seq`; a turn that is `due` after a kill runs, exactly once.
    "turns",
    metadata,
    Column("room_id", ForeignKey("rooms.id", ondelete="CASCADE"), primary_key=True),
    Column("trigger_seq", Integer, primary_key=True),
    Column("position", Integer, primary_key=True),
    Column("agent", Text, nullable=False),
    Column("state", String(16), nullable=False),  # due | begun | done | dropped
    Column("reply_seq", Integer),
    checksum(),
    Column("why", JSON),  # a reason: {"code", "params"}
    Column("role", String(16)),  # what the policy wanted of it: answer, opens, judge, …
    Column("task", Text),  # what the model is told about that
    Index("ix_turns_state", "state"),
)

rounds = Table(
    # What answers the messages of people from `since_seq` (not included) to `trigger_seq`. While
    # it is open and no turn is due, the room's policy is asked who comes next.
    "rounds",
    metadata,
    Column("room_id", ForeignKey("rooms.id", ondelete="CASCADE"), primary_key=True),
    Column("trigger_seq", Integer, primary_key=True),
    Column("since_seq", Integer, nullable=False),
    Column("policy", String(32), nullable=False),  # the one that was asked last
    Column("state", String(16), nullable=False),  # open | done | dropped
    Column("began_at", String(32), nullable=False),
    Column("ended_at", String(32)),
    Column("loads", Integer),  # of models, made by its turns; NULL: unknown
    Column("naive_loads", Integer),  # those that the order of the policy would have made
    Column("saved_s", Float),  # seconds of loading that the schedule saved
    checksum(),
    Index("ix_rounds_state", "state"),
)

events = Table(
    "events",
    metadata,
    Column("room_id", ForeignKey("rooms.id", ondelete="CASCADE"), primary_key=True),
    Column("event", Integer, primary_key=True),
    Column("type", String(16), nullable=False),
    Column("seq", Integer),
    Column("body", JSON, nullable=False),  # the frame as it is sent, without room and event
    checksum(),
    sqlite_with_rowid=False,
)
