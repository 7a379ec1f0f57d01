"""Adapters by reference: several on one base, each as if alone; and what is refused, and why."""

import json
import shutil
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import load_file, save_file

from core.errors import AdapterMissing, AdapterRefused, ModelRefused, ProviderError
from core.messages import PromptMessage
from core.providers.base import GenerationOptions, base_of, split_adapter, with_adapter
from core.providers.huggingface import HuggingFaceProvider
from core.runner.loading import LoadOptions
from core.runner.pool import RunnerPool
from testing.tiny_model import Shape, make_tiny_adapter, make_tiny_model

pytestmark = pytest.mark.timeout(400)

ASK = [PromptMessage("system", "You are Mio, who talks of gardens."), PromptMessage("user", "Hi!")]
WEIGHTS, CONFIG = "adapter_model.safetensors", "adapter_config.json"
SHAPE = Shape(window=1024)


@dataclass
class World:
    provider: HuggingFaceProvider
    pool: RunnerPool
    models: Path
    adapters: Path

    def say(self, ref: str, messages: list[PromptMessage] | None = None, **options: object) -> str:
        given = GenerationOptions(max_tokens=24, **options)  # type: ignore[arg-type]
        chunks = self.provider.stream(ref, messages or ASK, given, threading.Event())
        return "".join(chunk.text for chunk in chunks)


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    root = tmp_path_factory.mktemp("data")
    base = make_tiny_model(root / "models" / "base", seed=3, shape=SHAPE)
    for number, name in enumerate(["ad_pirate", "ad_poet", "ad_half"]):
        make_tiny_adapter(root / "adapters" / name, base, number)
    pool = RunnerPool(logs=root)
    provider = HuggingFaceProvider(pool, root / "models", root / "adapters")
    yield World(provider, pool, root / "models", root / "adapters")
    provider.close()


@pytest.mark.parametrize(
    ("ref", "base", "adapter", "memory"),
    [
        ("hf:starter+ad_pirate", "hf:starter", "ad_pirate", "starter"),
        ("hf:a/b+ad_x", "hf:a/b", "ad_x", "hf:a/b"),
        ("hf:/home/c++/m", "hf:/home/c++/m", "", "hf:/home/c++/m"),
        ("ollama:x+ad_y", "ollama:x+ad_y", "", "ollama:x+ad_y"),
        ("starter", "starter", "", "starter"),
    ],
)
def test_references(ref: str, base: str, adapter: str, memory: str) -> None:
    assert split_adapter(ref) == (base, adapter)
    assert base_of(ref) == memory


@pytest.mark.parametrize(
    ("model", "adapter", "expected"),
    [
        ("starter", "ad_pirate", "hf:starter+ad_pirate"),
        ("starter", "pirate", "hf:starter+ad_pirate"),
        ("hf:m", "ad_x", "hf:m+ad_x"),
        ("hf:m+ad_y", "ad_x", "hf:m+ad_y"),
        ("hf:m", None, "hf:m"),
        ("ollama:m", "ad_x", "ollama:m"),
    ],
)
def test_an_agents_adapter_is_put_onto_its_model(
    model: str, adapter: str | None, expected: str
) -> None:
    assert with_adapter(model, adapter) == expected


def test_several_agents_on_one_base_say_what_each_says_alone(world: World) -> None:
    names = ["ad_pirate", "ad_poet", "ad_half"]
    alone = {name: talk_with(world, [f"hf:base+{name}"])[0] for name in names}
    alone["base"] = talk_with(world, ["hf:base"])[0]
    # The same adapters by other names, so that nothing read for one helps the other.
    twins = [f"hf:base+{twin(world, name)}" for name in names]
    together = dict(zip([*names, "base"], talk_with(world, [*twins, "hf:base"]), strict=True))
    assert together == alone
    assert len({texts[0] for texts in together.values()}) == 4, "adapters make a difference"
    assert len(world.pool.pids()) == 1, "and there is one process for all"


