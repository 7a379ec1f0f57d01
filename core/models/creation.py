"""Making a model on Ollama: a character over a base, from a GGUF or a safetensors folder."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, runtime_checkable

from core.errors import AdaptersGone, InvalidInput, NotAModel, ProviderError, WeightsPickled
from core.jobs import ThreadKind, Work
from core.jobs.kinds import Result
from core.providers.base import name_of
from core.providers.disk import file_at, folder_at
from core.providers.watch import Cancelled
from core.runner.folder import PICKLED, inspect_folder
from core.runner.gguf_header import read_gguf
from core.text import N_

if TYPE_CHECKING:
    from core.providers.ollama.library import OllamaLibrary

KIND = "create"
CHUNK_BYTES = 1 << 20
ADAPTERS_END = (0, 34, 1)  # the first version that takes none
TEXTS = {
    "reading": N_("reading {file}"),
    "sending": N_("handing {file} to Ollama"),
    "making": N_("Ollama is making it: {status}"),
}
# What a model is made of; anything else in a folder is not sent, and nothing of it is run.
_PARTS = (".safetensors", ".json", ".model", ".jinja", ".txt")


@runtime_checkable
class Librarian(Protocol):
    """A provider whose server fetches and makes models: Ollama."""

    library: OllamaLibrary

    def version(self) -> str:
        """The server's version. Raises `ProviderError`s."""


@dataclass(frozen=True, slots=True)
class NewModel:
    """What is to be made. Exactly one of `base` (a model's name), `gguf` (a file) and `folder`
    (safetensors, config, tokenizer) says of what; `adapter` is a PEFT folder over a base.

    Raises:
        InvalidInput: none or several of them are given, or the name is missing.
    """

    name: str
    base: str = ""
    gguf: str = ""
    folder: str = ""
    adapter: str = ""
    system: str = ""
    template: str = ""
    quantize: str = ""
    parameters: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if not self.name.strip():
            raise InvalidInput(field="name", expected="a name", found="nothing")
        if sum(map(bool, (self.base, self.gguf, self.folder))) != 1:
            raise InvalidInput(
                field="base, gguf, folder", expected="exactly one of them", found="another number"
            )

    @property
    def ref(self) -> str:
        return f"ollama:{self.name.strip()}"

    def as_params(self) -> dict[str, Any]:
        return asdict(self)


def create_kind(ollama: Callable[[], Librarian], changed: Callable[[], None]) -> ThreadKind:
    """The kind of work; `changed()` is called when there is a new model."""

    def run(work: Work) -> Result:
        new, provider = NewModel(**work.params), ollama()
        try:
            _create(work, new, provider)
        except Cancelled:
            work.check()
            raise ProviderError(model=new.ref, detail="it was closed") from None
        changed()
        return {"model": new.ref}

    return ThreadKind(KIND, N_("Making of {subject}"), TEXTS, lane="create", at_once=1, run=run)


def _create(work: Work, new: NewModel, provider: Librarian) -> None:
    body = _plain(new)
    if new.adapter:
        _check_adapters(new, provider)
        body["adapters"] = _sent(
            work, new, provider, _weights(folder_at(new.adapter, new.ref), new, config=False)
        )
    if new.gguf:
        body["files"] = _sent(work, new, provider, [_gguf(new)])
    if new.folder:
        body["files"] = _sent(work, new, provider, _weights(folder_at(new.folder, new.ref), new))
    work.say("making", status="")
    for step in provider.library.create(new.ref, body, work.cancel.is_set):
        work.check()
        work.say("making", status=step.status.partition(" sha256:")[0])
        if step.total_bytes and step.done_bytes is not None:
            work.advance(step.done_bytes, step.total_bytes)


def _plain(new: NewModel) -> dict[str, Any]:
    """The body without files; what is empty is left to Ollama."""
    given = {
        "model": name_of(new.ref),
        "from": new.base,
        "system": new.system,
        "template": new.template,
        "quantize": new.quantize,
        "parameters": dict(new.parameters),
    }
    return {name: value for name, value in given.items() if value}


def _check_adapters(new: NewModel, provider: Librarian) -> None:
    version = provider.version()
    if version_of(version) >= ADAPTERS_END:
        raise AdaptersGone(model=new.ref, version=version)


def version_of(text: str) -> tuple[int, ...]:
    """ "0.34.1-rc2" → (0, 34, 1); what is no number ends it."""
    numbers = []
    for part in text.strip().lstrip("v").split("."):
        digits = part.partition("-")[0]
        if not digits.isdigit():
            break
        numbers.append(int(digits))
    return tuple(numbers)


def _gguf(new: NewModel) -> Path:
    """The file, when its header is whole. Nothing is sent of one that is not."""
    file = file_at(new.gguf, new.ref)
    try:
        read_gguf(file)
    except (OSError, ValueError) as error:
        raise NotAModel(model=new.ref, file=file, detail=str(error)) from error
    return file


def _weights(folder: Path, new: NewModel, *, config: bool = True) -> list[Path]:
    """The files of a safetensors folder that a model is made of.

    Raises:
        WeightsPickled, CodeInside, ModelIncomplete: it must not or cannot be used.
        NotAModel: there are no weights in it.
    """
    try:
        there = sorted(file for file in folder.iterdir() if file.is_file())
    except OSError as error:
        detail = error.strerror or "unreadable"
        raise NotAModel(model=new.ref, file=folder, detail=detail) from error
    if config and (folder / "config.json").is_file():
        inspect_folder(folder, new.ref)
    pickled = [file.name for file in there if file.suffix in PICKLED]
    if not any(file.suffix == ".safetensors" for file in there):
        if pickled:
            raise WeightsPickled(model=new.ref, file=pickled[0])
        raise NotAModel(model=new.ref, file=folder, detail="it holds no safetensors")
    return [file for file in there if file.suffix in _PARTS]


def _sent(work: Work, new: NewModel, provider: Librarian, files: list[Path]) -> dict[str, str]:
    """Hand over the files that Ollama does not have yet; name → hash."""
    library, found = provider.library, {}
    for file in files:
        work.say("reading", file=file.name)
        size = file.stat().st_size
        digest = "sha256:" + _hash(work, file, size)
        found[file.name] = digest
        if not library.has_blob(new.ref, digest):
            work.say("sending", file=file.name)
            pieces = _pieces(work, file, size)
            library.upload(new.ref, digest, size, pieces, work.cancel.is_set)
    return found


def _hash(work: Work, file: Path, size: int) -> str:
    digest = hashlib.sha256()
    for piece in _pieces(work, file, size):
        digest.update(piece)
    return digest.hexdigest()


def _pieces(work: Work, file: Path, size: int) -> Iterator[bytes]:
    done = 0
    with file.open("rb") as stream:
        while piece := stream.read(CHUNK_BYTES):
            work.check()
            done += len(piece)
            work.advance(done, size)
            yield piece
