"""The Hardware screen: numbers, charts, what is unknown, what fails."""

from __future__ import annotations

import csv
import json
import os
import time
from collections.abc import Callable
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from core.api.hardware_bodies import snapshot_body
from core.hardware import Point, Resident, Series
from core.paths import PROJECT
from core.workbench import Workbench
from pages.ui.hardware_charts import charts
from pages.ui.hardware_csv import as_csv
from testing.nvml import CARD, Script
from testing.scripted_model import ScriptedProvider
from tests.conftest import OpenWorkbench
from tests.pages.conftest import OpenScreen, texts

LIMIT_S = 30
GB = 1e9
GPU = {
    "memory_total_bytes": 10e9,
    "gpu.0.memory_used_bytes": 4e9,
    "gpu.0.memory_reserved_bytes": 0.5e9,
    "gpu.0.memory_total_bytes": 6e9,
    "model.ollama:tiny.resident": 1.0,
    "model.ollama:tiny.vram_bytes": 3e9,
}


def until(true: Callable[[], object]) -> None:
    end = time.monotonic() + LIMIT_S
    while not true():
        assert time.monotonic() < end
        time.sleep(0.05)


def measured(workbench: Workbench, points: int = 2) -> None:
    until(lambda: len(workbench.telemetry.history(60).points) >= points)


def figures(test: AppTest) -> list[Any]:
    return [json.loads(chart.proto.spec) for chart in test.get("plotly_chart")]


def metrics(test: AppTest) -> dict[str, str]:
    return {one.label: one.value for one in test.metric}


def series(*values: dict[str, float], step_s: int = 1) -> Series:
    return Series(step_s, tuple(Point(1000.0 + n * step_s, one) for n, one in enumerate(values)))


def traces(made: Series, chart: str) -> dict[str, Any]:
    (found,) = (one for one in charts(made, "en") if one.key == chart)
    return {trace["name"]: trace["y"] for trace in found.figure.to_dict()["data"]}


def test_without_a_card_the_host_is_shown(screen: OpenScreen, workbench: Workbench) -> None:
    measured(workbench)
    test = screen("hardware")
    assert list(metrics(test)) == ["Memory", "Utilisation", "This app", "Free disk"]
    assert "No NVIDIA card is seen here" in texts(test)
    memory, load = figures(test)
    assert [trace["name"] for trace in memory["data"]] == ["This app", "Other programs", "Free"]
    assert load["data"][0]["y"]


def test_with_a_card_its_numbers_come_first(
    script: Script, screen: OpenScreen, workbench: Workbench
) -> None:
    measured(workbench)
    test = screen("hardware")
    assert metrics(test) == {
        "Graphics memory": "2.9 GB",
        "Utilisation": "37 %",
        "Temperature": "61 °C",
        "Power": "45 W",
    }
    assert len(figures(test)) == 4
    assert "RTX 4050" in texts(test)
    assert "slowed down: power limit" in [one.delta for one in test.metric]


def test_what_the_driver_does_not_tell_is_unknown(
    script: Script, screen: OpenScreen, workbench: Workbench
) -> None:
    script.write(
        CARD,
        *("fail nvmlDeviceGetMemoryInfo 3", "fail nvmlDeviceGetMemoryInfo_v2 3"),
        *("fail nvmlDeviceGetUtilizationRates 3", "fail nvmlDeviceGetPowerUsage 999"),
        *("fail nvmlDeviceGetTemperatureV 3", "fail nvmlDeviceGetTemperature 3"),
    )
    until(lambda: workbench.telemetry.latest().gpus)
    until(lambda: workbench.telemetry.latest().gpus[0].power_watts is None)
    test = screen("hardware")
    assert set(metrics(test).values()) == {"unknown"}


def test_a_driver_that_hangs_is_said_at_once(
    script: Script, screen: OpenScreen, workbench: Workbench
) -> None:
    measured(workbench)
    script.write(CARD, "hang nvmlDeviceGetUtilizationRates")
    until(lambda: workbench.telemetry.latest().gpus_stale)
    test = screen("hardware")
    assert "does not answer" in test.warning[0].value
    assert metrics(test)["Temperature"] == "61 °C"
    script.write(CARD)


def test_a_lost_card_is_named(script: Script, screen: OpenScreen, workbench: Workbench) -> None:
    measured(workbench)
    script.write(CARD, "fail * 15")
    until(lambda: workbench.telemetry.latest().gpus[0].lost)
    test = screen("hardware")
    assert "4050" in test.warning[0].value
    assert "Temperature" not in metrics(test)


def test_a_pause_stands_still(screen: OpenScreen, workbench: Workbench) -> None:
    measured(workbench)
    test = screen("hardware")
    test.toggle(key="hardware-pause").set_value(True).run()
    before = figures(test)
    measured(workbench, len(workbench.telemetry.history(60).points) + 2)
    assert figures(test.run()) == before
    test.toggle(key="hardware-pause").set_value(False).run()
    assert figures(test) != before


