"""What loading each model took on this machine: seconds and memory, measured."""

from __future__ import annotations

from dataclasses import dataclass
from statistics import median

from sqlalchemy import Connection, insert, select, update

from core.store import Store
from core.store.tables import loads
from core.store.times import now

LAST = 5  # loads that an expectation is made of


@dataclass(frozen=True, slots=True)
class Load:
    """One load. Memory is `None` where it was not measured."""

    model: str
    seconds: float
    memory_bytes: int | None
    vram_bytes: int | None
    at: str


class Loads:
    """The table `loads`. Thread-safe."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def add(
        self, ref: str, seconds: float, *, memory_bytes: int | None, vram_bytes: int | None
    ) -> None:
        """Keep a measurement; one that a runner itself noted just now is completed."""
        size = {"memory_bytes": memory_bytes, "vram_bytes": vram_bytes}

        def work(conn: Connection) -> None:
            last = select(loads.c.id, loads.c.seconds).where(
                loads.c.model == ref, loads.c.memory_bytes.is_(None), loads.c.vram_bytes.is_(None)
            )
            row = conn.execute(last.order_by(loads.c.id.desc()).limit(1)).one_or_none()
            if row is not None and abs(row.seconds - seconds) < max(1.0, seconds / 2):
                conn.execute(update(loads).where(loads.c.id == row.id).values(size))
            else:
                conn.execute(insert(loads), {"model": ref, "seconds": seconds, "at": now(), **size})

        self._store.submit(work)

    def of(self, ref: str) -> list[Load]:
        """The newest first."""
        query = select(loads).where(loads.c.model == ref).order_by(loads.c.id.desc()).limit(LAST)
        with self._store.read() as conn:
            return [
                Load(row.model, row.seconds, row.memory_bytes, row.vram_bytes, row.at)
                for row in conn.execute(query)
            ]

    def expected_s(self, ref: str) -> float | None:
        """The median of its last loads; `None` when it was never loaded here."""
        found = [load.seconds for load in self.of(ref)]
        return median(found) if found else None
