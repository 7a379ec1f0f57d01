"""Agents: their texts through time, and what is searched."""

from __future__ import annotations

from sqlalchemy import Column, Integer, LargeBinary, String, Table, Text

from core.store.tables.base import checksum, metadata

agent_index = Table(
    # What is searched: one row an agent, rebuilt whenever its file changed. Disposable.
    "agent_index",
    metadata,
    Column("name_key", Text, primary_key=True),
    Column("name", Text, nullable=False),
    Column("digest", String(64), nullable=False),  # SHA-256 of what was embedded
    Column("encoder", Text, nullable=False),  # which model made the vector
    Column("vector", LargeBinary, nullable=False),  # float32, little-endian, length 1
    checksum(),
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
    checksum(),
)
