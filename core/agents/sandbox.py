"""The small part of Jinja that a template may use, with an end to everything.

A template sees strings, chooses with `if`, goes through pieces with `for`, and prints. It cannot
calculate, keep, call or reach into anything, so nothing in it grows: `'a' * 10**9`, a filter
that pads, a method of a string are refused when the file is read, with the line. What is left is
counted while it runs: steps, characters and time. Below it all lies Jinja's own sandbox.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import wraps
from typing import Any

from jinja2 import FunctionLoader, TemplateError, nodes, pass_context
from jinja2.exceptions import TemplateSyntaxError
from jinja2.runtime import Context
from jinja2.sandbox import ImmutableSandboxedEnvironment

MAX_STEPS = 10_000
MAX_SECONDS = 0.25  # of work: a busy machine makes no template slow
MAX_NESTING = 3
MAX_RANGE = 1_000

# The files that others may include: who somebody is, and what holds for everybody in a room.
SHARED = ("person.j2", "room.j2")

_METER = "_meter"
_LOOP = ("index", "index0", "first", "last", "length")
_TEXT_FILTERS = ("capitalize", "lower", "title", "trim", "truncate", "upper")
_OTHER_FILTERS = ("count", "d", "default", "first", "last", "length")
_FILTERS = (*_TEXT_FILTERS, *_OTHER_FILTERS, "split")
_TESTS = ("defined", "eq", "equalto", "in", "ne", "none", "undefined")
_PLAIN = (
    nodes.Template, nodes.Output, nodes.TemplateData, nodes.Const, nodes.If, nodes.CondExpr,
    nodes.And, nodes.Or, nodes.Not, nodes.Compare, nodes.Operand, nodes.List, nodes.Tuple,
    nodes.Keyword,
)  # fmt: skip

Source = tuple[str, str | None, Callable[[], bool] | None]


class RanTooLong(TemplateError):
    """A template took more steps or time than it may."""


class Sandbox(ImmutableSandboxedEnvironment):
    """Templates by name from `load`; each is checked before it is compiled."""

    def __init__(self, load: Callable[[str], Source | None], variables: Iterable[str]) -> None:
        super().__init__(
            loader=FunctionLoader(load),
            trim_blocks=True,
            lstrip_blocks=True,
            autoescape=False,
            optimized=False,
            finalize=_printed,
        )
        self._variables = frozenset(variables)
        self.globals = {"range": _range}
        self.filters = {
            **{name: _of_text(self.filters[name]) for name in _TEXT_FILTERS},
            **{name: self.filters[name] for name in _OTHER_FILTERS},
            "split": _of_text(_split),
            _METER: _metered,
        }
        self.tests = {name: self.tests[name] for name in _TESTS}

    def pieces(self, name: str, values: Mapping[str, str]) -> Iterator[str]:
        """What the template writes, piece by piece.

        Raises:
            TemplateError: it is not there, not allowed, or ran too long.
        """
        meter = _Meter()
        for piece in self.get_template(name).generate({**values, _METER: meter}):
            meter.tick()
            yield piece

    def _generate(
        self,
        source: nodes.Template,
        name: str | None,
        filename: str | None,
        defer_init: bool = False,
    ) -> str:
        _Check(self._variables, shared=name in SHARED).template(source)
        return super()._generate(source, name, filename, defer_init)


class _Meter:
    """Counts the steps of one rendering."""

    def __init__(self) -> None:
        self._left = MAX_STEPS
        self._until = time.thread_time() + MAX_SECONDS

    def tick(self) -> None:
        self._left -= 1
        if self._left < 0 or time.thread_time() > self._until:
            raise RanTooLong("it ran too long")


@pass_context
def _metered(context: Context, items: Iterable[Any]) -> Iterator[Any]:
    meter: _Meter = context.parent[_METER]
    for item in items:
        meter.tick()
        yield item


def _printed(value: Any) -> Any:
    """Only text and numbers are printed: a list of long texts would be one longer text."""
    if isinstance(value, list | tuple | range):
        raise TypeError("a list cannot be printed")
    return value


def _of_text(wanted: Callable[..., Any]) -> Callable[..., Any]:
    """A filter that takes text only: a list made text, again and again, would double its marks."""

    place = 1 if hasattr(wanted, "jinja_pass_arg") else 0

    @wraps(wanted)
    def checked(*given: Any, **named: Any) -> Any:
        if not isinstance(given[place], str):
            raise TypeError("this filter takes text")
        return wanted(*given, **named)

    return checked


def _split(text: str, mark: str = ",") -> list[str]:
    return [part.strip() for part in text.split(mark) if part.strip()]


def _range(*bounds: int) -> range:
    found = range(*bounds)
    if len(found) > MAX_RANGE:
        raise RanTooLong("its range is too long")
    return found


class _Check:
    """Walks a parsed template; everything that is not known to be harmless is refused."""

    def __init__(self, variables: frozenset[str], *, shared: bool) -> None:
        self._names = set(variables)
        self._shared = shared

    def template(self, source: nodes.Template) -> None:
        for loop in source.find_all(nodes.For):
            self._loop(loop)
        self._node(source, 0)

    def _loop(self, loop: nodes.For) -> None:
        for target in (loop.target, *loop.target.find_all(nodes.Name)):
            if isinstance(target, nodes.Name):
                if target.name.startswith("_") or target.name == "loop":
                    raise _refused(target, f"the name “{target.name}”")
                self._names.add(target.name)
        if loop.recursive:
            raise _refused(loop, "a recursive loop")

    def _node(self, node: nodes.Node, nesting: int) -> None:
        if not isinstance(node, _PLAIN):
            self._special(node)
        nesting += isinstance(node, nodes.For)
        if nesting > MAX_NESTING:
            raise _refused(node, "a loop this deep")
        for child in node.iter_child_nodes():
            self._node(child, nesting)
        if isinstance(node, nodes.For):
            node.iter = nodes.Filter(
                node.iter,
                _METER,
                [],
                [],
                None,
                None,
                lineno=node.lineno,
                environment=node.environment,
            )

    def _special(self, node: nodes.Node) -> None:
        match node:
            case nodes.Name():
                fine = node.name in self._names or node.name == "loop"
                what = f"the name “{node.name}”"
            case nodes.Filter():
                fine = node.node is not None and node.name in _FILTERS
                what = f"the filter “{node.name}”"
            case nodes.Test():
                fine, what = node.name in _TESTS, f"the test “{node.name}”"
            case nodes.Getattr():
                fine = _is_loop(node.node) and node.attr in _LOOP
                what = f"“.{node.attr}”"
            case nodes.Call():
                fine = isinstance(node.node, nodes.Name) and node.node.name == "range"
                what = "calling something"
                self._names.add("range")
            case nodes.Include():
                named = isinstance(node.template, nodes.Const) and node.template.value in SHARED
                fine, what = (
                    named and not self._shared,
                    f"including anything but {' and '.join(SHARED)}",
                )
            case _:
                fine, what = isinstance(node, nodes.For), type(node).__name__.lower()
        if not fine:
            raise _refused(node, what)


def _is_loop(node: nodes.Node) -> bool:
    return isinstance(node, nodes.Name) and node.name == "loop"


def _refused(node: nodes.Node, what: str) -> TemplateSyntaxError:
    return TemplateSyntaxError(f"{what} is not known in templates", node.lineno)
