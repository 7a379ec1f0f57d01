"""Agents as entries of agents.yml, the file of agents that join from outside, and back.

An entry has a name, a model, a prompt and options; whatever else an agent has becomes sentences
of its prompt. The room and the common settings are the client's own and mean nothing here.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import yaml

from core.errors import InvalidInput
from core.text import N_, words

MAX_PROMPT = 32_000  # characters that the client takes
OPTIONS = (
    *("temperature", "top_p", "top_k", "min_p", "repeat_penalty", "seed", "stop"),
    *("max_tokens", "num_predict", "context_tokens", "num_ctx"),
)


def entry_of(agent: Mapping[str, Any]) -> dict[str, Any]:
    """The entry for an agent (as JSON); without a model of its own it takes the client's.

    Raises:
        InvalidInput: its prompt is longer than the client takes.
    """
    prompt = _prompt(agent)
    if len(prompt) > MAX_PROMPT:
        expected = words(N_("at most {limit} characters"), limit=MAX_PROMPT)
        raise InvalidInput(field="system_prompt", expected=expected, found=len(prompt))
    options = {name: agent["options"][name] for name in OPTIONS if name in agent["options"]}
    entry = {"name": agent["name"], "model": agent["model"], "system_prompt": prompt}
    return {key: value for key, value in {**entry, "options": options}.items() if value}


def agent_of(entry: Mapping[str, Any]) -> dict[str, Any]:
    """The fields of an agent for an entry of a checked file."""
    return {
        "name": entry["name"],
        "model": entry.get("model"),
        "body": entry.get("system_prompt", "").strip(),
        "options": {name: _plain(value) for name, value in entry.get("options", {}).items()},
    }


def to_yaml(entries: Iterable[Mapping[str, Any]]) -> str:
    """A whole agents.yml."""
    return yaml.dump(
        {"agents": [dict(entry) for entry in entries]},
        Dumper=_Dumper,
        allow_unicode=True,
        sort_keys=False,
        width=1_000_000,
    )


class _Dumper(yaml.SafeDumper):
    """Long texts as blocks, no aliases."""

    def ignore_aliases(self, data: Any) -> bool:  # noqa: ARG002
        return True


def _text(dumper: _Dumper, text: str) -> yaml.Node:
    style = "|" if "\n" in text else None
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=style)


_Dumper.add_representer(str, _text)


def _prompt(agent: Mapping[str, Any]) -> str:
    roles, traits = ", ".join(agent["roles"]), ", ".join(agent["personalities"])
    tones = ", ".join(agent["tones"])
    about = (
        agent["description"],
        f"Personality: {traits}." if traits else "",
        f"Way of speaking: {tones}." if tones else "",
        f"Background: {agent['background']}" if agent["background"] else "",
    )
    start = f"You are {agent['name']}, {roles}." if roles else f"You are {agent['name']}."
    head = "\n".join(filter(None, (start, *about))) if roles or any(about) else ""
    return "\n\n".join(filter(None, (head, agent["body"])))


def _plain(value: Any) -> Any:
    return list(value) if isinstance(value, tuple) else value
