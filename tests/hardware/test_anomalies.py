"""What is wrong is told once, stays told while it lasts, and is put right step by step."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path

import pytest

from core.errors import ServerAway
from core.hardware import Event, Gpu, Resident, Snapshot, Telemetry
from core.hardware.anomaly import Guard, Work
from core.paths import ANOMALY_RULES, DataPaths
from core.store import Store
from testing.nvml import CARD, Script

START = 1_800_000_000.0
CARD_NOW = Gpu(0, name="RTX", temperature_celsius=60, utilization_percent=5, throttle_reasons=())
CALM = Snapshot(START, 1.0, 1, 2, disk_free_bytes=50_000_000_000, gpus=(CARD_NOW,))


class World:
    """A guard over a machine whose every second is written by the test."""

    def __init__(self, tmp_path: Path, **actions: str | Exception) -> None:
        self.told: list[Event] = []
        self.done: list[tuple[str, str]] = []
        self.work, self.now, self.may_act = Work(), CALM, True
        files = (ANOMALY_RULES, tmp_path / "anomaly_rules.yaml")
        made = {name: self._action(name, result) for name, result in actions.items()}
        self.guard = Guard(
            files,
            made,
            self.told.append,
            work=lambda: self.work,
            may_act=lambda: self.may_act,
            run=lambda work: work(),
        )

    def _action(self, name: str, result: str | Exception) -> Callable[[str], str]:
        def act(subject: str) -> str:
            self.done.append((name, subject))
            if isinstance(result, Exception):
                raise result
            return result

        return act

    def live(self, seconds: int, **changes: object) -> None:
        for _second in range(seconds):
            self.now = replace(self.now, at=self.now.at + 1, **changes)  # type: ignore[arg-type]
            self.guard.look(self.now)

    def card(self, seconds: int, **changes: object) -> None:
        self.live(seconds, gpus=(replace(CARD_NOW, **changes),))  # type: ignore[arg-type]

    @property
    def kinds(self) -> list[str]:
        return [event.kind for event in self.told]


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path, unload_idle="ollama:tiny", stop_training="ad_ren", retry="ollama")


def test_a_healthy_machine_says_nothing(world: World) -> None:
    world.live(4_000)
    assert world.told == []
    assert world.guard.active() == ()


def test_heat_that_lasts_is_told_and_treated_in_steps(world: World) -> None:
    world.card(29, temperature_celsius=95)
    assert world.told == []
    world.card(2, temperature_celsius=95)
    assert world.kinds == ["anomaly", "recovery"]
    assert world.told[0].text("en") == "RTX is hot: 95 °C."
    assert world.done == [("unload_idle", "0")]
    world.card(130, temperature_celsius=95)  # the ladder is not there: passed over
    world.card(130, temperature_celsius=95)
    assert world.done == [("unload_idle", "0"), ("stop_training", "0")]
    assert [one.rule.name for one in world.guard.active()] == ["hot"]


def test_between_the_limits_nothing_changes(world: World) -> None:
    world.card(40, temperature_celsius=95)
    world.card(500, temperature_celsius=86)  # below 90, above 83: still hot
    assert [one.rule.name for one in world.guard.active()] == ["hot"]
    world.card(30, temperature_celsius=80)
    world.card(5, temperature_celsius=86)
    world.card(59, temperature_celsius=80)
    assert [one.rule.name for one in world.guard.active()] == ["hot"]
    world.card(5, temperature_celsius=80)
    assert world.guard.active() == ()
    assert world.told[-1].text("en") == "RTX has cooled down: 80 °C."
    assert world.kinds.count("anomaly") == world.kinds.count("anomaly_over") == 1


def test_heat_that_comes_and_goes_is_not_told(world: World) -> None:
    for _time in range(50):
        world.card(20, temperature_celsius=95)
        world.card(5, temperature_celsius=70)
    assert world.told == []


def test_unknown_is_neither_wrong_nor_right_at_once(world: World) -> None:
    world.card(40, temperature_celsius=95)
    world.card(30, temperature_celsius=None)
    assert [one.rule.name for one in world.guard.active()] == ["hot"]


def test_a_machine_that_slept_did_not_stay_hot(world: World) -> None:
    world.card(20, temperature_celsius=95)
    world.now = replace(world.now, at=world.now.at + 3_600)
    world.card(20, temperature_celsius=95)
    assert world.told == []


def test_an_action_has_its_limit_an_hour(world: World) -> None:
    for _time in range(6):
        world.card(40, temperature_celsius=95)
        world.card(70, temperature_celsius=60)
    assert world.done == [("unload_idle", "0")] * 2
    assert world.kinds.count("recovery_limited") == 1
    world.card(3_600)
    world.card(40, temperature_celsius=95)
    assert len(world.done) == 3


def test_nobody_acts_when_that_is_not_wanted(world: World) -> None:
    world.may_act = False
    world.card(400, temperature_celsius=95)
    assert (world.kinds, world.done) == (["anomaly"], [])


@pytest.mark.parametrize(
    ("result", "kind", "what"),
    [
        ("", "recovery_idle", ""),
        (ServerAway(model="m", server="s"), "recovery_failed", "server_away"),
        (ValueError("bad"), "recovery_failed", "ValueError"),
    ],
)
def test_what_becomes_of_a_step_is_told(
    tmp_path: Path, result: str | Exception, kind: str, what: str
) -> None:
    world = World(tmp_path, unload_idle=result)
    world.card(40, temperature_celsius=95)
    assert world.kinds == ["anomaly", kind]
    assert world.told[1].detail["what"] == what
    assert "{" not in world.told[1].text("en") + world.told[1].text("ja")


@pytest.mark.parametrize(
    ("reasons", "told"),
    [
        (("gpu_idle",), []),
        (("sw_power_cap",), []),
        (("hw_thermal_slowdown",), ["anomaly"]),
        (("hw_power_brake_slowdown", "sw_power_cap"), ["anomaly"]),
    ],
)
def test_slowed_down_by_heat(world: World, reasons: tuple[str, ...], told: list[str]) -> None:
    world.card(70, throttle_reasons=reasons)
    assert world.kinds == told


def test_memory_that_leaks(world: World) -> None:
    for second in range(2_000):  # 1 GB an hour
        world.card(1, memory_used_bytes=2_000_000_000 + second * 278_000)
    assert world.kinds == ["anomaly", "recovery"]
    assert "1.0 GB an hour" in world.told[0].text("en")


def test_memory_of_a_model_that_was_loaded_is_no_leak(world: World) -> None:
    world.card(1_000, memory_used_bytes=2_000_000_000)
    world.live(1_000, models=(Resident("ollama:tiny", vram_bytes=3_000_000_000),))
    gpus = (replace(CARD_NOW, memory_used_bytes=5_000_000_000),)
    world.live(2_000, gpus=gpus)
    assert world.told == []


def test_a_game_that_is_started_is_no_leak(world: World) -> None:
    world.card(1_800, memory_used_bytes=2_000_000_000)
    world.card(1_800, memory_used_bytes=4_000_000_000)
    assert world.told == []


def test_a_card_that_works_for_nobody(world: World) -> None:
    world.work = Work(busy=True)
    world.card(400, utilization_percent=99)
    assert world.told == []
    world.work = Work()
    world.card(400, utilization_percent=99)
    assert world.kinds[0] == "anomaly"
    assert "99 %" in world.told[0].text("en")


def test_a_model_that_became_slow(world: World) -> None:
    world.work = Work(True, {"ollama:tiny": 0.9})
    world.live(60)
    world.work = Work(True, {"ollama:tiny": 0.25})
    world.live(60)
    assert world.told[0].text("en") == "ollama:tiny speaks at 25 % of its usual speed."
    world.work = Work(True, {"ollama:tiny": 0.8})
    world.live(60)
    assert world.guard.active() == ()


def test_a_disk_that_runs_full(world: World) -> None:
    world.live(20, disk_free_bytes=1_500_000_000)
    assert world.told[0].text("en") == "Only 1.5 GB of the disk are free."
    world.live(20, disk_free_bytes=9_000_000_000)
    assert world.kinds == ["anomaly", "anomaly_over"]


def test_a_server_that_went_away(world: World) -> None:
    world.live(30)
    world.live(30, silent=("ollama",))
    assert world.told[0].text("en") == "The server ollama does not answer any more."
    assert world.done == [("retry", "ollama")]
    world.live(10, silent=())
    assert world.told[-1].text("en") == "The server ollama answers again."


def test_a_server_that_was_never_there_is_not_missed(world: World) -> None:
    world.live(600, silent=("ollama",))
    assert world.told == []


def test_a_rule_that_is_taken_out_of_the_file(world: World, tmp_path: Path) -> None:
    world.card(40, temperature_celsius=95)
    (tmp_path / "anomaly_rules.yaml").write_text("rules: []", encoding="utf-8")
    world.card(5, temperature_celsius=95)
    assert world.guard.active() == ()


@pytest.fixture
def store(data_paths: DataPaths) -> Iterator[Store]:
    opened = Store.open(data_paths)
    yield opened
    opened.close()


RULES = """rules:
  - {name: hot, when: gpu.*.temperature_celsius, above: 80, for_s: 0.3, calm_s: 0.3, then: [retry]}
"""


def test_the_real_sampler_sees_the_card_get_hot(
    store: Store, tmp_path: Path, script: Script
) -> None:
    from tests.hardware.test_telemetry import until

    own = tmp_path / "anomaly_rules.yaml"
    own.write_text(RULES, encoding="utf-8")
    telemetry = Telemetry(store, tmp_path)
    actions: Mapping[str, Callable[[str], str]] = {"retry": lambda subject: f"card {subject}"}
    guard = Guard((ANOMALY_RULES, own), actions, lambda event: telemetry.tell([event]))
    telemetry.watch(guard.look)
    telemetry.start(period_s=0.05)
    until(lambda: telemetry.latest().gpus)
    script.write(CARD.replace("temperature 61", "temperature 91"))
    until(lambda: guard.active())
    script.write(CARD)
    until(lambda: not guard.active())
    until(lambda: len(telemetry.events()) >= 3)
    telemetry.close()
    kinds = {event.kind for event in telemetry.events()}
    assert {"anomaly", "recovery", "anomaly_over"} <= kinds
