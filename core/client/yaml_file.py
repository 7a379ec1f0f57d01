"""YAML from outside, read so that nothing in it can surprise: bounded, plain, with lines.

Refused with the line: anchors and aliases (a kilobyte could unfold into gigabytes), tags,
deep nesting, a key given twice, more than one document, text that is not UTF-8.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from core.errors import ConfigInvalid

MAX_BYTES = 256 * 1024
MAX_DEPTH = 12

Location = tuple[str | int, ...]


@dataclass(frozen=True, slots=True)
class PlainYaml:
    """A file's value, and the line (1-based) on which each part of it stands."""

    value: Any
    lines: dict[Location, int]

    def line(self, location: Location) -> int:
        """The line of a part; of one that is missing, the line of what should hold it."""
        while location and location not in self.lines:
            location = location[:-1]
        return self.lines.get(location, 1)


def read_yaml(file: Path) -> PlainYaml:
    """Read one document.

    Raises:
        ConfigInvalid: naming file, line, what was expected and what was found.
    """
    text = _text(file)
    try:
        _refuse_tricks(file, text)
        node = yaml.compose(text, Loader=yaml.SafeLoader)
        lines: dict[Location, int] = {}
        value = None if node is None else _plain(file, node, (), lines)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        problem = getattr(error, "problem", None) or "a character that YAML does not allow"
        raise _invalid(file, mark.line + 1 if mark else 1, "YAML", "plain YAML", problem) from None
    except ValueError as error:  # a date such as 2026-99-99
        raise _invalid(file, 1, "YAML", "plain YAML", str(error)) from None
    return PlainYaml(value, lines)


def _text(file: Path) -> str:
    try:
        with file.open("rb") as opened:
            content = opened.read(MAX_BYTES + 1)
    except FileNotFoundError:
        raise _invalid(file, 1, "file", "a file that can be read", "no such file") from None
    except OSError as error:
        found = error.strerror or "an error"
        raise _invalid(file, 1, "file", "a file that can be read", found) from None
    if len(content) > MAX_BYTES:
        raise _invalid(file, 1, "file", f"at most {MAX_BYTES // 1024} KB", "a larger one")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content[: error.start].count(b"\n") + 1
        raise _invalid(file, line, "file", "UTF-8 text", "other bytes") from None


def _refuse_tricks(file: Path, text: str) -> None:
    depth = documents = 0
    for event in yaml.parse(text, Loader=yaml.SafeLoader):
        line = event.start_mark.line + 1 if event.start_mark else 1
        if isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None):
            raise _invalid(file, line, "YAML", "values written out", "an anchor or alias (& or *)")
        tag = getattr(event, "tag", None)
        if tag:
            raise _invalid(file, line, "YAML", "plain values", f"a tag ({tag[:40]})")
        if isinstance(event, yaml.DocumentStartEvent):
            documents += 1
        elif isinstance(event, yaml.CollectionStartEvent):
            depth += 1
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1
        if depth > MAX_DEPTH:
            raise _invalid(file, line, "YAML", f"at most {MAX_DEPTH} levels", "deeper nesting")
        if documents > 1:
            raise _invalid(file, line, "YAML", "one document", "a second one (---)")


def _plain(file: Path, node: yaml.Node, at: Location, lines: dict[Location, int]) -> Any:
    lines.setdefault(at, node.start_mark.line + 1)
    if isinstance(node, yaml.SequenceNode):
        return [_plain(file, item, (*at, number), lines) for number, item in enumerate(node.value)]
    if isinstance(node, yaml.MappingNode):
        return _mapping(file, node, at, lines)
    return yaml.SafeLoader("").construct_object(node)


def _mapping(
    file: Path, node: yaml.MappingNode, at: Location, lines: dict[Location, int]
) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key, value in node.value:
        line = key.start_mark.line + 1
        name = str(key.value) if isinstance(key, yaml.ScalarNode) else "?"
        if name in found:
            raise _invalid(file, line, name, "each key once", "it twice")
        lines[(*at, name)] = line
        found[name] = _plain(file, value, (*at, name), lines)
    return found


def _invalid(file: Path, line: int, field: str, expected: str, found: str) -> ConfigInvalid:
    return ConfigInvalid(file=file, line=line, field=field, expected=expected, found=found)
