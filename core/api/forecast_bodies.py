"""Forecasts as JSON, for routes and commands alike."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from core.hardware.forecast import Checked, Forecast, TrainingForecast


def forecast_body(found: Forecast) -> dict[str, Any]:
    told = ("total_bytes", "loaded_bytes", "peak_bytes")
    return asdict(found) | {name: getattr(found, name) for name in told}


def training_body(found: TrainingForecast, free_bytes: int | None) -> dict[str, Any]:
    told = {"total_bytes": found.total_bytes, "free_bytes": free_bytes}
    fits = None if free_bytes is None else found.total_bytes <= free_bytes
    return asdict(found) | told | {"fits": fits}


def checked_body(found: Checked) -> dict[str, Any]:
    return {**asdict(found), "error_percent": round(found.error_percent, 1)}
