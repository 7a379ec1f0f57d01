"""The bundled starter model, in a runner process like any Hugging Face model."""

from __future__ import annotations

from pathlib import Path

from core.errors import ModelMissing, ModelRefused
from core.paths import STARTER_MODEL
from core.providers.base import STARTER
from core.providers.runner_provider import RunnerProvider
from core.runner.pool import RunnerPool


class StarterProvider(RunnerProvider):
    """The one model that is always there: `starter`."""

    name = STARTER

    def __init__(self, pool: RunnerPool, folder: Path = STARTER_MODEL) -> None:
        super().__init__(pool)
        self._folder = folder

    def folder(self, ref: str) -> Path:
        if ref != STARTER:
            raise ModelMissing(model=ref)
        return self._folder

    def refs(self) -> list[str]:
        return [STARTER]

    def title(self, ref: str) -> str:  # noqa: ARG002
        return "Starter"

    def delete(self, ref: str) -> bool:
        """See `Managed.delete`; what comes with Engawa stays."""
        raise ModelRefused(model=ref, detail="it comes with Engawa")
