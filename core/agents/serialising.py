"""From an `Agent` to the text of its file; `parse` reads the same agent back."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import fields
from typing import Any

import yaml

from core.agents.parsing import FIELDS
from core.agents.spec import Agent

_DEFAULTS = {
    one.name: one.default for one in fields(Agent) if isinstance(one.default, str | float | None)
}
_ODD_BREAKS = re.compile("[\r\x85\u2028\u2029\ufeff]")
_INLINE = 88  # characters of a list that still stands on one line


class _Dumper(yaml.SafeDumper):
    """SafeDumper for people: long texts as blocks, short lists on one line, no aliases."""

    def ignore_aliases(self, data: Any) -> bool:  # noqa: ARG002
        return True


def _text(dumper: _Dumper, text: str) -> yaml.Node:
    style = "|" if "\n" in text else None
    if _ODD_BREAKS.search(text):
        style = '"'  # the only style in which they survive
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=style)


def _list(dumper: _Dumper, items: list[Any]) -> yaml.Node:
    short = sum(len(str(item)) + 2 for item in items) <= _INLINE
    flat = short and not any(isinstance(item, list | dict) or "\n" in str(item) for item in items)
    return dumper.represent_sequence("tag:yaml.org,2002:seq", items, flow_style=flat)


_Dumper.add_representer(str, _text)
_Dumper.add_representer(list, _list)


def to_text(agent: Agent) -> str:
    """The whole file: front matter with every field that is not at its default, then the body.

    Remarks that somebody wrote into the front matter by hand are not kept; the versions have
    them.
    """
    front = {key: _plain(getattr(agent, key)) for key in FIELDS if _given(agent, key)}
    head = yaml.dump(front, Dumper=_Dumper, allow_unicode=True, sort_keys=False, width=1_000_000)
    body = agent.body.strip()
    return f"---\n{head}---\n" + (f"{body}\n" if body else "")


def _given(agent: Agent, key: str) -> bool:
    value = getattr(agent, key)
    return key == "name" or (value != _DEFAULTS.get(key) and value not in ("", (), {}, None))


def _plain(value: Any) -> Any:
    """Tuples and read-only mappings as what YAML knows."""
    if isinstance(value, Mapping):
        return {str(name): _plain(item) for name, item in value.items()}
    if isinstance(value, tuple | list):
        return [_plain(item) for item in value]
    return value
