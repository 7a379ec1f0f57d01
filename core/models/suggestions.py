"""Models to begin with: a short list that people can replace by their own."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from core import yaml_loader
from core.errors import FileInvalid


class Suggestion(BaseModel):
    """One model that could be brought here. `size_bytes` is what is downloaded."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    ref: str = Field(pattern=r"^(ollama|hf):\S+$")
    size_bytes: int = Field(gt=0)
    good_for: tuple[str, ...] = ()
    speaks: tuple[str, ...] = ()


def suggestions(lists: Sequence[Path]) -> list[Suggestion]:
    """The models of the first list that is there.

    Raises:
        FileInvalid: it is not such a list.
    """
    file = next((one for one in lists if one.is_file()), None)
    if file is None:
        return []
    try:
        found = yaml_loader.load(file.read_text(encoding="utf-8"))
        return [Suggestion.model_validate(one) for one in found["models"]]
    except (OSError, yaml.YAMLError, ValidationError, TypeError, KeyError) as error:
        detail = "expected a list “models” of ref and size_bytes"
        raise FileInvalid(file=file, line="-", detail=detail) from error
