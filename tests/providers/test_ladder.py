"""Down when it does not fit, up when it has fitted for a minute; a driver that says nothing."""

from __future__ import annotations

from dataclasses import replace

import pytest

from core.errors import OutOfMemory
from core.hardware import Event, Gpu, Resident, Snapshot
from core.hardware.forecast import Forecast, KvLayer, ModelShape
from core.hardware.forecast.estimate import Room, forecast
from core.metrics.speeds import Speeds
from core.providers.base import GenerationOptions
from core.providers.ladder.ladder import Ladder, LadderRule
from core.providers.ladder.rungs import rungs
from core.providers.ladder.spill import SpillDetector
from core.runner.loading import AS_IT_COMES

GB = 10**9
REF = "ollama:big"
WANTED = GenerationOptions(context_tokens=8192)
LAYERS = (KvLayer(8, 128, 128),) * 32
SHAPE = ModelShape(REF, "llama.cpp", "llama", LAYERS, 3 * GB, 32_000, 4096, 11_000)
NOW = Snapshot(0.0, None, 0, 16 * GB)


class World:
    """A card with so many bytes free, and a clock."""

    def __init__(self, free: int, rule: LadderRule | None = None) -> None:
        self.free, self.now = free, 0.0
        self.told: list[Event] = []
        self.loaded: list[str] = []
        self.ladder = Ladder(
            lambda _ref: rule or LadderRule(),
            predicts=self,
            elsewhere=lambda ref: ref == "ollama:far",
            loaded=lambda: self.loaded,
            tell=self.told.extend,
            clock=lambda: self.now,
        )

    def before(self, ref: str, options: GenerationOptions) -> Forecast:
        room = Room("gpu", 6 * GB, self.free)
        load = options.load or AS_IT_COMES
        return forecast(replace(SHAPE, ref=ref), options.context_tokens, load, room)

    def awaits(self, found: Forecast) -> None:
        """Nothing is measured here."""

    def pass_s(self, seconds: int) -> None:
        for _second in range(seconds):
            self.now += 1
            self.ladder.see(NOW)

    def kinds(self) -> list[str]:
        return [event.kind for event in self.told]


def steps(ref: str, lesser: tuple[str, ...] = (), layers: int | None = None) -> list[str]:
    return [f"{rung.step} {rung.after}".strip() for rung in rungs(ref, WANTED, lesser, layers)]


def test_the_order_of_the_rungs() -> None:
    contexts = ["whole", "context 4096", "context 2048", "context 1024"]
    assert steps("ollama:a") == contexts
    fewer = ["layers 24", "layers 16", "layers 8"]
    assert steps("ollama:a", ("ollama:b",), 32) == [*contexts, *fewer, "model ollama:b", "cpu cpu"]
    kv = ["kv q8_0", "kv q4_0"]
    assert steps("hf:a", ("nf4",)) == [*contexts, *kv, "quantization nf4"]


@pytest.mark.parametrize(
    ("free", "step"), [(6, "whole"), (4, "context"), (3, "layers"), (0, "whole")]
)
def test_a_forecast_that_does_not_fit_goes_down_before_the_server_is_asked(
    free: int, step: str
) -> None:
    world = World(free * GB)
    assert world.ladder.begin(REF, WANTED).rung.step == step
    again = world.ladder.begin(REF, WANTED)
    assert again.rung.step == step
    told = [] if step == "whole" else [f"ladder_{step}", "ladder_advice"]  # once
    assert world.kinds() == told
    if step != "whole":
        reason = again.reason()
        assert reason is not None
        assert reason.params["cause"]["code"] == "forecast_too_large"


def test_it_climbs_when_there_was_room_for_a_minute_on_end() -> None:
    world = World(3 * GB)
    assert world.ladder.begin(REF, WANTED).rung.step == "layers"
    world.free = 9 * GB
    world.pass_s(50)
    world.free = 3 * GB
    world.pass_s(1)
    world.free = 9 * GB
    world.pass_s(60)
    assert [state.ref for state in world.ladder.states()] == [REF]
    world.pass_s(1)
    assert world.ladder.states() == []
    assert world.kinds() == ["ladder_layers", "ladder_advice", "ladder_top"]
    assert world.ladder.begin(REF, WANTED).rung.step == "whole"


def test_a_climb_that_failed_makes_the_next_wait_longer() -> None:
    world = World(9 * GB)
    refused = OutOfMemory(model=REF, detail="cudaMalloc failed")
    assert world.ladder.begin(REF, WANTED).down(refused)  # though the forecast had said it fits
    world.pass_s(61)
    assert world.ladder.states() == []
    assert world.ladder.begin(REF, WANTED).down(refused)
    world.pass_s(61)
    assert len(world.ladder.states()) == 1
    world.pass_s(60)
    assert world.ladder.states() == []


def test_just_enough_room_is_not_enough_to_climb() -> None:
    world = World(4 * GB)
    world.ladder.begin(REF, WANTED)
    world.free = world.before(REF, WANTED).total_bytes + 1
    world.pass_s(200)
    assert all(state.level > 0 for state in world.ladder.states())
    assert len(world.ladder.states()) == 1


@pytest.mark.parametrize("ref", ["starter", "ollama:far"])
def test_the_starter_and_other_machines_have_no_ladder(ref: str) -> None:
    world = World(0)
    climb = world.ladder.begin(ref, WANTED)
    assert not climb.down(OutOfMemory(model=ref, detail="x"))
    assert (
        not World(0, LadderRule(on=False))
        .ladder.begin(REF, WANTED)
        .down(OutOfMemory(model=REF, detail="x"))
    )


def test_a_rule_that_watches_the_machine_can_lower_a_loaded_model() -> None:
    world = World(9 * GB)
    assert world.ladder.lower("") == ""
    world.loaded = ["starter", REF]
    assert world.ladder.lower("gpu 0") == f"{REF}: 2048"
    assert world.kinds() == ["ladder_context", "ladder_advice"]


def test_ollamas_own_switch_is_told_once_and_of_its_models_only() -> None:
    world = World(9 * GB)
    for ref in (REF, REF, "hf:a"):
        world.ladder.begin(ref, WANTED).down(OutOfMemory(model=ref, detail="x"))
    advice = [event.subject for event in world.told if event.kind == "ladder_advice"]
    assert advice == [REF]


def machine(used: float) -> Snapshot:
    card = Gpu(index=0, memory_total_bytes=6 * GB, memory_used_bytes=int(used * GB))
    return replace(NOW, gpus=(card,), models=(Resident(REF),))


def test_a_model_that_slows_on_a_full_card_may_have_been_moved() -> None:
    speeds, told = Speeds(), list[Event]()
    detector = SpillDetector(speeds.all, told.extend)
    for rate in [40.0, 42, 41, 43, 40, 41, 42, 40]:
        speeds.add(REF, rate)
        detector.see(machine(5.8))
    assert told == []
    for rate in [9.0, 8, 9]:
        speeds.add(REF, rate)
        detector.see(machine(3))
    assert told == []  # the card has room: something else is slow
    detector.see(machine(5.8))
    detector.see(machine(5.8))
    assert [event.kind for event in told] == ["spill"]
    assert "may have moved memory to the host" in told[0].text("en")
    for rate in [41.0, 40, 42]:
        speeds.add(REF, rate)
        detector.see(machine(5.8))
    assert [event.kind for event in told] == ["spill", "spill_over"]
