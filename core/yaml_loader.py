"""YAML read by LibYAML where PyYAML was built with it: about five times as fast.

LibYAML's composer calls itself for every level and ends the process on a file nested thousands
deep, so the events are counted first.
"""

from __future__ import annotations

from typing import Any

import yaml

MAX_DEPTH = 100
LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


def load(text: str) -> Any:
    """The value of one document; only plain values are made.

    Raises:
        yaml.YAMLError: it is not YAML, or nested deeper than `MAX_DEPTH`.
    """
    _look_through(text)
    return yaml.load(text, Loader=LOADER)


def compose(text: str, *, aliases: bool = True) -> yaml.Node | None:
    """The nodes of one document with their places; `None` of an empty one.

    Without `aliases`, a file of one kilobyte cannot grow into gigabytes.

    Raises:
        yaml.YAMLError: it is not YAML, nested deeper than `MAX_DEPTH`, or uses aliases.
    """
    _look_through(text, aliases)
    return yaml.compose(text, Loader=LOADER)


def _look_through(text: str, aliases: bool = True) -> None:
    depth = 0
    for event in yaml.parse(text, Loader=LOADER):
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1
        elif not aliases and isinstance(event, yaml.AliasEvent):
            mark: Any = event.start_mark
            raise yaml.MarkedYAMLError(problem="aliases are not used here", problem_mark=mark)
        if depth > MAX_DEPTH:
            raise yaml.YAMLError("nested too deeply")
