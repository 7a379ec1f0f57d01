"""Hugging Face models from folders of this machine: `hf:NAME`, each in a runner process.

`hf:NAME` is a folder under the data folder's models/ (NAME may be an id like
Qwen/Qwen3-0.6B), or an absolute path; `hf:starter` is the bundled model. An adapter follows a
plus: `hf:starter+ad_pirate`. What is accepted is written in core/runner/folder.py and adapter.py.
"""

from __future__ import annotations

from pathlib import Path, PurePosixPath

from core.errors import ModelMissing, ProviderError
from core.paths import STARTER_MODEL
from core.providers.adapters import Adapters
from core.providers.base import (
    STARTER,
    base_of,
    name_of,
    split_adapter,
)
from core.providers.runner_provider import RunnerProvider
from core.providers.trash import Trashing
from core.runner.folder import ModelFolder, inspect_folder
from core.runner.pool import RunnerPool


class HuggingFaceProvider(RunnerProvider, Trashing):
    """The user's model folders, and his adapters for them and for the starter."""

    name = "hf"

    def __init__(
        self,
        pool: RunnerPool,
        models_folder: Path,
        adapters_folder: Path | None = None,
        starter: Path = STARTER_MODEL,
    ) -> None:
        super().__init__(pool)
        self._models = models_folder
        self._adapters = Adapters(adapters_folder or models_folder.parent / "adapters")
        self._starter = starter

    def folder(self, ref: str) -> Path:
        if base_of(ref) == STARTER:
            return self._starter
        name = name_of(split_adapter(ref)[0])
        place = Path(name).expanduser()
        if place.is_absolute():
            return place
        parts = PurePosixPath(name.replace("\\", "/")).parts
        if not parts or ".." in parts or ":" in name:
            raise ModelMissing(model=ref)
        return self._models.joinpath(*parts)

    def title(self, ref: str) -> str:
        base, adapter = split_adapter(ref)
        return f"{name_of(base)} + {adapter}" if adapter else name_of(base)

    def adapter(self, ref: str, found: ModelFolder) -> Path | None:
        base, name = split_adapter(ref)
        return self._adapters.check(name, found, base).path if name else None

    def adapters_for(self, ref: str, found: ModelFolder) -> tuple[str, ...]:
        base, name = split_adapter(ref)
        return () if name else self._adapters.fitting(found, base)

    def refs(self) -> list[str]:
        configs = [*self._models.glob("*/config.json"), *self._models.glob("*/*/config.json")]
        folders = sorted(config.parent.relative_to(self._models).as_posix() for config in configs)
        return self._starter_too() + [f"{self.name}:{folder}" for folder in folders]

    def _starter_too(self) -> list[str]:
        """The starter by its name here, when there is an adapter for it."""
        ref = f"{self.name}:{STARTER}"
        if not self._adapters.names():
            return []
        try:
            found = inspect_folder(self._starter, ref)
        except ProviderError:
            return []
        return [ref] if self._adapters.fitting(found, ref) else []
