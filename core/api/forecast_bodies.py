"""Forecasts as JSON, for routes and commands alike."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from core.hardware.forecast import Checked, Forecast


def forecast_body(found: Forecast) -> dict[str, Any]:
    told = ("total_bytes", "loaded_bytes", "peak_bytes")
    return asdict(found) | {name: getattr(found, name) for name in told}


def checked_body(found: Checked) -> dict[str, Any]:
    return {**asdict(found), "error_percent": round(found.error_percent, 1)}
