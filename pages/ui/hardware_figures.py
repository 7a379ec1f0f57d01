"""Plotly figures as plain specs, made once and shared by every tab that shows the same.

Streamlit checks and copies each figure that it gets (6 ms for one with four traces). Ours are
made here, from numbers, so a `Drawn` hands out its spec as it is.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from html import escape
from typing import Any

from plotly.basedatatypes import BaseFigure

Spec = dict[str, Any]

GREY = "rgba(128, 128, 128, {})"
# Streamlit puts the theme's chart colours in the place of these.
_COLOURS = [f"#{number:06d}" for number in range(1, 7)]
_TEMPLATE = {"layout": {"colorway": _COLOURS}, "data": {}}
CONFIG = {"displaylogo": False, "modeBarButtonsToRemove": ["select2d", "lasso2d", "toImage"]}
GAP = 3  # steps without a point that are shown as a gap


class Drawn(BaseFigure):
    """A finished figure. It is never changed, so nothing is copied."""

    def __init__(self, spec: Spec) -> None:
        object.__setattr__(self, "_spec", spec)

    def to_dict(self) -> Spec:
        return self._spec


def line(name: str, x: Sequence[float | None], y: Sequence[float | None], unit: str) -> Spec:
    """One line; `None` in `y` is a gap in it."""
    return {
        "type": "scatter",
        "mode": "lines",
        "name": escape(name),
        "x": x,
        "y": y,
        "line": {"width": 1.5},
        "hovertemplate": "%{y} " + unit,
    }


def area(
    name: str, x: Sequence[float | None], y: Sequence[float | None], unit: str, colour: str = ""
) -> Spec:
    """One layer of a stack."""
    layer = line(name, x, y, unit) | {"stackgroup": "all", "line": {"width": 0.5}}
    if colour:
        layer |= {"fillcolor": colour, "line": {"width": 0, "color": colour}}
    return layer


def figure(traces: Sequence[Spec], unit: str, *, top: float | None, **layout: Any) -> Drawn:
    """Traces over time. `top` is the end of the axis, `None` where it follows the numbers."""
    axis: Spec = {"rangemode": "tozero", "fixedrange": True, "ticksuffix": f" {unit}", "nticks": 5}
    if top is not None:
        axis["range"] = [0, top]
    whole = {
        "template": _TEMPLATE,
        "height": 230,
        "margin": {"l": 56, "r": 8, "t": 8, "b": 24},
        "hovermode": "x unified",
        "showlegend": len(traces) > 1,
        "legend": {"orientation": "h", "y": -0.16, "yanchor": "top", "traceorder": "normal"},
        "uirevision": "kept",  # zoom and hidden lines survive new numbers
        "xaxis": over_time(),
        "yaxis": axis,
    }
    return Drawn({"data": list(traces), "layout": whole | layout})


def over_time(**axis: Any) -> Spec:
    """The axis of time: hours and minutes, seconds or dates only where they tell ticks apart."""
    spans = [
        {"dtickrange": [None, 59_999], "value": "%H:%M:%S"},  # milliseconds between two ticks
        {"dtickrange": [60_000, 43_200_000], "value": "%H:%M"},
        {"dtickrange": [43_200_000, None], "value": "%m-%d"},
    ]
    return {"type": "date", "nticks": 6, "showgrid": False, "tickformatstops": spans} | axis


def level(y: float, text: str, *, strong: bool) -> Spec:
    """A line across the chart with its name on it."""
    colour = GREY.format(0.9 if strong else 0.7)
    return {
        "type": "line",
        "xref": "paper",
        "x0": 0,
        "x1": 1,
        "y0": y,
        "y1": y,
        "line": {
            "color": colour,
            "width": 1.5 if strong else 1,
            "dash": "solid" if strong else "dot",
        },
        "label": {"text": escape(text), "textposition": "start", "yanchor": "top"},
    }


def hole(start: float, end: float) -> Spec:
    """A time in which nothing was measured, drawn over what a stack would invent there."""
    return {
        "type": "rect",
        "yref": "paper",
        "x0": start,
        "x1": end,
        "y0": 0,
        "y1": 1,
        "fillcolor": GREY.format(0.55),
        "line": {"width": 0},
    }


def with_gaps(times: Sequence[float], step: float) -> tuple[list[float], list[tuple[float, float]]]:
    """Times with one more inside each gap, so that lines break there, and the gaps themselves."""
    found: list[float] = []
    gaps = []
    for time in times:
        if found and time - found[-1] > GAP * step:
            gaps.append((found[-1] + step, time))
            found.append(found[-1] + step)
        found.append(time)
    return found, gaps


def column(
    values: Mapping[float, Mapping[str, float]], times: Iterable[float], name: str, unit: float = 1
) -> list[float | None]:
    """The numbers of one name at those times, `None` where unknown."""
    rows = (values.get(time, {}).get(name) for time in times)
    return [None if one is None else round(one / unit, 3) for one in rows]
