"""The people here: their choices and sign-ins, what models told them, what that cost."""

from __future__ import annotations

from sqlalchemy import JSON, Boolean, Column, Integer, String, Table, Text

from core.store.tables.base import checksum, metadata

preferences = Table(
    "preferences",
    metadata,
    Column("name", String(64), primary_key=True),
    Column("value", JSON, nullable=False),
    checksum(),
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
    checksum(),
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
    checksum(),
)

spending = Table(
    # What each user had models do, day by day (UTC), for the quotas.
    "spending",
    metadata,
    Column("owner", Text, primary_key=True),
    Column("day", String(10), primary_key=True),
    Column("requests", Integer, nullable=False, default=0),
    Column("tokens", Integer, nullable=False, default=0),
    checksum(),
)
