"""The machine as JSON, for routes and commands alike."""

from __future__ import annotations

from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any

from core.hardware import Event, Series, Snapshot


def snapshot_body(snapshot: Snapshot) -> dict[str, Any]:
    return asdict(snapshot)


def series_body(series: Series) -> dict[str, Any]:
    points = [{"at": point.at, "values": dict(point.values)} for point in series.points]
    return {"step_s": series.step_s, "points": points}


def event_body(event: Event, lang: str) -> dict[str, Any]:
    at = datetime.fromtimestamp(event.at, UTC).isoformat(timespec="milliseconds")
    return {
        "id": event.id,
        "at": at.replace("+00:00", "Z"),
        "kind": event.kind,
        "subject": event.subject,
        "detail": dict(event.detail),
        "text": event.text(lang),
    }
