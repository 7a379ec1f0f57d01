"""Deleted model folders: kept until another of the same name is deleted."""

from __future__ import annotations

import shutil
import threading
from pathlib import Path

from core.errors import ModelMissing, ModelRefused, NameTaken
from core.providers.base import split_adapter

LICENCE_BYTES = 256 << 10


class Trashing:
    """The part of the user's folders that lets a model be deleted, and come back."""

    _models: Path

    def folder(self, ref: str) -> Path:
        raise NotImplementedError

    def unload(
        self, ref: str, *, force: bool = False, cancel: threading.Event | None = None
    ) -> bool:
        raise NotImplementedError

    def delete(self, ref: str) -> bool:
        """Into the trash beside the models folder; nothing outside of that folder is touched.

        Raises:
            ModelMissing: there is no such folder.
            ModelRefused: it lies somewhere else, or cannot be moved.
        """
        folder = self.folder(ref)
        if not folder.is_dir():
            raise ModelMissing(model=ref)
        if split_adapter(ref)[1]:
            raise ModelRefused(model=ref, detail="its base is a model that others speak with, too")
        if self._kept(folder) is None:
            raise ModelRefused(model=ref, detail="its folder is not in the models folder")
        self.unload(ref, force=True)
        put(folder, self._trash(folder), ref)
        return True

    def restore(self, ref: str) -> None:
        """Bring a deleted model back.

        Raises:
            ModelMissing: it is not in the trash.
            NameTaken: there is one of that name again.
        """
        folder = self.folder(ref)
        if self._kept(folder) is None:
            raise ModelMissing(model=ref)
        bring_back(folder, self._trash(folder), ref)

    def _kept(self, folder: Path) -> Path | None:
        """The folder below the models folder; `None` for any other, links included."""
        real, root = folder.resolve(), self._models.resolve()
        inside = real != root and real.is_relative_to(root) and not folder.is_symlink()
        return real.relative_to(root) if inside else None

    def _trash(self, folder: Path) -> Path:
        return self._models.parent / "trash" / "models" / (self._kept(folder) or Path())


def put(folder: Path, place: Path, ref: str) -> None:
    """Move `folder` to `place` in the trash.

    Raises:
        ModelRefused: the system does not let it be moved.
    """
    try:
        shutil.rmtree(place, ignore_errors=True)
        place.parent.mkdir(parents=True, exist_ok=True)
        folder.rename(place)
    except OSError as error:
        raise ModelRefused(model=ref, detail=error.strerror or str(error)) from error


def bring_back(folder: Path, place: Path, ref: str) -> None:
    """Move it back.

    Raises:
        ModelMissing: it is not in the trash.
        NameTaken: there is such a folder again.
        ModelRefused: the system does not let it be moved.
    """
    if not place.is_dir():
        raise ModelMissing(model=ref)
    if folder.exists():
        raise NameTaken(name=ref)
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        place.rename(folder)
    except OSError as error:
        raise ModelRefused(model=ref, detail=error.strerror or str(error)) from error


def licence(folder: Path) -> str:
    """The text of its licence file, if there is one of a sensible size."""
    for file in sorted(folder.glob("LICENSE*")):
        if file.is_file() and file.stat().st_size < LICENCE_BYTES:
            return file.read_text(encoding="utf-8", errors="replace")
    return ""
