"""How a model is wanted in memory."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Literal, get_args

from core.errors import InvalidInput

KvType = Literal["f16", "q8_0", "q4_0"]
Quantization = Literal["none", "int8", "nf4"]
Device = Literal["auto", "cpu"]

CHOICES: Mapping[str, tuple[str, ...]] = {
    "kv_type": get_args(KvType),
    "quantization": get_args(Quantization),
    "device": get_args(Device),
}


@dataclass(frozen=True, slots=True)
class LoadOptions:
    """How a model is to be loaded.

    `context_tokens` bounds the context (`None`: that of the answer's options). `kv_type` is how
    keys and values are kept ("f16": as the model computes). `gpu_layers` is how many layers go
    to the GPU (`None`: as many as fit). `quantization` "int8" or "nf4" loads in 8 or 4 bits,
    "none" as in the files; `None` chooses by what fits. `device` "cpu" leaves the GPU alone.

    Raises:
        InvalidInput: a value is not one of these.
    """

    context_tokens: int | None = None
    kv_type: KvType = "f16"
    gpu_layers: int | None = None
    quantization: Quantization | None = None
    device: Device = "auto"

    def __post_init__(self) -> None:
        for name, known in CHOICES.items():
            value = getattr(self, name)
            if value not in known and not (value is None and name == "quantization"):
                raise InvalidInput(field=name, expected=" / ".join(known), found=value)
        for name, least in (("context_tokens", 64), ("gpu_layers", 0)):
            value = getattr(self, name)
            if value is not None and (not isinstance(value, int) or value < least):
                raise InvalidInput(field=name, expected=f"{least} …", found=value)

    def weights(self) -> tuple[int | None, str | None, str]:
        """The part that cannot be changed without loading anew; the rest is free each time."""
        return (self.gpu_layers, self.quantization, self.device)


AS_IT_COMES = LoadOptions()


def to_words(load: LoadOptions) -> dict[str, Any]:
    """As it goes over a pipe or into JSON."""
    return asdict(load)


def from_words(content: Mapping[str, Any]) -> LoadOptions:
    """The options of a mapping; names that are none of theirs are passed over.

    Raises:
        InvalidInput: a value is not one that there is.
    """
    return LoadOptions(**{k: v for k, v in content.items() if k in LoadOptions.__slots__})
