"""The machine as JSON, for routes and commands alike."""

from __future__ import annotations

from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any

from core.hardware import Event, Series, Snapshot, Telemetry
from core.hardware.anomaly import Anomaly, Guard
from core.hardware.anomaly.guard import event_of


def snapshot_body(snapshot: Snapshot) -> dict[str, Any]:
    return asdict(snapshot)


def series_body(series: Series) -> dict[str, Any]:
    points = [{"at": point.at, "values": dict(point.values)} for point in series.points]
    return {"step_s": series.step_s, "points": points}


def event_body(event: Event, lang: str) -> dict[str, Any]:
    return {
        "id": event.id,
        "at": _moment(event.at),
        "kind": event.kind,
        "subject": event.subject,
        "detail": dict(event.detail),
        "text": event.text(lang),
    }


def anomalies_body(guard: Guard, telemetry: Telemetry, lang: str) -> dict[str, Any]:
    now, problem = telemetry.latest(), guard.error()
    return {
        "anomalies": [_anomaly(one, guard, now, lang) for one in guard.active()],
        "rules": [rule.model_dump(exclude_none=True) for rule in guard.rules()],
        "problem": problem.as_dict(lang) if problem else None,
    }


def _anomaly(anomaly: Anomaly, guard: Guard, now: Snapshot, lang: str) -> dict[str, Any]:
    return {
        "rule": anomaly.rule.name,
        "subject": anomaly.subject,
        "since": _moment(anomaly.since),
        "number": anomaly.number,
        "value": round(anomaly.value, 2),
        "text": event_of(anomaly, now).text(lang),
        "actions": [one for one in anomaly.rule.then if guard.recovery.can(one)],
    }


def _moment(at: float) -> str:
    moment = datetime.fromtimestamp(at, UTC).isoformat(timespec="milliseconds")
    return moment.replace("+00:00", "Z")
