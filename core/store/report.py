"""What opening the storage found and did."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class OpenReport:
    """For the user, after a start.

    `recovered`: the database was damaged and has been rebuilt. `kept`: the folder in which the
    damaged files lie, with a list of what is missing; `None` when nothing was damaged.
    `restored_from`: the backup that took its place; `None` when the readable rows did.
    `missing`: what could not be saved, one sentence each, in English; ids and numbers only.
    `migrated_from`: the schema version before; `None` when there was nothing to migrate.
    """

    recovered: bool = False
    kept: Path | None = None
    restored_from: Path | None = None
    missing: tuple[str, ...] = ()
    migrated_from: str | None = None
