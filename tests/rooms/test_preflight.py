"""Whether a room fits, and remedies that really change it."""

from __future__ import annotations

from collections.abc import Iterator
from types import SimpleNamespace

import pytest

from core.errors import InvalidInput
from core.hardware.forecast import Forecasts, KvLayer, ModelShape
from core.hardware.snapshot import Gpu, Snapshot
from core.providers.ollama.provider import OllamaProvider
from core.rooms.preflight import Preflights
from core.workbench import Workbench
from testing.scripted_model import ScriptedProvider
from testing.scripted_ollama import Model, ScriptedOllama
from tests.conftest import OpenWorkbench

ROOM = "Engawa"
GB = 10**9
LARGE, SMALL = "ollama:large", "ollama:small"


@pytest.fixture
def bench(open_workbench: OpenWorkbench) -> Iterator[Workbench]:
    with ScriptedOllama(models=[Model("large"), Model("small")]) as server:
        found = open_workbench(ScriptedProvider(), OllamaProvider(server.url))
        found.server = server  # type: ignore[attr-defined]
        for name, model in (("Mizuho", LARGE), ("Ren", SMALL), ("Aki", SMALL)):
            found.rooms.set_model(ROOM, name, model)
        yield found


def examined(bench: Workbench, free_gb: float, large_gb: float, kv_gb: float = 0.1) -> Preflights:
    """A card with so much free; at 4,096 tokens each model keeps `kv_gb` of keys and values."""
    numbers = int(kv_gb * GB / 4096 / 4)
    weights = {LARGE: large_gb, SMALL: 1.0, "starter": 0.1}

    def shape(ref: str) -> ModelShape:
        layers = (KvLayer(1, numbers, numbers),)
        return ModelShape(ref, "llama.cpp", "llama", layers, int(weights[ref] * GB))

    card = Gpu(0, memory_total_bytes=100 * GB, memory_free_bytes=int(free_gb * GB))
    now = Snapshot(0.0, None, GB, 100 * GB, gpus=(card,))
    forecasts = Forecasts(shape, lambda: now, 4096)
    encoder = SimpleNamespace(of=lambda: ("encoder", 700_000_000))
    return Preflights(bench.rooms, bench.registry, forecasts.of, lambda: now, encoder.of, 4096)


def test_a_room_that_fits_says_what_each_part_takes(bench: Workbench) -> None:
    found = examined(bench, 20, 4).of(ROOM)
    assert (found.verdict, found.remedies) == ("fits", ())
    by_ref = {part.ref: part for part in found.parts}
    assert by_ref[SMALL].members == ("Ren", "Aki")
    assert by_ref[LARGE].weights_bytes == 4 * GB
    assert by_ref[LARGE].kv_bytes == pytest.approx(0.1 * GB, rel=0.01)
    assert by_ref["encoder"].place == "host"


def test_models_that_fit_alone_but_not_together_take_turns(bench: Workbench) -> None:
    found = examined(bench, 6.5, 4).of(ROOM)
    assert found.verdict == "swaps"
    assert {one.kind for one in found.remedies} == {"share"}


def test_what_does_not_fit_is_named_and_a_smaller_model_put_in_its_place(bench: Workbench) -> None:
    preflights = examined(bench, 6, 8)
    found = preflights.of(ROOM)
    assert found.verdict == "does_not_fit"
    assert [part.ref for part in found.parts if part.fits is False] == [LARGE]
    assert {one.kind for one in found.remedies} == {"model", "share"}
    room = preflights.apply(ROOM, "model")
    assert {member.model for member in room.members} == {SMALL}
    assert preflights.of(ROOM).verdict == "fits"


def test_a_shorter_context_is_asked_of_the_rooms_models(bench: Workbench) -> None:
    preflights = examined(bench, 9.5, 4, kv_gb=2)
    (remedy, *_others) = preflights.of(ROOM).remedies
    assert remedy.kind == "context"
    room = preflights.apply(ROOM, "context")
    assert room.context_tokens == remedy.context_tokens
    assert 1024 <= (room.context_tokens or 0) < 4096
    assert preflights.of(ROOM).verdict == "fits"


def test_everybody_can_share_one_model(bench: Workbench) -> None:
    preflights = examined(bench, 6.5, 4)
    room = preflights.apply(ROOM, "share")
    assert len({member.model for member in room.members}) == 1
    with pytest.raises(InvalidInput):
        preflights.apply(ROOM, "share")  # it fits now: nothing is offered


def picked_by(bench: Workbench, model: str) -> None:
    bench.rooms.set_policy(ROOM, "selector", {"model": model})


def test_the_model_that_picks_who_speaks_is_counted(bench: Workbench) -> None:
    for name in ("Mizuho", "Ren", "Aki"):
        bench.rooms.set_model(ROOM, name, SMALL)
    assert examined(bench, 4, 2).of(ROOM).verdict == "fits"
    picked_by(bench, LARGE)
    found = examined(bench, 4, 2).of(ROOM)
    (picker,) = [part for part in found.parts if part.kind == "picker"]
    assert (picker.ref, picker.members, picker.weights_bytes) == (LARGE, (), 2 * GB)
    assert found.verdict == "swaps"
    picked_by(bench, SMALL)  # it is in memory anyway
    assert [part.kind for part in examined(bench, 4, 2).of(ROOM).parts] == ["model", "encoder"]


@pytest.mark.parametrize(("kind", "large_gb"), [("model", 8), ("share", 8)])
def test_a_remedy_counts_for_the_model_that_picks(
    bench: Workbench, kind: str, large_gb: float
) -> None:
    bench.rooms.set_model(ROOM, "Mizuho", SMALL)
    picked_by(bench, LARGE)
    preflights = examined(bench, 6, large_gb)
    assert preflights.of(ROOM).verdict == "does_not_fit"
    (remedy,) = [one for one in preflights.of(ROOM).remedies if one.kind == kind]
    assert remedy.picker
    room = preflights.apply(ROOM, kind)
    assert room.policy_options == {"model": SMALL}
    assert preflights.of(ROOM).verdict == "fits"


def test_the_shorter_context_is_asked_of_the_model_that_picks(bench: Workbench) -> None:
    picked_by(bench, LARGE)
    tokens = examined(bench, 9.5, 4, kv_gb=2).apply(ROOM, "context").context_tokens
    bench.rooms.post(ROOM, "who knows?", sender="Yuki")
    assert bench.rooms.wait_idle(ROOM, 10)
    server = bench.server  # type: ignore[attr-defined]
    asked = [one.json for one in server.requests if one.path == "/api/chat"]
    picking = [one for one in asked if one.get("format")]
    assert picking
    assert {one["options"]["num_ctx"] for one in picking} == {tokens}


def test_the_shorter_context_reaches_the_server(bench: Workbench) -> None:
    tokens = examined(bench, 9.5, 4, kv_gb=2).apply(ROOM, "context").context_tokens
    bench.rooms.post(ROOM, "@Ren hello", sender="Yuki")
    assert bench.rooms.wait_idle(ROOM, 10)
    assert bench.server.loaded["small"] == tokens  # type: ignore[attr-defined]
