"""Downloads from the Hugging Face hub, as a job: only when the user asks, only what is safe.

Taken are safetensors, configuration and tokenizer; never pickles, never Python files. Everything
lies in the job's folder until it is whole and checked; then it becomes a folder of the models.
"""

from __future__ import annotations

import hashlib
import os
import re
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from core.errors import DigestWrong, InvalidInput, NameTaken, NoRoomOnDisk, WeightsPickled
from core.jobs import ThreadKind, Work
from core.jobs.kinds import Result
from core.providers.base import name_of
from core.runner.folder import PICKLED, inspect_folder
from core.text import N_

if TYPE_CHECKING:
    from core.models.hub_http import Hub, HubFile

KIND = "download"
SPARE_BYTES = 256 << 20  # stays free on the disk
CHUNK_BYTES = 1 << 20
TEXTS = {
    "asking": N_("asking {server}"),
    "fetching": N_("downloading {file}"),
    "checking": N_("checking {file}"),
}
_ID = re.compile(r"[A-Za-z0-9][\w.-]{0,95}(/[A-Za-z0-9][\w.-]{0,95})?")
_WANTED = re.compile(
    r"(model[\w.-]*\.safetensors(\.index\.json)?|config\.json|generation_config\.json"
    r"|tokenizer\.json|tokenizer\.model|tokenizer_config\.json|special_tokens_map\.json"
    r"|added_tokens\.json|vocab\.json|merges\.txt|chat_template\.(jinja|json)"
    r"|(pre)?processor_config\.json|LICENSE[\w.-]*)"
)


@dataclass(frozen=True, slots=True)
class Download:
    """Which model, at which revision of it."""

    repo: str
    revision: str = "main"

    def __post_init__(self) -> None:
        if not _ID.fullmatch(self.repo) or ".." in self.repo:
            raise InvalidInput(
                field="model", expected="an id like Qwen/Qwen3-0.6B", found=self.repo
            )


def download_kind(models: Path, hub: Callable[[], Hub], changed: Callable[[], None]) -> ThreadKind:
    """The kind of work; `changed()` is called when there is a new model."""

    def run(work: Work) -> Result:
        wanted = Download(name_of(work.job.subject), str(work.params.get("revision") or "main"))
        with hub() as source:
            _fetch(work, wanted, source, models / wanted.repo)
        changed()
        return {"model": work.job.subject}

    title = N_("Download of {subject}")
    return ThreadKind(KIND, title, TEXTS, lane="download", at_once=2, run=run)


def _fetch(work: Work, wanted: Download, source: Hub, target: Path) -> None:
    ref = work.job.subject
    if (target / "config.json").is_file():
        raise NameTaken(name=ref)
    work.say("asking", server=source.name)
    files, commit = chosen(source.files(ref, wanted.repo, wanted.revision), ref)
    place = work.folder / "model"
    place.mkdir(parents=True, exist_ok=True)
    _room(ref, files, place)
    total, done = sum(file.size_bytes for file in files), 0
    for file in files:
        work.say("fetching", file=file.name)
        done += _one(work, source, wanted.repo, commit, file, place, done, total)
    inspect_folder(place, ref)
    target.parent.mkdir(parents=True, exist_ok=True)
    os.replace(place, target) if not target.exists() else _merge(place, target)


def chosen(found: tuple[list[HubFile], str], ref: str) -> tuple[list[HubFile], str]:
    """What is fetched, the small files first: what is wrong shows before the weights come.

    Raises:
        WeightsPickled: there are weights, but none as safetensors.
    """
    there, commit = found
    files = sorted(
        (file for file in there if _WANTED.fullmatch(file.name)), key=lambda one: one.size_bytes
    )
    if not any(file.name.endswith(".safetensors") for file in files):
        pickled = sorted(file.name for file in there if file.name.endswith(PICKLED))
        if pickled:
            raise WeightsPickled(model=ref, file=pickled[0])
    return files, commit


def _room(ref: str, files: list[HubFile], place: Path) -> None:
    there = sum(file.stat().st_size for file in place.iterdir())
    missing = sum(file.size_bytes for file in files) - there
    free = shutil.disk_usage(place).free
    if missing + SPARE_BYTES > free:
        detail = f"{missing / 1e9:.1f} GB, {max(0, free - SPARE_BYTES) / 1e9:.1f} GB"
        raise NoRoomOnDisk(model=ref, detail=detail)


def _one(
    work: Work,
    source: Hub,
    repo: str,
    commit: str,
    file: HubFile,
    place: Path,
    before: int,
    total: int,
) -> int:
    """Fetch one file, from where an earlier attempt ended; its size in bytes."""
    ref, whole, part = work.job.subject, place / file.name, place / f"{file.name}.part"
    if whole.exists() and whole.stat().st_size == file.size_bytes:
        return file.size_bytes
    have = part.stat().st_size if part.exists() else 0
    if have > file.size_bytes:
        part.unlink()
        have = 0
    if have < file.size_bytes or not part.exists():
        try:
            with part.open("ab") as out:
                for piece in source.read(ref, repo, commit, file.name, have, work.cancel.is_set):
                    work.check()
                    out.write(piece)
                    have += len(piece)
                    work.advance(before + have, total)
        except OSError as error:
            raise NoRoomOnDisk(model=ref, detail=error.strerror or str(error)) from error
    _check(work, file, part)
    part.replace(whole)
    return file.size_bytes


def _check(work: Work, file: HubFile, part: Path) -> None:
    if part.stat().st_size == file.size_bytes:
        if file.sha256 is None:
            return
        digest = hashlib.sha256()
        for piece in _pieces(part):
            work.check()
            digest.update(piece)
        if digest.hexdigest() == file.sha256:
            return
    part.unlink()
    raise DigestWrong(model=work.job.subject, file=file.name)


def _pieces(file: Path) -> Iterator[bytes]:
    with file.open("rb") as stream:
        while piece := stream.read(CHUNK_BYTES):
            yield piece


def _merge(place: Path, target: Path) -> None:
    """Into a folder that is there already, but holds no model."""
    for file in place.iterdir():
        file.replace(target / file.name)