def test_every_range_draws(screen: OpenScreen, workbench: Workbench) -> None:
    measured(workbench)
    test = screen("hardware")
    for seconds in (3_600, 86_400, 604_800):
        test.button_group(key="range").set_value(seconds).run()
        assert not test.exception


def test_the_stack_adds_up_to_the_card() -> None:
    found = traces(series(GPU, GPU), "memory")
    assert found == {
        "ollama:tiny": [3.0, 3.0],
        "Other programs": [1.0, 1.0],
        "Driver": [0.5, 0.5],
        "Free": [1.5, 1.5],
    }


class Holding(ScriptedProvider):
    """Says that this process holds its model, and adapters over it on the card."""

    def resident(self) -> list[Resident]:
        return [Resident("starter", pid=os.getpid(), adapters_vram_bytes=200_000_000)]


def test_adapters_have_their_own_layer_in_the_stack_and_the_table(
    script: Script, open_workbench: OpenWorkbench
) -> None:
    script.write(CARD, f"process {os.getpid()} 900000000")
    bench = open_workbench(Holding())
    until(lambda: bench.telemetry.history(60).points)
    made = bench.telemetry.history(60)
    found = traces(made, "memory")
    assert list(found) == ["starter", "Adapters", "Other programs", "Driver", "Free"]
    assert (found["starter"][-1], found["Adapters"][-1]) == (0.7, 0.2)
    assert found["Other programs"][-1] == 2.0  # of the 2.9 GB that are used
    assert sum(layer[-1] for layer in found.values()) == pytest.approx(6442450944 / GB, abs=0.01)
    (row, *_others) = csv.DictReader(as_csv(made).splitlines())
    assert row["model.starter.adapters_vram_bytes"] == "200000000"
    (model,) = snapshot_body(bench.telemetry.latest())["models"]
    assert (model["vram_bytes"], model["adapters_vram_bytes"]) == (900_000_000, 200_000_000)


def test_unknown_use_is_not_drawn_as_free() -> None:
    unknown = {name: one for name, one in GPU.items() if not name.endswith("used_bytes")}
    found = traces(series(unknown, unknown), "memory")
    assert found["Free"] == [None, None]
    assert found["Other programs"] == [None, None]


def test_where_nothing_was_measured_there_is_a_hole() -> None:
    points = [Point(at, {"cpu_percent": 5.0, "memory_total_bytes": 1e9}) for at in (0, 1, 60, 61)]
    made = Series(1, tuple(points))
    assert traces(made, "load")["Processor"] == [5, 5, None, 5, 5]
    memory = charts(made, "en")[0].figure.to_dict()["layout"]["shapes"]
    assert (memory[0]["x0"], memory[0]["x1"]) == (2_000, 60_000)


def test_a_name_with_markup_stays_text() -> None:
    evil = '<a href="http://evil">x</a>'
    made = series(GPU | {f"model.{evil}.vram_bytes": 1e9, f"model.{evil}.resident": 1.0})
    assert not [name for name in traces(made, "memory") if "<" in name]


def test_the_table_leaves_unknown_empty() -> None:
    rows = list(csv.DictReader(as_csv(series({"a": 1.5}, {"b": 2e9})).splitlines()))
    assert [(row["a"], row["b"]) for row in rows] == [("1.5", ""), ("", "2000000000")]
    assert rows[0]["time"] == "1970-01-01T00:16:40+00:00"


def test_the_screen_stays_small() -> None:
    page = (PROJECT / "pages" / "hardware.py").read_text(encoding="utf-8")
    assert len(page.splitlines()) <= 80


HOT = """rules:
  - {name: hot, when: gpu.*.temperature_celsius, above: 80, for_s: 0, then: [unload_idle]}
"""


def test_a_hot_card_is_a_banner_with_a_button(
    script: Script, workbench: Workbench, screen: OpenScreen
) -> None:
    workbench.settings.paths.anomaly_rules.write_text(HOT, encoding="utf-8")
    script.write(CARD.replace("temperature 61", "temperature 93"))
    until(workbench.guard.active)
    test = screen("shell")
    assert "is hot" in texts(test)
    test.button(key="anomaly-seen").click().run()
    assert "is hot" not in texts(test)
    test = screen("hardware")
    assert any("is hot" in one.value for one in test.warning)
    test.toggle(key="recover").set_value(False).run()
    assert workbench.preferences.get("recover") is False


def test_broken_rules_are_told_with_their_line(workbench: Workbench, screen: OpenScreen) -> None:
    workbench.settings.paths.anomaly_rules.write_text("rules: 3\n", encoding="utf-8")
    measured(workbench)
    test = screen("hardware")
    assert any("line 1" in one.value for one in test.error)
