"""Tiny models that see pictures, with random weights and a processor of their own, no download.

`python -m testing.tiny_seeing FOLDER FAMILY`: llava, idefics3 or qwen2_vl. It takes torch and
transformers, so it is a program of its own.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from core.paths import PROJECT
from testing.tiny_files import Shape, write_json
from testing.tiny_model import make_tiny_model

FAMILIES = ("llava", "idefics3", "qwen2_vl")
SIDE, PATCH, WORDS, WINDOW = 56, 14, 448, 512
MARKS = {
    "llava": ["<image>"],
    "idefics3": ["<image>", "<fake_token_around_image>", "<global-img>", "<end_of_utterance>"],
    "qwen2_vl": ["<|vision_start|>", "<|image_pad|>", "<|vision_end|>", "<|video_pad|>"],
}
TEMPLATE = (
    "{% for message in messages %}<|{{ message.role }}|>{% for part in message.content %}"
    "{% if part.type == 'image' %}IMAGE{% else %}{{ part.text }}{% endif %}"
    "{% endfor %}<|end|>{% endfor %}{% if add_generation_prompt %}<|assistant|>{% endif %}"
)
TEXT = {
    "hidden_size": 64,
    "intermediate_size": 128,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
    "vocab_size": WORDS,
    "max_position_embeddings": WINDOW,
    "initializer_range": 0.3,  # so that what it sees makes a difference
    "pad_token_id": None,
    "bos_token_id": None,
    "eos_token_id": None,
}
EYE = {
    "hidden_size": 32,
    "intermediate_size": 64,
    "num_hidden_layers": 2,
    "num_attention_heads": 2,
    "image_size": SIDE,
    "patch_size": PATCH,
    "initializer_range": 0.3,
}


def make_tiny_seeing_model(folder: Path, family: str) -> Path:
    """Write one into `folder`; the folder. No token ends its answer."""
    command = [sys.executable, "-m", "testing.tiny_seeing", str(folder), family]
    subprocess.run(command, cwd=PROJECT, check=True, capture_output=True)
    return folder


def main(folder: Path, family: str) -> None:
    """Build model and processor, and write them."""
    import torch  # noqa: TID251
    from transformers import AutoModelForImageTextToText, AutoTokenizer  # noqa: TID251

    with tempfile.TemporaryDirectory() as words:
        template = TEMPLATE.replace("IMAGE", "".join(_shown(family)))
        shape = Shape(vocabulary=WORDS - 8, window=WINDOW)
        make_tiny_model(Path(words), shape=shape, template=template, endless=True)
        tokenizer = AutoTokenizer.from_pretrained(words)
    tokenizer.add_special_tokens({"additional_special_tokens": MARKS[family]})
    torch.manual_seed(1)
    config, processor = _BUILDERS[family](tokenizer)
    AutoModelForImageTextToText.from_config(config).save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    processor.save_pretrained(folder)
    write_json(folder / "generation_config.json", {"do_sample": False})


def _shown(family: str) -> list[str]:
    """What the template writes where a picture stands."""
    return MARKS["qwen2_vl"][:3] if family == "qwen2_vl" else MARKS[family][:1]


def _llava(tokenizer: Any) -> tuple[Any, Any]:
    from transformers import LlavaConfig, LlavaProcessor  # noqa: TID251
    from transformers.models.clip.image_processing_pil_clip import (  # noqa: TID251
        CLIPImageProcessorPil,
    )

    size = {"height": SIDE, "width": SIDE}
    pictures = CLIPImageProcessorPil(size={"shortest_edge": SIDE}, crop_size=size)
    ways = {"patch_size": PATCH, "vision_feature_select_strategy": "default"}
    return LlavaConfig(
        text_config={"model_type": "llama", **TEXT},
        vision_config={"model_type": "clip_vision_model", "projection_dim": 32, **EYE},
        image_token_id=tokenizer.convert_tokens_to_ids("<image>"),
        vision_feature_select_strategy="default",
        vision_feature_layer=-1,
    ), LlavaProcessor(pictures, tokenizer, num_additional_image_tokens=1, **ways)


def _idefics3(tokenizer: Any) -> tuple[Any, Any]:
    from transformers import Idefics3Config, Idefics3Processor  # noqa: TID251
    from transformers.models.idefics3.image_processing_pil_idefics3 import (  # noqa: TID251
        Idefics3ImageProcessorPil,
    )

    edge = {"longest_edge": SIDE}
    pictures = Idefics3ImageProcessorPil(size=edge, max_image_size=edge, do_image_splitting=False)
    return Idefics3Config(
        text_config={"model_type": "llama", **TEXT, "pad_token_id": 0},
        vision_config=EYE,
        image_token_id=tokenizer.convert_tokens_to_ids("<image>"),
        scale_factor=2,
    ), Idefics3Processor(pictures, tokenizer, image_seq_len=4)


def _qwen2_vl(tokenizer: Any) -> tuple[Any, Any]:
    from transformers import Qwen2VLConfig  # noqa: TID251
    from transformers.models.qwen2_vl.image_processing_pil_qwen2_vl import (  # noqa: TID251
        Qwen2VLImageProcessorPil,
    )

    turned = {"rope_type": "default", "rope_theta": 10_000.0, "mrope_section": [2, 3, 3]}
    names = ("vision_start_token_id", "image_token_id", "vision_end_token_id", "video_token_id")
    marks = tokenizer.convert_tokens_to_ids(MARKS["qwen2_vl"])
    eye = {"embed_dim": 32, "hidden_size": 64, "depth": 2, "num_heads": 2, "patch_size": PATCH}
    return Qwen2VLConfig(
        text_config={**TEXT, "rope_parameters": turned},
        vision_config={**eye, "initializer_range": 0.3},
        **dict(zip(names, marks, strict=True)),
    ), Qwen2VLImageProcessorPil(min_pixels=28 * 28, max_pixels=SIDE * SIDE)


_BUILDERS = {"llava": _llava, "idefics3": _idefics3, "qwen2_vl": _qwen2_vl}


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2])
