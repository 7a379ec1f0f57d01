"""Agents as JSON, and JSON as agents; also what the commands print and take."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from core.agents import Agent, Agents, Version
from core.agents.cards import card_info
from core.errors import InvalidInput
from core.text import N_, speaking, words

TEXTS = (
    *("name", "description", "gender", "background", "model", "adapter", "template"),
    *("language", "memory", "examples", "talkativeness", "body"),
)
LISTS = ("personalities", "roles", "tones", "skills", "tools", "greetings")
MAPPINGS = ("options", "introduction")
KEPT = ("source", "file", "revision", "avatar", "card")


def agent_body(agent: Agent) -> dict[str, Any]:
    return {
        **{name: getattr(agent, name) for name in TEXTS},
        **{name: list(getattr(agent, name)) for name in LISTS},
        **{name: _finite(dict(getattr(agent, name))) for name in MAPPINGS},
        **{name: getattr(agent, name) for name in KEPT},
    }


def _finite(value: Any) -> Any:
    """Without NaN and infinity, which YAML knows and JSON does not: they become null."""
    if isinstance(value, dict):
        return {name: _finite(item) for name, item in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(item) for item in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value


def whole_agent_body(agents: Agents, agent: Agent) -> dict[str, Any]:
    """With what its card says about itself."""
    return agent_body(agent) | {"card_info": card_info(agents, agent)}


def version_body(version: Version, *, with_content: bool = False) -> dict[str, Any]:
    body: dict[str, Any] = {
        "version": version.version,
        "saved_at": version.saved_at.isoformat(),
        "source": version.source,
    }
    return body | ({"content": version.content} if with_content else {})


def listed(agents: Agents, lang: str, *, deleted: bool) -> dict[str, Any]:
    """Everybody, what is wrong with files, and with `deleted` who can be restored."""
    return {
        "agents": [agent_body(agent) for agent in agents.list()],
        "problems": [error.as_dict(lang) for error in agents.errors()],
        "deleted": list(agents.deleted()) if deleted else [],
    }


def searched(agents: Agents, text: str, limit: int, lang: str) -> dict[str, Any]:
    """Who fits these words, each with its why, and why meanings could not be searched."""
    with speaking(lang):
        found = agents.search(text, limit)
        problem = agents.search_problem()
        return {
            "found": [
                {"agent": agent_body(one.agent), "score": one.score, "why": one.why}
                for one in found
            ],
            "problem": problem.as_dict(lang) if problem is not None else None,
        }


def version_bodies(agents: Agents, name: str) -> list[dict[str, Any]]:
    """The versions of an agent that is there, or was.

    Raises:
        AgentNotFound: there never was one of this name.
    """
    found = [version_body(one) for one in agents.versions(name)]
    if not found:
        agents.get(name)
    return found


def made(fields: Mapping[str, Any]) -> Agent:
    """A new agent with these fields; lists may come as JSON has them."""
    return changed(Agent(name=""), fields)


def changed(agent: Agent, fields: Mapping[str, Any]) -> Agent:
    """`agent` with these fields instead of its own.

    Raises:
        InvalidInput: no address could hold its name.
    """
    if {"/", "\\"} & set(fields.get("name", "")):
        expected = words(N_("a name without / and \\"))
        raise InvalidInput(field="name", expected=expected, found=repr(fields["name"])[:80])
    known = (name for name in (*TEXTS, *LISTS, *MAPPINGS) if name in fields)
    given: dict[str, Any] = {name: fields[name] for name in known}
    given |= {name: tuple(given[name]) for name in LISTS if name in given}
    return replace(agent, **given)


def create(agents: Agents, fields: Mapping[str, Any], *, numbered: bool = False) -> Agent:
    """Save a new agent; with `numbered`, "Ren 2" when there is a Ren.

    Raises:
        InvalidInput, NameTaken, StorageError: nothing was saved.
    """
    agent = made(fields)
    name = agents.free_name(agent.name) if numbered else agent.name
    return agents.save(replace(agent, name=name), revision=None)
