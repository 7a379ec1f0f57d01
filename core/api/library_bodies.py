"""What the routes that manage models take and give."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from core.agents.prompt import choose_template, render_system
from core.api.schemas import ModelOut, Name
from core.models import NewModel
from core.runner.loading import Device, KvType, LoadOptions, Quantization, from_words
from core.workbench import Workbench


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid")


class WhichModel(_Body):
    model: Name = Field(description="A model reference.")


class LoadModel(WhichModel):
    """How it is wanted in memory; what is left out is chosen by what fits."""

    context_tokens: int | None = Field(None, ge=64, le=2**24, description="Bounds the context.")
    kv_type: KvType = Field("f16", description="How keys and values are kept (hf: only).")
    gpu_layers: int | None = Field(None, ge=0, le=10_000, description="Layers on the card.")
    quantization: Quantization | None = Field(None, description="Of the weights (hf: only).")
    device: Device = Field("auto", description="cpu leaves the card alone.")

    def options(self) -> LoadOptions:
        return from_words(self.model_dump())


class PullModel(WhichModel):
    revision: str | None = Field(None, max_length=100, description="Of the hub's; default: main.")


class SwitchModel(WhichModel):
    choose: bool = Field(True, description="Whether everybody speaks with it from then on.")


class CreateModel(_Body):
    """Exactly one of `base`, `gguf` and `folder` says of what."""

    name: Name = Field(description="What it will be called on Ollama.")
    base: str = Field("", max_length=200, description="A model that is on Ollama.")
    gguf: str = Field("", max_length=1_000, description="A GGUF file on this machine.")
    folder: str = Field("", max_length=1_000, description="A safetensors folder on this machine.")
    adapter: str = Field("", max_length=1_000, description="A PEFT folder over the base.")
    agent: str = Field("", max_length=200, description="Whose prompt and options it gets.")
    system: str = Field("", max_length=100_000, description="Its system text.")
    template: str = Field("", max_length=100_000, description="Its prompt template, as Go's.")
    quantize: str = Field("", max_length=20, description="Such as q4_K_M; of F16 weights only.")
    parameters: dict[str, Any] = Field(default_factory=dict, description="Sampling options.")


class ModelFull(ModelOut):
    """A model with what it says of itself."""

    template: str
    system: str
    licence: str
    sampling: str = Field(description="Options and stops that it brings.")


class DeletedOut(BaseModel):
    model: str
    restorable: bool = Field(description="Whether `/restore` brings it back.")


class DoneOut(BaseModel):
    model: str


class PlanOut(BaseModel):
    """What a switch would do."""

    to: str
    unload: list[str]
    gives_back_bytes: int
    expected_s: float | None = Field(description="Measured here before; null: never.")
    forecast: dict[str, Any] | None
    loaded: bool


# How Ollama calls what an agent's file calls otherwise.
_OPTIONS = {"max_tokens": "num_predict"}
_SAMPLING = frozenset({"temperature", "top_p", "seed", "max_tokens"})


def new_model(bench: Workbench, given: Mapping[str, Any]) -> NewModel:
    """What is wanted, with an agent's prompt and options where one is named.

    Raises:
        AgentNotFound: there is none of that name.
        InvalidInput: it is not said of what to make it.
    """
    fields = {name: value for name, value in given.items() if name != "agent" and value}
    name = given.get("agent")
    if name:
        agent = bench.agents.get(name)
        template = choose_template(agent).template
        fields.setdefault("system", render_system(agent, template))
        options = {
            _OPTIONS.get(key, key): value
            for key, value in agent.options.items()
            if key in _SAMPLING
        }
        fields["parameters"] = {**options, **fields.get("parameters", {})}
    return NewModel(**{"name": "", **fields})
