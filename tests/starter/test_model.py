"""The bundled model: its files, its tokenizer, and first answers in both languages."""

import json
import re
from pathlib import Path

import pytest

STARTER = Path(__file__).parents[2] / "data" / "starter"
pytestmark = pytest.mark.filterwarnings("ignore")  # torch warns at import, in its own code


def test_it_is_small_and_safe() -> None:
    weights = STARTER / "model.safetensors"
    assert weights.stat().st_size <= 32 * 2**20
    assert not list(STARTER.rglob("*.bin"))
    config = json.loads((STARTER / "config.json").read_text())
    assert config["architectures"] == ["LlamaForCausalLM"]


def test_parameters_are_within_fifteen_million() -> None:
    from safetensors import safe_open

    with safe_open(STARTER / "model.safetensors", "np") as file:
        shapes = [file.get_slice(name).get_shape() for name in file.keys()]  # noqa: SIM118
    count = 0
    for shape in shapes:
        size = 1
        for width in shape:
            size *= width
        count += size
    assert count <= 15_000_000


def test_the_card_has_the_measured_figures() -> None:
    card = (STARTER / "README.md").read_text(encoding="utf-8")
    for word in ("MIT", "parameters", "held-out", "tokens/s", "cores", "Limits"):
        assert word in card
    assert re.search(r"\d+(\.\d+)? %", card)


@pytest.mark.parametrize(
    "text",
    [
        "Hello, Ken!",
        "瑞穂さん、こんにちは。",
        "😀🦄 naïve Ünïcödé",
        "龘靐齉",
        "a\tb\n c",
        "ｶﾀｶﾅ ㍿",
    ],
)
def test_any_text_survives_the_tokenizer(text: str) -> None:
    from core.starter import tokenizer

    codec = tokenizer.load(STARTER)
    assert codec.decode(codec.encode(text).ids) == text


@pytest.mark.parametrize("name", ["Zorvath", "瑞穂", "さくら", "ケンジロー"])
def test_a_name_has_the_same_tokens_wherever_it_is_said(name: str) -> None:
    from core.starter import tokenizer

    codec = tokenizer.load(STARTER)
    alone = codec.encode(name).ids
    for text in (f"{name}: hi", f"{name}さん、どうも", f"Hello, {name}."):
        ids = codec.encode(text).ids
        assert any(ids[at : at + len(alone)] == alone for at in range(len(ids)))


@pytest.mark.slow
@pytest.mark.parametrize(("sender", "text"), [("Olivia", "hello!"), ("さくら", "こんにちは")])
def test_it_greets_by_name(sender: str, text: str) -> None:
    import torch

    from core.starter.evaluate import Starter
    from core.starter.persona import BUNDLED

    torch.manual_seed(0)
    starter = Starter(STARTER)
    replies = [starter.ask(who, sender, text) for who in BUNDLED]
    assert sum(sender in reply for reply in replies) >= 2