def talk_with(world: World, refs: list[str]) -> list[list[str]]:
    """Three turns with each in turn; what each said."""
    turns = [[*ASK] for _ref in refs]
    texts: list[list[str]] = [[] for _ref in refs]
    for _turn in range(3):
        for ref, messages, said in zip(refs, turns, texts, strict=True):
            said.append(world.say(ref, messages))
            messages += [PromptMessage("assistant", said[-1]), PromptMessage("user", "And then?")]
    return texts


def twin(world: World, name: str) -> str:
    """A copy of an adapter, which the runner cannot know to be the same."""
    shutil.copytree(world.adapters / name, world.adapters / f"{name}_twin", dirs_exist_ok=True)
    return f"{name}_twin"


def test_an_adapter_that_changes_is_read_again(world: World) -> None:
    base = world.models / "base"
    make_tiny_adapter(world.adapters / "ad_new", base, 7)
    before = world.say("hf:base+ad_new")
    assert before == world.say("hf:base+ad_new")
    make_tiny_adapter(world.adapters / "ad_new", base, 8, rank=2)
    assert world.say("hf:base+ad_new") != before


def test_what_is_known_without_loading(world: World) -> None:
    info = world.provider.info("hf:base")
    assert {"ad_pirate", "ad_poet", "ad_half"} <= set(info.adapters)
    with_one = world.provider.info("hf:base+ad_pirate")
    assert with_one.title == "base + ad_pirate"
    assert with_one.adapters == ()
    other = make_tiny_model(world.models / "other", shape=Shape(hidden=32))
    assert world.provider.info(f"hf:{other.name}").adapters == ()


def test_a_runner_tells_what_its_adapters_hold(world: World) -> None:
    def held() -> int | None:
        (model,) = world.provider.resident()
        return model.adapters_bytes

    world.provider.unload("hf:base")
    world.say("hf:base")
    assert held() == 0
    world.say("hf:base+ad_pirate")
    one = sum(array.nbytes for array in load_file(world.adapters / "ad_pirate" / WEIGHTS).values())
    assert held() == one
    world.say("hf:base+ad_poet")
    assert held() == 2 * one
    assert world.provider.shape("hf:base+ad_poet").adapter_bytes == one


def test_an_adapters_reference_does_not_delete_its_base(world: World) -> None:
    for ref in ("hf:base+ad_pirate", "hf:starter"):
        with pytest.raises(ModelRefused):
            world.provider.delete(ref)
    assert (world.models / "base" / "config.json").is_file()


# --- what is refused --------------------------------------------------------------------------


def edit(**values: object) -> Callable[[Path], None]:
    def spoil(folder: Path) -> None:
        content = json.loads((folder / CONFIG).read_text())
        (folder / CONFIG).write_text(json.dumps({**content, **values}))

    return spoil


def change(name: str | None = None, value: float | None = None) -> Callable[[Path], None]:
    def spoil(folder: Path) -> None:
        weights = {key: array.copy() for key, array in load_file(folder / WEIGHTS).items()}
        first = next(iter(weights))
        array = weights.pop(first)
        if value is not None:
            array[0, 0] = value
        if name is not None or value is not None:
            weights[name or first] = array
        save_file(weights, folder / WEIGHTS)

    return spoil


def lying_header(folder: Path) -> None:
    content = bytearray((folder / WEIGHTS).read_bytes())
    place = content.index(b'"shape":[4,') + len(b'"shape":[')
    content[place : place + 1] = b"8"
    (folder / WEIGHTS).write_bytes(bytes(content))


def cut(folder: Path) -> None:
    (folder / WEIGHTS).write_bytes((folder / WEIGHTS).read_bytes()[:-8])


def pickled(folder: Path) -> None:
    (folder / WEIGHTS).rename(folder / "adapter_model.bin")


def of_another_base(folder: Path) -> None:
    base = make_tiny_model(folder.parent.parent / "wide", shape=Shape(hidden=128))
    make_tiny_adapter(folder, base)


def of_a_deeper_base(folder: Path) -> None:
    base = make_tiny_model(folder.parent.parent / "deep", shape=Shape(layers=5))
    make_tiny_adapter(folder, base)


