"""Models that see pictures, in their runner: what they answer, and what is known of them before."""

from __future__ import annotations

import io
import threading
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from PIL import Image

from core.errors import Incapable, ModelRefused
from core.hardware.forecast.estimate import Room, forecast
from core.messages import Image as Picture, PromptMessage
from core.providers.base import CHAT, VISION, GenerationOptions
from core.providers.huggingface import HuggingFaceProvider
from core.runner.loading import LoadOptions
from core.runner.pool import RunnerPool
from testing.tiny_model import make_tiny_model
from testing.tiny_seeing import FAMILIES, make_tiny_seeing_model

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]

ANSWER = 12


def picture(colour: tuple[int, int, int]) -> Picture:
    content = io.BytesIO()
    Image.new("RGB", (48, 40), colour).save(content, "PNG")
    return Picture(content.getvalue())


RED, BLUE = picture((220, 30, 30)), picture((20, 40, 210))
SEEN = PromptMessage("user", "What is that?", images=(RED,))


@dataclass
class World:
    provider: HuggingFaceProvider
    pool: RunnerPool
    folder: Path

    def sees(self, family: str) -> str:
        """The reference of a model that sees, made when it is not there."""
        if not (self.folder / family).exists():
            make_tiny_seeing_model(self.folder / family, family)
        return f"hf:{family}"

    def say(self, ref: str, *messages: PromptMessage) -> str:
        options = GenerationOptions(max_tokens=ANSWER, temperature=0.0)
        return "".join(
            chunk.text for chunk in self.provider.stream(ref, messages, options, threading.Event())
        )


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    root = tmp_path_factory.mktemp("models")
    make_tiny_model(root / "blind")
    pool = RunnerPool(logs=root)
    provider = HuggingFaceProvider(pool, root)
    yield World(provider, pool, root)
    provider.close()


def bare(folder: Path) -> str:
    """What transformers' own generate answers to the picture, through its own processor."""
    import torch
    from transformers import AutoConfig, AutoModelForImageTextToText, AutoTokenizer

    from core.runner.host_seeing import eyes_of

    config, tokenizer = AutoConfig.from_pretrained(folder), AutoTokenizer.from_pretrained(folder)
    model = AutoModelForImageTextToText.from_pretrained(folder).eval()
    parts = [{"type": "image"}, {"type": "text", "text": SEEN.content}]
    text = tokenizer.apply_chat_template(
        [{"role": "user", "content": parts}], add_generation_prompt=True, tokenize=False
    )
    opened = Image.open(io.BytesIO(RED.data)).convert("RGB")
    ids, features = eyes_of(folder, config, tokenizer, "hf:x").read(text, [opened])
    with torch.inference_mode():
        found = model.generate(
            input_ids=torch.tensor([ids]), max_new_tokens=ANSWER, do_sample=False, **features
        )
    return str(tokenizer.decode(found[0, len(ids) :], skip_special_tokens=True))


@pytest.mark.parametrize("family", FAMILIES)
def test_a_picture_is_answered_as_transformers_itself_does(world: World, family: str) -> None:
    ref = world.sees(family)
    assert {CHAT, VISION} <= world.provider.info(ref).capabilities
    words = PromptMessage("user", "Tell me about the garden.")
    first = world.say(ref, words)
    seen = world.say(ref, SEEN)
    assert seen == bare(world.folder / family).rstrip("\ufffd")  # half a letter is no text
    assert world.say(ref, replace(SEEN, images=(BLUE,))) != seen
    assert world.say(ref, replace(SEEN, images=(RED, BLUE))) != seen
    assert world.say(ref, SEEN, PromptMessage("assistant", seen), words)
    assert world.say(ref, words) == first, "what was seen before changes nothing"
    broken = replace(SEEN, images=(Picture(b"no picture"),))
    with pytest.raises(ModelRefused, match="picture 1 cannot be read"):
        world.say(ref, broken)
    assert world.say(ref, replace(SEEN, content="<image> <|image_pad|>"))  # a mark is only text
    assert world.say(ref, SEEN) == seen
    world.provider.unload(ref)


def test_what_sees_nothing_says_so_before_it_is_loaded(world: World) -> None:
    assert VISION not in world.provider.info("hf:blind").capabilities
    with pytest.raises(Incapable):
        world.say("hf:blind", SEEN)
    assert "hf:blind" not in world.pool.pids()


def test_the_forecast_counts_the_part_that_sees(world: World) -> None:
    shape = world.provider.shape(world.sees("llava"))
    found = forecast(shape, 128, LoadOptions(device="cpu"), Room("host", None, None))
    assert found.projector_bytes == 4 * shape.vision_parameters > 0
    assert found.projector_bytes + found.weights_bytes == 4 * (shape.parameters or 0)
