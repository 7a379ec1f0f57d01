"""The files that settings are read from, and where in them a fault is."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml
from pydantic import ValidationError

from core import yaml_loader
from core.errors import ConfigInvalid
from core.paths import CONFIG, DataPaths
from core.text import N_, words


def files(given: Mapping[str, Any]) -> list[Path]:
    """The files that count, the strongest first."""
    data_dir = given.get("data_dir") or os.environ.get("ENGAWA_DATA_DIR") or "data"
    candidates = (DataPaths(Path(data_dir)).user_config, CONFIG / "default.yaml")
    return [file for file in candidates if file.is_file()]


def read(file: Path, names: Sequence[str]) -> dict[str, Any]:
    """What a file sets, of the settings with these `names`.

    Raises:
        ConfigInvalid: it holds something else; with line, field, expected and found.
    """
    try:
        content = yaml_loader.load(file.read_text(encoding="utf-8")) or {}
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        mark = getattr(error, "problem_mark", None)
        raise ConfigInvalid(
            file=file,
            line=mark.line + 1 if mark else 1,
            field="YAML",
            expected=words(N_("settings as “name: value” lines")),
            found=getattr(error, "problem", None) or words(N_("unreadable text")),
        ) from None
    if not isinstance(content, dict):
        raise ConfigInvalid(
            file=file,
            line=1,
            field="YAML",
            expected=words(N_("settings as “name: value” lines")),
            found=type(content).__name__,
        )
    _refuse_unknown(file, content, names)
    return content


def _refuse_unknown(file: Path, content: dict[str, Any], names: Sequence[str]) -> None:
    for name in content:
        if name not in names:
            raise ConfigInvalid(
                file=file,
                line=_line_of(file, (name,)),
                field=name,
                expected=words(N_("one of {names}"), names=", ".join(names)),
                found=name,
            )


def explained(error: ValidationError, given: dict[str, Any]) -> ConfigInvalid:
    """The first fault of `error`, with the file and line (or the variable) that it comes from."""
    first = error.errors()[0]
    location = tuple(str(part) for part in first["loc"])
    file, line = _source_of(location, given)
    expected = first["msg"].removeprefix("Input should be ").removeprefix("Value error, ")
    return ConfigInvalid(
        file=file,
        line=line,
        field=".".join(location),
        expected=expected,
        found=re.sub(r"//[^/@\s]*@", "//…@", repr(first.get("input")))[:80],
    )


def _source_of(location: tuple[str, ...], given: dict[str, Any]) -> tuple[str, int | str]:
    for file in files(given):
        if line := _line_of(file, location):
            return str(file), line
    return "ENGAWA_" + "__".join(location).upper(), "-"


def _line_of(file: Path, location: tuple[str, ...]) -> int:
    """The line on which the nested key stands (1-based), or 0."""
    node = yaml_loader.compose(file.read_text(encoding="utf-8"))
    line = 0
    for name in location:
        if not isinstance(node, yaml.MappingNode):
            break
        for key, value in node.value:
            if key.value == name:
                line, node = key.start_mark.line + 1, value
                break
        else:
            return 0
    return line
