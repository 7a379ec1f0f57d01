"""The machine and its work: loads, numbers, events, forecasts, jobs."""

from __future__ import annotations

from sqlalchemy import JSON, Column, Float, Index, Integer, String, Table, Text

from core.store.tables.base import checksum, metadata

loads = Table(
    # What loading a model really took on this machine.
    "loads",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column("model", Text, nullable=False),
    Column("seconds", Float, nullable=False),
    Column("at", String(32), nullable=False),
    checksum(),
    Column("memory_bytes", Integer),  # of the host, as measured; null: not measured
    Column("vram_bytes", Integer),
)

telemetry = Table(
    # The machine in numbers: every second for an hour, means of a minute for a week.
    "telemetry",
    metadata,
    Column("step_s", Integer, primary_key=True, autoincrement=False),  # 1 or 60
    Column("at", Integer, primary_key=True, autoincrement=False),  # seconds since the epoch
    Column("series", JSON, nullable=False),  # number by name, see core/hardware/series.py
    checksum(),
)

machine_events = Table(
    "machine_events",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column("at", String(32), nullable=False),
    Column("kind", String(32), nullable=False),
    Column("subject", Text, nullable=False),
    Column("detail", JSON, nullable=False),
    checksum(),
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
    checksum(),
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
    checksum(),
    Index("ix_jobs_state", "state"),
)
