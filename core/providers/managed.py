"""What a provider can do with its models beside letting them answer."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from core.runner.loading import LoadOptions


@dataclass(frozen=True, slots=True)
class ModelDetails:
    """What a model says of itself; "" and nothing where it does not.

    `sampling` are the options and stops that it brings; `licence` is its text.
    """

    template: str = ""
    system: str = ""
    licence: str = ""
    sampling: str = ""


@runtime_checkable
class Managed(Protocol):
    """A provider whose models can be loaded, unloaded and put away on demand."""

    def load(self, ref: str, load: LoadOptions, cancel: threading.Event) -> bool:
        """Load a model and wait; whether it is in memory (not, when `cancel` was set).

        Raises:
            ModelMissing, ModelRefused: it cannot be loaded.
            OutOfMemory: it does not fit.
            ProviderError: its server is away or at fault.
        """

    def unload(
        self, ref: str, *, force: bool = False, cancel: threading.Event | None = None
    ) -> bool:
        """Take a model out of memory and wait; whether it is gone (perhaps not, when cancelled).

        An answer under way is finished first, unless by `force`. Raises `ProviderError`s.
        """

    def delete(self, ref: str) -> bool:
        """Put a model away; whether that can be undone.

        Raises:
            ModelMissing: it is not there.
            ModelRefused: it is none of those that may be deleted.
            ProviderError: its server is away or refuses.
        """

    def details(self, ref: str) -> ModelDetails:
        """What the model says of itself. Raises as `info`."""