@pytest.mark.parametrize(
    ("spoil", "why"),
    [
        (lambda f: (f / CONFIG).unlink(), "adapter_config.json is missing"),
        (lambda f: (f / CONFIG).write_text("{"), "cannot be read"),
        (lambda f: (f / CONFIG).write_text("[" * 5000), "cannot be read"),
        (lambda f: (f / WEIGHTS).unlink(), "adapter_model.safetensors is missing"),
        (pickled, "adapter_model.bin can run code"),
        (cut, "damaged or cut off"),
        (lying_header, "damaged or cut off"),
        (of_another_base, "made for another base: .*q_proj is 64×64 here, not 4×128"),
        (of_a_deeper_base, "this one has no model.layers.2"),
        (edit(r=8), "made for another base|rank"),
        (edit(r=0), "its rank is 0"),
        (edit(peft_type="PREFIX_TUNING"), "PREFIX_TUNING, not LoRA"),
        (edit(init_lora_weights="pissa_niter_4"), "changed the base"),
        (edit(auto_mapping={"base_model_class": "x"}), "rebuild its base"),
        (change(name="base_model.model.exec"), "no part of a LoRA"),
        (change(), "a part of it is missing"),
        (change(value=float("nan")), "holds what is no number"),
        (change(value=float("inf")), "holds what is no number"),
    ],
)
def test_what_is_refused(world: World, spoil: Callable[[Path], None], why: str) -> None:
    folder = make_tiny_adapter(world.adapters / "ad_bad", world.models / "base")
    spoil(folder)
    with pytest.raises(AdapterRefused, match=why) as caught:
        world.say("hf:base+ad_bad")
    assert caught.value.hint()
    assert len(world.say("hf:base+ad_pirate")) > 5, "and the runner goes on with the others"


def test_the_runner_checks_for_itself(world: World, tmp_path: Path) -> None:
    from core.providers.runner_chat import RunnerChatModel, answer

    folder = make_tiny_adapter(tmp_path / "ad_wide", make_tiny_model(tmp_path / "m", shape=SHAPE))
    weights = load_file(folder / WEIGHTS)
    wide = {name: np.repeat(array, 2, axis=-1) for name, array in weights.items()}
    save_file(wide, folder / WEIGHTS)
    base = world.models / "base"
    model = RunnerChatModel(ref="hf:base", folder=base, adapter=folder, pool=world.pool)
    with pytest.raises(AdapterRefused, match="another base"):
        list(answer(model, ASK))


@pytest.mark.parametrize("ref", ["hf:base+ad_nobody", "hf:base+ad_../ad_pirate", "hf:base+ad_"])
def test_an_adapter_that_is_not_there(world: World, ref: str) -> None:
    with pytest.raises((AdapterMissing, ProviderError)):
        world.provider.info(ref)
    with pytest.raises(ProviderError):
        world.say(ref)


# --- loaded in other ways ---------------------------------------------------------------------


@pytest.mark.parametrize("kv_type", ["q8_0", "q4_0"])
def test_keys_and_values_in_fewer_bits(world: World, kv_type: str) -> None:
    load = LoadOptions(kv_type=kv_type)  # type: ignore[arg-type]
    one, other = "hf:base+ad_pirate", f"hf:base+{twin(world, 'ad_pirate')}"
    first = world.say(one, load=load)
    more = [*ASK, PromptMessage("assistant", first), PromptMessage("user", "Go on.")]
    assert world.say(one, more, load=load) == world.say(other, more, load=load), (
        "kept or read anew, it is the same"
    )


# Last, because the model is then in memory in another way.
@pytest.mark.parametrize("quantization", ["int8", "nf4"])
def test_eight_and_four_bits_on_the_processor(world: World, quantization: str) -> None:
    load = LoadOptions(quantization=quantization, device="cpu")  # type: ignore[arg-type]
    text = world.say("hf:base+ad_pirate", load=load)
    assert len(text) > 5
    assert text == world.say("hf:base+ad_pirate"), "it stays loaded as it is"
    info = world.provider.info("hf:base")
    assert info.load is not None
    assert info.load["quantization"] == quantization
    assert info.load["device"] == "cpu"
