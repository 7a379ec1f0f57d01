"""The charts of the Hardware screen, out of one series."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

import streamlit as st

from core.hardware import Series
from core.text import _, language, speaking
from pages.ui.hardware_figures import (
    CONFIG,
    GREY,
    Drawn,
    Spec,
    area,
    column,
    figure,
    hole,
    level,
    line,
    with_gaps,
)

Column = list[float | None]

GB = 1e9
_PARTS = ("used", "reserved", "total")
KEPT_FREE_BYTES = 1 << 30  # what model servers leave free on a card


@dataclass(frozen=True, slots=True)
class Chart:
    """A figure with its heading."""

    key: str
    title: str
    figure: Drawn


def draw(series: Series) -> None:
    """The first chart across the page, the others beside each other."""
    first, *others = charts(series, language())
    _draw(first)
    with st.grid("auto", min_column_width=260):
        for one in others:
            with st.container(gap="xsmall"):
                _draw(one)


def _draw(chart: Chart) -> None:
    st.markdown(f"**{chart.title}**")
    st.plotly_chart(chart.figure, config=CONFIG, key=f"chart-{chart.key}", alt=chart.title)


@lru_cache(maxsize=16)
def charts(series: Series, language: str) -> tuple[Chart, ...]:
    """All charts of a series; the browser shows its times as local ones."""
    with speaking(language):
        return tuple(_charts(_Columns(series)))


class _Columns:
    """A series by columns, with holes where nothing was measured."""

    def __init__(self, series: Series) -> None:
        rows = {point.at: point.values for point in series.points}
        self.times, gaps = with_gaps(list(rows), series.step_s)
        self.names = sorted({name for values in rows.values() for name in values})
        self.x = [1000 * time for time in self.times]
        self.holes = [hole(1000 * start, 1000 * end) for start, end in gaps]
        self._rows = rows

    def of(self, name: str, unit: float = 1) -> Column:
        return column(self._rows, self.times, name, unit)

    def without_unknown(self, numbers: Column) -> Column:
        """0 for what was not there (a model, say), nothing where nothing was measured."""
        pairs = zip(self.times, numbers, strict=True)
        return [(one or 0) if time in self._rows else None for time, one in pairs]

    def all_cards(self, number: str) -> Column:
        """One number of all cards together, in GB; unknown where no card tells it."""
        columns = [self.of(name, GB) for name in self.cards(number)]
        rows = zip(*columns, strict=True) if columns else (() for _time in self.times)
        return [
            sum(one for one in row if one is not None)
            if any(one is not None for one in row)
            else None
            for row in rows
        ]

    def cards(self, number: str) -> list[str]:
        """The names of one number of every card."""
        return [one for one in self.names if one.startswith("gpu.") and one.endswith("." + number)]

    def models(self, number: str) -> dict[str, str]:
        """The name of one number of every model, by the model's reference."""
        start, end = "model.", "." + number
        found = [one for one in self.names if one.startswith(start) and one.endswith(end)]
        return {name[len(start) : -len(end)]: name for name in found}


def _charts(of: _Columns) -> Iterator[Chart]:
    graphics = bool(of.cards("memory_total_bytes"))
    yield _graphics_memory(of) if graphics else _host_memory(of)
    load = [line(_("Processor"), of.x, of.of("cpu_percent"), "%")]
    yield Chart(
        "load", _("Utilisation"), _plain(_each(of, "utilization_percent", "%") + load, of, "%", 100)
    )
    if graphics:
        heat = _each(of, "temperature_celsius", "°C")
        yield Chart("temperature", _("Temperature"), _plain(heat, of, "°C", None))
        power = _each(of, "power_watts", "W")
        yield Chart("power", _("Power"), _plain(power, of, "W", None))


def _plain(traces: Sequence[Spec], of: _Columns, unit: str, top: float | None) -> Drawn:
    return figure(traces, unit, top=top, shapes=of.holes)


