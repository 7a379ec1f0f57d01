"""Forecasts of memory, and how good earlier ones were."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query
from fastapi.responses import JSONResponse
from pydantic import BaseModel, Field

from core.api.context import Bench, Limit, failures
from core.api.forecast_bodies import checked_body, forecast_body, training_body
from core.api.threads import in_thread
from core.hardware.forecast import Training
from core.hardware.forecast.training import split_targets
from core.runner.loading import KvType, Quantization

router = APIRouter(prefix="/api/v1")

Ref = Annotated[str, Query(max_length=300, description="A model reference.")]
Context = Annotated[int | None, Query(ge=64, le=2**24, description="Tokens of context.")]
Kv = Annotated[KvType, Query(description="How keys and values are kept.")]


class TrainingIn(BaseModel):
    """How an adapter would be trained."""

    rank: int = Field(8, ge=1, le=4096)
    targets: str = Field("q_proj,v_proj", max_length=200, description="With commas between.")
    tokens: int = Field(512, ge=1, le=2**20, description="The length of an example.")
    batch: int = Field(1, ge=1, le=4096, description="Examples at once.")
    checkpointing: bool = Field(True, description="Compute activations again to save memory.")
    quantization: Quantization | None = Field(None, description="Of the base.")

    def training(self) -> Training:
        return Training(**{**self.model_dump(), "targets": split_targets(self.targets)})


class ForecastOut(BaseModel):
    """Bytes by part; `null` means unknown, never zero."""

    ref: str
    place: str = Field(description="gpu or host.")
    context_tokens: int
    kv_type: str
    weights_bytes: int
    kv_bytes: int
    compute_bytes: int
    adapters_bytes: int
    projector_bytes: int
    overhead_bytes: int
    correction_bytes: int = Field(description="What earlier loads on this machine taught.")
    total_bytes: int
    budget_bytes: int | None
    free_bytes: int | None
    verdict: str = Field(description="fits, fits_shorter, does_not_fit or unknown.")
    longest_context: int | None
    layers: int | None
    fitting_layers: int | None
    host_bytes: int
    quantization: str | None
    local: bool
    reading_bytes: int = Field(
        description="Of files, while their numbers are converted; given back when memory is short."
    )
    grows: bool = Field(description="Whether the context takes its memory only as it fills.")
    loaded_bytes: int = Field(description="Once loaded, before anything was read.")
    peak_bytes: int = Field(description="The most at any time, loading included.")


class TrainingOut(BaseModel):
    """Bytes by part; `null` means unknown, never zero."""

    place: str = Field(description="gpu or host.")
    parameters: int = Field(description="How many numbers are trained.")
    weights_bytes: int
    adapter_bytes: int
    gradient_bytes: int
    optimiser_bytes: int
    activation_bytes: int
    logits_bytes: int
    overhead_bytes: int
    reading_bytes: int = Field(description="Of files, while their numbers are converted.")
    total_bytes: int = Field(description="The most at any time.")
    free_bytes: int | None
    fits: bool | None


class CheckedOut(BaseModel):
    """One forecast beside what was then measured."""

    at: str
    model: str
    place: str
    context_tokens: int
    raw_bytes: int
    total_bytes: int
    measured_bytes: int
    source: str = Field(description="process, card, memory or server.")
    error_percent: float


class CheckedList(BaseModel):
    forecasts: list[CheckedOut]


@router.get(
    "/models/forecast",
    tags=["models"],
    response_model=ForecastOut,
    responses=failures(404),
    summary="Forecast a model's memory",
)
async def read_forecast(
    bench: Bench, ref: Ref, context: Context = None, kv: Kv = "f16"
) -> JSONResponse:
    """What loading it would take, by part, and whether that is there. Nothing is loaded."""
    return JSONResponse(forecast_body(await in_thread(bench.forecasts.of, ref, context, kv)))


@router.get(
    "/models/forecast/training",
    tags=["models"],
    response_model=TrainingOut,
    responses=failures(404),
    summary="Forecast the memory of a training",
)
async def read_training_forecast(
    bench: Bench, ref: Ref, wanted: Annotated[TrainingIn, Query()]
) -> JSONResponse:
    """What training a LoRA over it would take. Nothing is loaded."""
    found = await in_thread(bench.forecasts.training, ref, wanted.training())
    return JSONResponse(training_body(*found))


@router.get(
    "/hardware/forecasts",
    tags=["hardware"],
    response_model=CheckedList,
    responses=failures(),
    summary="List forecasts beside measurements",
)
async def list_forecasts(bench: Bench, limit: Limit = 20) -> JSONResponse:
    """The newest first."""
    found = await in_thread(bench.forecasts.kept.recent, limit)
    return JSONResponse({"forecasts": [checked_body(one) for one in found]})
