"""The tables. SQL is the truth: everything else (vectors, caches) can be rebuilt from here.

Times are stored as UTC ISO 8601 text with microseconds, so that they sort as text everywhere.
Structured columns hold JSON. Every row carries a checksum that the database itself keeps
(checksums.py); nobody else reads or writes it.
"""

from __future__ import annotations

from core.store.tables.agents import (
    agent_index as agent_index,
    agent_versions as agent_versions,
)
from core.store.tables.base import (
    metadata as metadata,
)
from core.store.tables.machine import (
    forecasts as forecasts,
    jobs as jobs,
    loads as loads,
    machine_events as machine_events,
    telemetry as telemetry,
)
from core.store.tables.messages import (
    edits as edits,
    messages as messages,
    prompts as prompts,
    variants as variants,
    votes as votes,
)
from core.store.tables.people import (
    answers as answers,
    preferences as preferences,
    sessions as sessions,
    spending as spending,
)
from core.store.tables.rooms import (
    attendance as attendance,
    events as events,
    members as members,
    rooms as rooms,
    rounds as rounds,
    turns as turns,
)
