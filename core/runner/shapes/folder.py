"""The dimensions of a Hugging Face model, from its folder."""

from __future__ import annotations

from core.runner.folder import ModelFolder
from core.runner.shapes.config import FEED_FORWARD, HEADS, HIDDEN, layers_of, text_of
from core.runner.shapes.fields import Fields
from core.runner.shapes.shape import ModelShape


def shape_of_folder(found: ModelFolder, ref: str) -> ModelShape:
    """From config.json and the headers of the safetensors."""
    text = Fields(text_of(found.config))
    return ModelShape(
        ref=ref,
        engine="transformers",
        architecture=found.family,
        layers=layers_of(found.config),
        weights_bytes=found.size_bytes,
        vocabulary=text.count("vocab_size"),
        hidden=text.count(*HIDDEN),
        feed_forward=text.count(*FEED_FORWARD),
        heads=text.count(*HEADS),
        context_tokens=found.context_tokens,
        parameters=found.parameters,
        linear_parameters=found.linear_parameters,
        vision_parameters=found.vision_parameters,
        lookup_parameters=found.lookup_parameters,
        expert_parameters=found.expert_parameters,
        quantization=found.quantization,
    )
