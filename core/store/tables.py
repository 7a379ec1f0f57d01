"""The tables. SQL is the truth: everything else (vectors, caches) can be rebuilt from here.

Times are stored as UTC ISO 8601 text with microseconds, so that they sort as text everywhere.
Structured columns hold JSON. Every row carries a checksum that the database itself keeps
(checksums.py); nobody else reads or writes it.
"""

from __future__ import annotations

from sqlalchemy import (
    JSON,
    Boolean,
    Column,
    Float,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    UniqueConstraint,
)

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(column_0_label)s",
        "uq": "uq_%(table_name)s_%(column_0_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
        "pk": "pk_%(table_name)s",
    }
)


def _checksum() -> Column[int]:
    return Column("checksum", Integer)


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
    _checksum(),
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
    _checksum(),
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
    _checksum(),
)

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
    _checksum(),
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
    _checksum(),
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
    _checksum(),
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
    _checksum(),
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
    _checksum(),
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
    _checksum(),
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
    _checksum(),
    sqlite_with_rowid=False,
)

preferences = Table(
    "preferences",
    metadata,
    Column("name", String(64), primary_key=True),
    Column("value", JSON, nullable=False),
    _checksum(),
)

sessions = Table(
    # A browser's sign-in. Only a hash of the cookie is kept, so a stolen database opens nothing.
    "sessions",
    metadata,
    Column("token_hash", String(64), primary_key=True),
    Column("owner", Text, nullable=False),
    Column("created_at", String(32), nullable=False),
    Column("expires_at", String(32), nullable=False),
    Column("revoked", Boolean, nullable=False, default=False),
    _checksum(),
)

loads = Table(
    # What loading a model really took on this machine.
    "loads",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column("model", Text, nullable=False),
    Column("seconds", Float, nullable=False),
    Column("at", String(32), nullable=False),
    _checksum(),
    Column("memory_bytes", Integer),  # of the host, as measured; null: not measured
    Column("vram_bytes", Integer),
)

agent_index = Table(
    # What is searched: one row an agent, rebuilt whenever its file changed. Disposable.
    "agent_index",
    metadata,
    Column("name_key", Text, primary_key=True),
    Column("name", Text, nullable=False),
    Column("digest", String(64), nullable=False),  # SHA-256 of what was embedded
    Column("encoder", Text, nullable=False),  # which model made the vector
    Column("vector", LargeBinary, nullable=False),  # float32, little-endian, length 1
    _checksum(),
)

agent_versions = Table(
    # Every text that an agent's file has had; `version` counts 1, 2, 3, … per agent.
    "agent_versions",
    metadata,
    Column("name_key", Text, primary_key=True),
    Column("version", Integer, primary_key=True),
    Column("content", Text, nullable=False),
    Column("saved_at", String(32), nullable=False),
    Column("source", String(16), nullable=False),  # app | file | import | restore
    _checksum(),
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
    _checksum(),
)

answers = Table(
    # The answer cache: only exactly the same prompt to the same model with the same options.
    "answers",
    metadata,
    Column("key", String(64), primary_key=True),  # SHA-256
    Column("model", Text, nullable=False),
    Column("content", Text, nullable=False),
    Column("created_at", String(32), nullable=False),
    Column("used", Integer, nullable=False, default=0),
    _checksum(),
)

spending = Table(
    # What each user had models do, day by day (UTC), for the quotas.
    "spending",
    metadata,
    Column("owner", Text, primary_key=True),
    Column("day", String(10), primary_key=True),
    Column("requests", Integer, nullable=False, default=0),
    Column("tokens", Integer, nullable=False, default=0),
    _checksum(),
)

telemetry = Table(
    # The machine in numbers: every second for an hour, means of a minute for a week.
    "telemetry",
    metadata,
    Column("step_s", Integer, primary_key=True, autoincrement=False),  # 1 or 60
    Column("at", Integer, primary_key=True, autoincrement=False),  # seconds since the epoch
    Column("series", JSON, nullable=False),  # number by name, see core/hardware/series.py
    _checksum(),
)

machine_events = Table(
    "machine_events",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column("at", String(32), nullable=False),
    Column("kind", String(32), nullable=False),
    Column("subject", Text, nullable=False),
    Column("detail", JSON, nullable=False),
    _checksum(),
)

jobs = Table(
    # Work in the background, running and ended.
    "jobs",
    metadata,
    Column("id", String(40), primary_key=True),
    Column("kind", String(32), nullable=False),
    Column("subject", Text, nullable=False),
    Column("params", JSON, nullable=False),
    Column("state", String(16), nullable=False),
    Column("progress", JSON, nullable=False),
    Column("error", JSON),
    Column("result", JSON),
    Column("attempt", Integer, nullable=False),
    Column("created_at", String(32), nullable=False),
    Column("started_at", String(32)),
    Column("ended_at", String(32)),
    _checksum(),
    Index("ix_jobs_state", "state"),
)

forecasts = Table(
    # What a model was forecast to take, and what it took when it was loaded.
    "forecasts",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column("at", String(32), nullable=False),
    Column("model", Text, nullable=False),
    Column("place", String(8), nullable=False),  # gpu | host
    Column("context_tokens", Integer, nullable=False),
    Column("raw_bytes", Integer, nullable=False),  # before what was learned
    Column("total_bytes", Integer, nullable=False),
    Column("measured_bytes", Integer, nullable=False),
    Column("source", String(16), nullable=False),  # process | card | memory | server
    _checksum(),
)
