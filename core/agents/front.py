"""YAML front matter, read from the parser's events: every value keeps its line.

There is no constructor behind it: no tag makes an object, an alias is refused where it stands,
and nesting ends after a few levels, so that a small file cannot cost much time or memory.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import yaml

from core.errors import FileInvalid
from core.text import N_, Words, words
from core.yaml_loader import LOADER

MAX_DEPTH = 6
_RESOLVER: Any = yaml.resolver.Resolver()
_CONSTRUCTOR: Any = yaml.constructor.SafeConstructor()
_TYPED = frozenset(f"tag:yaml.org,2002:{kind}" for kind in ("null", "bool", "int", "float"))


@dataclass(frozen=True, slots=True)
class Node:
    """A value as it stands in the file. `plain`: written without quotes."""

    line: int
    value: str | list[Node] | dict[str, Node]
    plain: bool = False

    @property
    def empty(self) -> bool:
        """Nothing behind the colon."""
        return self.plain and self.value in ("", "~", "null")


class Front:
    """The front matter of one file; `refuse` names file, line and field."""

    def __init__(self, head: str, file: str, first_line: int = 2) -> None:
        self._file = file
        self._first = first_line
        self.fields = self._read(head)

    def refuse(self, line: int, detail: str | Words, field: str = "") -> FileInvalid:
        return FileInvalid(file=self._file, line=line, detail=detail, field=field)

    def _read(self, head: str) -> dict[str, Node]:
        try:
            found = _Reader(self, head, self._first).document()
        except yaml.MarkedYAMLError as error:
            line = error.problem_mark.line + self._first if error.problem_mark else self._first
            detail = error.problem or words(N_("not YAML"))
            raise self.refuse(line, detail) from None
        except yaml.reader.ReaderError as error:
            line = head[: error.position].count("\n") + self._first
            raise self.refuse(line, words(N_("a sign that text cannot hold"))) from None
        except (yaml.YAMLError, ValueError):
            raise self.refuse(self._first, words(N_("not YAML"))) from None
        if found is None or not isinstance(found.value, dict):
            raise self.refuse(self._first, words(N_("expected “name: …” lines")))
        return found.value


class _Reader:
    def __init__(self, front: Front, head: str, first_line: int) -> None:
        self._front = front
        self._loader = LOADER(head)
        self._first = first_line

    def document(self) -> Node | None:
        try:
            self._next()  # the stream begins
            if isinstance(self._next(), yaml.StreamEndEvent):
                return None
            found = self._node(self._next(), 0)
            self._next()  # the document ends
            after = self._next()
            if not isinstance(after, yaml.StreamEndEvent):
                raise self._refuse(after, words(N_("expected “name: …” lines")))
            return found
        finally:
            self._loader.dispose()

    def _next(self) -> Any:
        return self._loader.get_event()

    def _node(self, event: Any, depth: int) -> Node:
        line = event.start_mark.line + self._first
        if isinstance(event, yaml.AliasEvent):
            raise self._refuse(event, words(N_("aliases are not used here")))
        if event.tag is not None:
            raise self._refuse(event, words(N_("tags (“!…”) are not used here")))
        if isinstance(event, yaml.ScalarEvent):
            return Node(line, event.value, plain=event.implicit[0])
        if depth >= MAX_DEPTH:
            raise self._refuse(event, words(N_("nested too deeply")))
        if isinstance(event, yaml.SequenceStartEvent):
            return Node(line, self._items(depth))
        return Node(line, self._pairs(depth))

    def _items(self, depth: int) -> list[Node]:
        found = []
        while not isinstance(event := self._next(), yaml.SequenceEndEvent):
            found.append(self._node(event, depth + 1))
        return found

    def _pairs(self, depth: int) -> dict[str, Node]:
        found: dict[str, Node] = {}
        while not isinstance(event := self._next(), yaml.MappingEndEvent):
            key = self._node(event, depth + 1)
            if not isinstance(key.value, str):
                raise self._refuse(event, words(N_("expected “name: …” lines")))
            if key.value in found:
                detail = words(N_("“{key}” stands here a second time"), key=key.value)
                raise self._refuse(event, detail, key.value)
            node = self._node(self._next(), depth + 1)
            # A value's line is that of its key: a block text begins only on the next one.
            found[key.value] = Node(key.line, node.value, node.plain)
        return found

    def _refuse(self, event: Any, detail: Words, field: str = "") -> FileInvalid:
        return self._front.refuse(event.start_mark.line + self._first, detail, field)


def typed(node: Node) -> Any:
    """The value with numbers, yes and no, and nothing understood; dates stay text."""
    if isinstance(node.value, dict):
        return {name: typed(item) for name, item in node.value.items()}
    if isinstance(node.value, list):
        return [typed(item) for item in node.value]
    if not node.plain:
        return node.value
    tag = _RESOLVER.resolve(yaml.ScalarNode, node.value, (True, False))
    if tag not in _TYPED:
        return node.value
    return _CONSTRUCTOR.construct_object(yaml.ScalarNode(tag, node.value))
