"""The sum, the verdict, the room of a machine, and what a machine teaches."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest

from core.hardware import Gpu, Resident, Snapshot
from core.hardware.forecast import Forecast, Kept, KvLayer, ModelShape
from core.hardware.forecast.estimate import Room, forecast, place_of
from core.hardware.forecast.follow import Follower
from core.hardware.forecast.kept import Checked, alike, corrected
from core.hardware.forecast.room import room_of
from core.paths import DataPaths
from core.runner.loading import LoadOptions
from core.runner.shapes.gguf import layers_of_metadata, lists_missing
from core.store import Store

GIB = 1024**3
LAYER = KvLayer(kv_heads=8, key_length=128, value_length=128)
QWEN = ModelShape(  # Qwen3-4B in four bits
    "ollama:qwen3:4b", "llama.cpp", "qwen3", (LAYER,) * 36, 2_497_000_000, 151_936, 2560, 9728
)
AS_IT_IS = LoadOptions()


def on_card(free: int | None, tokens: int = 8192, load: LoadOptions = AS_IT_IS) -> Forecast:
    return forecast(QWEN, tokens, load, Room("gpu", 5 * GIB, free))


def test_the_keys_of_a_real_model_are_those_that_its_server_sets_aside() -> None:
    assert on_card(None).kv_bytes == 1_152 * 1024**2  # measured; the server says 720 MiB


@pytest.mark.parametrize(
    ("free", "verdict"),
    [(5 * GIB, "fits"), (4 * GIB, "fits_shorter"), (1 * GIB, "does_not_fit"), (None, "unknown")],
)
def test_verdicts(free: int | None, verdict: str) -> None:
    found = on_card(free)
    assert found.verdict == verdict
    if verdict == "fits_shorter":
        assert found.longest_context is not None
        assert free is not None
        assert on_card(free, found.longest_context).total_bytes <= free
        assert on_card(free, found.longest_context + 256).total_bytes > free


def test_quantised_keys_and_fewer_layers_take_less() -> None:
    whole, kv = on_card(4 * GIB), on_card(4 * GIB, load=LoadOptions(kv_type="q8_0"))
    assert kv.kv_bytes == whole.kv_bytes * 34 // 64
    half = on_card(4 * GIB, load=LoadOptions(gpu_layers=18))
    assert half.total_bytes < kv.total_bytes < whole.total_bytes
    assert half.host_bytes == (whole.weights_bytes + whole.kv_bytes) // 2
    assert whole.fitting_layers is not None
    assert 18 < whole.fitting_layers < 36
    fits = on_card(4 * GIB, load=LoadOptions(gpu_layers=whole.fitting_layers))
    assert fits.total_bytes <= 4 * GIB


def test_small_models_stay_off_the_card() -> None:
    tiny = ModelShape("hf:x", "transformers", "llama", (LAYER,), 10, parameters=5_000_000)
    assert place_of(tiny, AS_IT_IS, card=True) == "host"
    assert place_of(replace(tiny, parameters=10**9), AS_IT_IS, card=True) == "gpu"
    assert place_of(QWEN, LoadOptions(device="cpu"), card=True) == "host"
    assert place_of(QWEN, AS_IT_IS, card=False) == "host"


MAPPED = ModelShape(
    "hf:x", "transformers", "llama", (LAYER,), 4 * 100_000_000, 32_000, 1024, 2816,
    parameters=100_000_000, linear_parameters=30_000_000,
)  # fmt: skip
HOST = Room("host", None, None)


def test_words_that_nobody_wrote_stay_in_the_file() -> None:
    looked_up = replace(MAPPED, lookup_parameters=32_000 * 1024)
    few, many = forecast(looked_up, 64, AS_IT_IS, HOST), forecast(looked_up, 30_000, AS_IT_IS, HOST)
    all_of_it = forecast(MAPPED, 64, AS_IT_IS, HOST).weights_bytes
    assert few.weights_bytes < all_of_it - 0.95 * 4 * 32_000 * 1024
    assert all_of_it * 0.99 < many.weights_bytes <= all_of_it
    shrunk = LoadOptions(quantization="nf4")  # whose other numbers are copied, read or not
    assert (
        forecast(looked_up, 64, shrunk, HOST).weights_bytes
        == forecast(MAPPED, 64, shrunk, HOST).weights_bytes
    )


def test_experts_are_in_memory_twice_where_they_are_put_together() -> None:
    apart = replace(MAPPED, expert_parameters=50_000_000)
    loading = forecast(apart, 512, AS_IT_IS, HOST).peak_bytes
    assert loading >= forecast(MAPPED, 512, AS_IT_IS, HOST).loaded_bytes + 4 * 50_000_000


def snapshot(used: int, models: tuple[Resident, ...] = (), at: float = 0.0) -> Snapshot:
    card = Gpu(
        index=0,
        memory_total_bytes=6 * GIB,
        memory_used_bytes=used,
        memory_free_bytes=6 * GIB - used,
        memory_reserved_bytes=0,
    )
    return Snapshot(at, None, 4 * GIB, 16 * GIB, gpus=(card,), models=models)


def test_a_gigabyte_stays_free_and_what_the_model_holds_counts_as_free() -> None:
    assert room_of(snapshot(0), "gpu").free_bytes == 5 * GIB
    held = (Resident("ollama:a", vram_bytes=2 * GIB),)
    assert room_of(snapshot(3 * GIB, held), "gpu", "ollama:a").free_bytes == 4 * GIB
    assert room_of(snapshot(3 * GIB, held), "gpu", "ollama:b").free_bytes == 2 * GIB
    assert room_of(snapshot(0), "host").free_bytes == 11 * GIB


GEMMA = {
    "general.architecture": "gemma3",
    "gemma3.block_count": 6,
    "gemma3.attention.head_count": 8,
    "gemma3.attention.head_count_kv": 4,
    "gemma3.attention.key_length": 256,
    "gemma3.attention.value_length": 256,
    "gemma3.attention.sliding_window": 1024,
}


def test_headers_of_gguf_files() -> None:
    layers = layers_of_metadata(GEMMA)
    assert [layer.kept for layer in layers] == [1536] * 5 + [None]
    listed = {**GEMMA, "gemma3.attention.head_count_kv": [4, 4, 0, 2, 2, 1]}
    numbers = [layer.numbers_per_token() for layer in layers_of_metadata(listed)]
    assert numbers == [2048, 2048, 0, 1024, 1024, 512]
    assert lists_missing({**GEMMA, "gemma3.attention.head_count_kv": None})
    assert not lists_missing(GEMMA)
    for broken in ({}, {"general.architecture": 7}, {**GEMMA, "gemma3.block_count": "6"}):
        assert layers_of_metadata(broken) == ()


@pytest.fixture
def store(data_paths: DataPaths) -> Iterator[Store]:
    opened = Store.open(data_paths)
    yield opened
    opened.close()


def test_a_load_is_measured_and_the_next_forecast_is_nearer(store: Store) -> None:
    kept = Kept(store)
    follower = Follower(kept.add)
    first = on_card(5 * GIB)
    follower.awaits(first, snapshot(GIB // 2))
    really = first.total_bytes + 300_000_000
    for second in range(1, 15):
        follower.see(snapshot(GIB // 2 + really, (Resident(QWEN.ref),), at=float(second)))
    store.write(lambda _conn: None)
    [checked] = Kept(store).recent()  # from the database
    assert (checked.measured_bytes, checked.source, checked.model) == (really, "card", QWEN.ref)
    assert checked.error_percent < 0
    learned = kept.correction(QWEN.ref, "gpu", first.raw_bytes)
    assert 100_000_000 < learned < 300_000_000  # one load is not believed altogether
    assert kept.correction(QWEN.ref, "host", first.raw_bytes) == 0


def test_a_load_beside_another_is_not_measured_by_the_card(store: Store) -> None:
    kept = Kept(store)
    follower = Follower(kept.add)
    follower.awaits(on_card(5 * GIB), snapshot(0))
    both = (Resident(QWEN.ref), Resident("ollama:other"))
    for second in range(1, 15):
        follower.see(snapshot(4 * GIB, both, at=float(second)))
    assert kept.recent() == []


def test_what_grows_with_the_text_is_compared_as_soon_as_it_is_loaded(store: Store) -> None:
    small = replace(QWEN, ref="hf:a", engine="transformers", parameters=1_000_000)
    found = forecast(small, 8192, LoadOptions(), Room("host", 5 * GIB, 5 * GIB))
    assert found.grows
    assert found.loaded_bytes < found.total_bytes - found.kv_bytes
    kept = Kept(store)
    follower = Follower(kept.add)
    follower.awaits(found, snapshot(0))
    for second, (size, loading) in enumerate([(9 * GIB, True), (GIB, False), (4 * GIB, False)]):
        there = Resident("hf:a", memory_bytes=size, pid=1, loading=loading)
        follower.see(snapshot(0, (there,), at=float(second)))
    [checked] = kept.recent()
    assert (checked.measured_bytes, checked.total_bytes) == (GIB, found.loaded_bytes)


def test_numbers_that_are_converted_lie_in_memory_twice_for_a_while() -> None:
    files = 10**8  # of 50 million parameters in 16 bits, which the processor computes in 32
    shape = ModelShape("hf:x", "transformers", "llama", (LAYER,), files, parameters=50_000_000)
    found = forecast(shape, 64, LoadOptions(), Room("host", None, None))
    assert (found.weights_bytes, found.reading_bytes) == (2 * files, files)
    assert found.peak_bytes == found.weights_bytes + found.overhead_bytes + files
    whole = replace(shape, weights_bytes=2 * files)
    assert forecast(whole, 64, LoadOptions(), Room("host", None, None)).reading_bytes == 0


def row(model: str, missing: int) -> Checked:
    return Checked("", model, "gpu", 4096, 4 * GIB, 4 * GIB, 4 * GIB + missing, "process")


def test_the_correction_is_robust_and_bounded() -> None:
    rows = [row("ollama:a", 100), row("ollama:a", 110), row("ollama:a", 50 * GIB)]
    assert 75 <= corrected(rows, 4 * GIB) <= 100
    assert corrected([row("ollama:a", -100 * GIB)] * 20, 4 * GIB) == -2 * GIB
    mixed = [row("ollama:a", 1), row("ollama:b", 2), row("hf:c", 3)]
    assert alike(mixed, "ollama:b", "gpu") == [mixed[1]]
    assert alike(mixed, "ollama:new", "gpu") == mixed[:2]
    assert alike(mixed, "hf:new", "host") == []
