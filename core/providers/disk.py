"""Model files that somebody names by their path: where they are, and what they hold."""

from __future__ import annotations

from pathlib import Path

from core.errors import NotAModel
from core.providers.shapes import shape_of_metadata
from core.runner.gguf_header import read_gguf
from core.runner.shapes.shape import ModelShape

GGUF = "gguf"  # `gguf:/path/to/FILE.gguf` names a file of which only a forecast is wanted


def file_at(text: str, ref: str) -> Path:
    """The regular file that `text` names by its whole path; "~" and links are followed.

    Raises:
        NotAModel: there is none; a device, a pipe or a folder is none either.
    """
    found = _place(text, ref)
    if not found.is_file():
        raise NotAModel(model=ref, file=text, detail="there is no such file")
    return found


def folder_at(text: str, ref: str) -> Path:
    """The folder that `text` names by its whole path; "~" and links are followed.

    Raises:
        NotAModel: there is none.
    """
    found = _place(text, ref)
    if not found.is_dir():
        raise NotAModel(model=ref, file=text, detail="there is no such folder")
    return found


def shape_of_gguf(ref: str) -> ModelShape:
    """The dimensions of the file that `gguf:PATH` names, from its header alone.

    Raises:
        NotAModel: there is no such file, it is cut off, or it is no model.
    """
    text = ref.partition(":")[2]
    file = file_at(text, ref)
    try:
        header = read_gguf(file)
    except (OSError, ValueError) as error:
        raise NotAModel(model=ref, file=file, detail=str(error)) from error
    shape = shape_of_metadata(header.metadata, ref, header.weights_bytes)
    if not shape.layers:
        raise NotAModel(model=ref, file=file, detail="its header does not tell its layers")
    return shape


def _place(text: str, ref: str) -> Path:
    try:
        found = Path(text).expanduser()
        if not found.is_absolute():
            raise NotAModel(model=ref, file=text, detail="its whole path is needed")
        return found.resolve()
    except (OSError, RuntimeError, ValueError) as error:  # a loop of links, no home, a NUL
        raise NotAModel(model=ref, file=text, detail=str(error)) from error
