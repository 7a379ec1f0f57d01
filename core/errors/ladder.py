"""A model was asked for less than was wanted, because memory ran short."""

from __future__ import annotations

from core.errors.models import OutOfMemory, ProviderError
from core.text import N_


class ForecastTooLarge(OutOfMemory):
    """Not loaded as wanted: it would not fit. Params: model, needed, free (gigabytes)."""

    code = "forecast_too_large"
    text = N_("{model} would need {needed} GB, and {free} GB are free.")


class MemoryShort(OutOfMemory):
    """Asked for less by a rule that watches the machine. Params: model."""

    code = "memory_short"
    text = N_("A rule that watches the machine asked {model} for less.")


class Lessened(ProviderError):
    """Not raised: stored with an answer that was given with less than was wanted.

    Params: model, before, after (what the last step changed), cause (an error's reason).
    """

    code = "lessened"
    text = N_("{model} answered with less memory than wanted, because {cause}.")
    next_step = N_("It is asked as before again when memory has been free for a minute.")


class LessContext(Lessened):
    """Params: as Lessened."""

    code = "lessened_context"
    text = N_("Answered with {after} tokens of context, because: {cause}.")


class LessKv(Lessened):
    """Params: as Lessened."""

    code = "lessened_kv"
    text = N_("Answered with keys and values kept as {after}, because: {cause}.")


class LessLayers(Lessened):
    """Params: as Lessened."""

    code = "lessened_layers"
    text = N_("Answered with {after} layers on the graphics card, because: {cause}.")


class LessPrecise(Lessened):
    """Params: as Lessened."""

    code = "lessened_quantization"
    text = N_("Answered with its weights as {after}, because: {cause}.")


class LesserModel(Lessened):
    """Params: as Lessened."""

    code = "lessened_model"
    text = N_("{after} of your own list answered for {before}, because: {cause}.")


class OnProcessor(Lessened):
    """Params: as Lessened."""

    code = "lessened_cpu"
    text = N_("Answered on the processor instead of the graphics card, because: {cause}.")


class WentOn(Lessened):
    """Memory ran out in the middle of an answer, and it was ended with less.

    Params: as Lessened, and how (the reason of the step).
    """

    code = "went_on"
    text = N_("Memory ran out in the middle of this answer; from there on: {how}")
