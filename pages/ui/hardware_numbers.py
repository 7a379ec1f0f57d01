"""The four numbers of the Hardware screen, each with its last minutes, and what stands below."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import streamlit as st

from core.hardware import Gpu, Series, Snapshot
from core.text import N_, _
from pages.ui import words
from pages.ui.markdown import plain, quiet

SPARKS = 60  # points of a small line

PROBLEMS = {
    "mismatched": N_(
        "The NVIDIA driver was updated and no longer fits the running system."
        " Restart the machine to see the card again."
    ),
    "forbidden": N_("The NVIDIA driver does not answer this user; an administrator can allow it."),
    "failed": N_("The NVIDIA driver refuses to answer. `nvidia-smi` in a terminal may tell why."),
}
SLOWED = {
    "sw_power_cap": N_("power limit"),
    "hw_slowdown": N_("self-protection"),
    "sw_thermal_slowdown": N_("heat"),
    "hw_thermal_slowdown": N_("heat"),
    "hw_power_brake_slowdown": N_("power supply"),
}


@dataclass(frozen=True, slots=True)
class Number:
    """A number with its unit, what stands below it, and the name of its series."""

    title: str
    value: str | None
    below: str | None
    series: str
    help: str | None = None


def numbers(now: Snapshot, series: Series) -> None:
    """All of them; what is unknown says so."""
    card = next((gpu for gpu in now.gpus if not gpu.lost), None)
    shown = _of_card(card, now) if card else _of_host(now)
    points = series.points[-SPARKS:]
    with st.grid(4, min_column_width=150):
        for one in shown:
            st.metric(
                one.title,
                one.value or _("unknown"),
                delta=one.below,
                delta_color="off",
                delta_arrow="off",
                border=True,
                chart_data=[p.values[one.series] for p in points if one.series in p.values] or None,
                help=one.help,
            )
    _notes(now)


def _of_card(card: Gpu, now: Snapshot) -> Iterator[Number]:
    series = f"gpu.{card.index}."
    yield Number(
        _("Graphics memory"),
        _size(card.memory_used_bytes),
        _of(_size(card.memory_total_bytes)),
        series + "memory_used_bytes",
        _("Memory of the card (VRAM) that programs hold."),
    )
    load = _("processor {n} %", n=round(now.cpu_percent)) if now.cpu_percent is not None else None
    yield Number(
        _("Utilisation"), _percent(card.utilization_percent), load, series + "utilization_percent"
    )
    heat = card.temperature_celsius
    yield Number(
        _("Temperature"),
        None if heat is None else f"{heat} °C",
        _slowed(card),
        series + "temperature_celsius",
    )
    power = card.power_watts
    limit = card.power_limit_watts
    yield Number(
        _("Power"),
        None if power is None else f"{power:.0f} W",
        _of(None if limit is None else f"{limit:.0f} W"),
        series + "power_watts",
    )


def _of_host(now: Snapshot) -> Iterator[Number]:
    yield Number(
        _("Memory"),
        _size(now.memory_used_bytes),
        _of(_size(now.memory_total_bytes)),
        "memory_used_bytes",
        _("Used by all programs of this machine."),
    )
    yield Number(_("Utilisation"), _percent(now.cpu_percent), _("of all cores"), "cpu_percent")
    share = now.process_cpu_percent
    yield Number(
        _("This app"),
        _size(now.process_memory_bytes),
        None if share is None else _("{n} % of a core", n=f"{share:.1f}"),
        "process_memory_bytes",
        _("Memory of Engawa's server; models run in processes of their own."),
    )
    yield Number(
        _("Free disk"),
        _size(now.disk_free_bytes),
        _of(_size(now.disk_total_bytes)),
        "disk_free_bytes",
        _("Where the data folder lies."),
    )


def _notes(now: Snapshot) -> None:
    if now.gpus_stale and now.gpus:
        st.warning(_("The graphics driver does not answer; its last numbers are shown."))
    for gpu in now.gpus:
        if gpu.lost:
            name = plain(gpu.name or str(gpu.index))
            st.warning(_("The graphics card {subject} no longer answers.", subject=name))
    if now.gpu_problem in PROBLEMS:
        st.warning(_(PROBLEMS[now.gpu_problem]))
    elif not now.gpus:
        quiet(_("No NVIDIA card is seen here. Everything works without one, only slower."))
    for gpu in now.gpus:
        quiet(" · ".join(_facts(gpu)))
    if now.gpus:
        quiet(" · ".join(_host_facts(now)))


def _facts(gpu: Gpu) -> Iterator[str]:
    yield plain(gpu.name or _("Graphics card"))
    if gpu.graphics_clock_mhz is not None:
        yield _("{n} MHz", n=gpu.graphics_clock_mhz)
    if gpu.pcie_generation is not None and gpu.pcie_lanes is not None:
        yield _(
            "PCIe {generation}, {lanes} lanes", generation=gpu.pcie_generation, lanes=gpu.pcie_lanes
        )
    if gpu.pcie_sent_bytes_per_s is not None and gpu.pcie_received_bytes_per_s is not None:
        traffic = gpu.pcie_sent_bytes_per_s + gpu.pcie_received_bytes_per_s
        yield _("{size} a second to and from it", size=words.size(traffic))


def _host_facts(now: Snapshot) -> Iterator[str]:
    used, total = words.size(now.memory_used_bytes), words.size(now.memory_total_bytes)
    yield _("{name} {used} of {total}", name=_("Memory"), used=used, total=total)
    if now.swap_used_bytes:
        yield _("swap {size}", size=words.size(now.swap_used_bytes))
    if now.disk_free_bytes is not None:
        yield _("{size} of the disk are free", size=words.size(now.disk_free_bytes))
    if now.process_memory_bytes is not None:
        yield _("this app {size}", size=words.size(now.process_memory_bytes))


def _slowed(card: Gpu) -> str | None:
    reasons = [_(SLOWED[one]) for one in card.throttle_reasons or () if one in SLOWED]
    if not reasons:
        return None
    return _("slowed down: {reasons}", reasons=words.listed(list(dict.fromkeys(reasons))))


def _size(size_bytes: int | None) -> str | None:
    return None if size_bytes is None else words.size(size_bytes)


def _percent(share: float | None) -> str | None:
    return None if share is None else _("{n} %", n=round(share))


def _of(total: str | None) -> str | None:
    return None if total is None else _("of {total}", total=total)
