"""Times as they are stored: UTC, ISO 8601 with microseconds, so that they sort as text."""

from __future__ import annotations

from datetime import UTC, datetime


def now() -> str:
    """The present moment as stored text."""
    return to_text(datetime.now(UTC))


def to_text(moment: datetime) -> str:
    """`moment` as stored text; one without a zone is taken as UTC."""
    aware = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return aware.astimezone(UTC).isoformat(timespec="microseconds")[:-6] + "Z"


def from_text(text: str) -> datetime:
    """The moment that `to_text` wrote, with its zone.

    Raises:
        ValueError: `text` is no such time.
    """
    return datetime.fromisoformat(text).astimezone(UTC)