def _each(of: _Columns, number: str, unit: str) -> list[Spec]:
    names = of.cards(number)
    titles = [_("Graphics card")] if len(names) == 1 else [_card(name) for name in names]
    return [line(title, of.x, of.of(name), unit) for title, name in zip(titles, names, strict=True)]


def _card(name: str) -> str:
    return _("Card {n}", n=int(name.split(".")[1]) + 1)


def _graphics_memory(of: _Columns) -> Chart:
    used, reserved, total = (of.all_cards(f"memory_{one}_bytes") for one in _PARTS)
    models = _models(of, "vram_bytes", "adapters_vram_bytes")
    layers = _stack(of, models, used)
    if any(one is not None for one in reserved):
        layers.append(area(_("Driver"), of.x, reserved, "GB", GREY.format(0.75)))
    layers.append(_free(of, total, used, reserved))
    limit = next((one for one in reversed(total) if one is not None), 0.0)
    lines = [
        level(limit, _("All of the card: {n} GB", n=f"{limit:.1f}"), strong=True),
        level(limit - KEPT_FREE_BYTES / GB, _("Usable by models"), strong=False),
    ]
    return Chart("memory", _("Graphics memory"), _memory(layers, lines, of, limit))


def _host_memory(of: _Columns) -> Chart:
    used = of.of("memory_used_bytes", GB)
    models = _models(of, "memory_bytes", "adapters_bytes")
    layers = _stack(of, {_("This app"): of.of("process_memory_bytes", GB), **models}, used)
    total = of.of("memory_total_bytes", GB)
    layers.append(_free(of, total, used, [None] * len(used)))
    limit = next((one for one in reversed(total) if one is not None), 0.0)
    lines = [level(limit, _("All memory: {n} GB", n=f"{limit:.1f}"), strong=True)]
    return Chart("memory", _("Memory"), _memory(layers, lines, of, limit))


def _models(of: _Columns, whole: str, share: str) -> dict[str, Column]:
    """Each model without its adapters, then all adapters together, if there are any."""
    models = {ref: of.of(name, GB) for ref, name in of.models(whole).items()}
    adapters = {ref: of.of(name, GB) for ref, name in of.models(share).items()}
    for ref in models.keys() & adapters.keys():
        pairs = zip(models[ref], adapters[ref], strict=True)
        models[ref] = [None if one is None else _rest(one, part) for one, part in pairs]
    if not adapters:
        return models
    rows = zip(*adapters.values(), strict=True)
    together = [sum(one or 0 for one in row) or None for row in rows]
    return models | {_("Adapters"): together}


def _memory(layers: list[Spec], lines: list[Spec], of: _Columns, limit: float) -> Drawn:
    shapes = [*of.holes, *(lines if limit else [])]
    return figure(layers, "GB", top=limit * 1.04 or None, shapes=shapes, height=330)


def _stack(of: _Columns, parts: dict[str, Column], used: Column) -> list[Spec]:
    """What is known by name, and the rest of what is used."""
    named = [area(name, of.x, of.without_unknown(y), "GB") for name, y in parts.items()]
    rest = [
        None if whole is None else _rest(whole, *known)
        for whole, *known in zip(used, *parts.values(), strict=True)
    ]
    return [*named, area(_("Other programs"), of.x, rest, "GB", GREY.format(0.45))]


def _free(of: _Columns, total: Column, used: Column, reserved: Column) -> Spec:
    """Unknown where nobody knows what is used; a driver may not tell its own part."""
    rows = zip(total, used, reserved, strict=True)
    free = [
        None if whole is None or held is None else _rest(whole, held, own)
        for whole, held, own in rows
    ]
    return area(_("Free"), of.x, free, "GB", GREY.format(0.12))


def _rest(whole: float, *parts: float | None) -> float:
    return round(max(0.0, whole - sum(part or 0 for part in parts)), 3)
