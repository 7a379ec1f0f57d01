"""The nodes of a YAML file with their places, so that an error can name line and field."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NoReturn

import yaml

from core import yaml_loader
from core.errors import FileInvalid
from core.rooms.speech.patterns import Pattern, PatternInvalid
from core.text import LANGUAGES, N_, Words, words


def compose(content: bytes, file: str) -> yaml.Node | None:
    """The root of a file, `None` of an empty one.

    Raises:
        FileInvalid: it is not YAML, or uses what is not used here.
    """
    try:
        return yaml_loader.compose(content.decode("utf-8-sig"), aliases=False)
    except UnicodeDecodeError as error:
        line = content[: error.start].count(b"\n") + 1
        raise FileInvalid(file=file, line=line, detail=words(N_("not UTF-8 text"))) from None
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        detail = error.problem or words(N_("not YAML"))
        raise FileInvalid(file=file, line=line, detail=detail) from None
    except yaml.YAMLError:
        raise FileInvalid(file=file, line=1, detail=words(N_("not YAML"))) from None


class Nodes:
    """Reads nodes of one file. `field` is the path to a node: `filters.safety.rules[0].name`.

    Every method raises FileInvalid when the node is something else than expected.
    """

    def __init__(self, file: str) -> None:
        self._file = file

    def mapping(
        self, node: yaml.Node, field: str, known: tuple[str, ...] | None
    ) -> dict[str, yaml.Node]:
        if not isinstance(node, yaml.MappingNode):
            self.fail(node, field, words(N_("expected “word: value” pairs")))
        found: dict[str, yaml.Node] = {}
        for key, value in node.value:
            name = self.text(key, field)
            if (known is not None and name not in known) or name in found:
                expected = ", ".join(known or ())
                unknown = words(
                    N_("unknown field “{key}”; expected {known}"), key=name, known=expected
                )
                twice = words(N_("“{key}” stands here twice"), key=name)
                self.fail(key, field, twice if name in found else unknown)
            found[name] = value
        return found

    def entries(self, node: yaml.Node | None, field: str) -> Iterator[tuple[str, yaml.Node, str]]:
        """Named things: the name, the node, the field."""
        for name, value in (self.mapping(node, field, None) if node else {}).items():
            yield name, value, f"{field}.{name}"

    def items(self, node: yaml.Node | None, field: str) -> Iterator[tuple[yaml.Node, str]]:
        if node is not None and not isinstance(node, yaml.SequenceNode):
            self.fail(node, field, words(N_("expected a list")))
        for number, item in enumerate(node.value if node is not None else ()):
            yield item, f"{field}[{number}]"

    def needed(
        self, parts: dict[str, yaml.Node], name: str, node: yaml.Node, field: str
    ) -> yaml.Node:
        if name not in parts:
            self.fail(node, field, words(N_("“{key}” is missing"), key=name))
        return parts[name]

    def text(self, node: yaml.Node, field: str) -> str:
        if not isinstance(node, yaml.ScalarNode) or not str(node.value).strip():
            self.fail(node, field, words(N_("expected text")))
        return str(node.value)

    def number(self, node: yaml.Node, field: str) -> int:
        text = self.text(node, field)
        if not text.isdecimal() or int(text) < 1:
            self.fail(node, field, words(N_("expected a number above 0")))
        return int(text)

    def one_of(self, node: yaml.Node | None, field: str, known: tuple[str, ...]) -> str | None:
        if node is None:
            return None
        text = self.text(node, field)
        if text not in known:
            self.fail(node, field, words(N_("expected one of {names}"), names=", ".join(known)))
        return text

    def pattern(self, node: yaml.Node, field: str) -> Pattern:
        try:
            return Pattern(self.text(node, field))
        except PatternInvalid as error:
            self.fail(node, field, words(N_("no regular expression: {why}"), why=str(error)))

    def by_language(self, node: yaml.Node | None, field: str) -> dict[str, str]:
        entries = self.mapping(node, field, tuple(LANGUAGES)) if node is not None else {}
        return {code: self.text(value, f"{field}.{code}") for code, value in entries.items()}

    def fail(self, node: yaml.Node, field: str, detail: Words) -> NoReturn:
        line = node.start_mark.line + 1
        named = words(N_("{field}: {detail}"), field=field, detail=detail) if field else detail
        raise FileInvalid(file=self._file, line=line, detail=named)
