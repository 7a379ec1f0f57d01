"""A series as a table for other programs."""

from __future__ import annotations

import csv
import io
from datetime import UTC, datetime

from core.hardware import Series


def as_csv(series: Series) -> str:
    """One line a point, one column a number; what was unknown is empty, never 0."""
    names = sorted({name for point in series.points for name in point.values})
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(["time", *names])
    for point in series.points:
        time = datetime.fromtimestamp(point.at, UTC).isoformat()
        writer.writerow([time, *(_cell(point.values.get(name)) for name in names)])
    return text.getvalue()


def _cell(value: float | None) -> str:
    return "" if value is None else f"{value:g}" if value != int(value) else str(int(value))
