"""What is wrong with an agent that somebody writes, field by field, before it is saved."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from core.agents.files import Agents
from core.agents.names import MAX_NAME, good_name, name_key
from core.agents.parsing import parse
from core.agents.serialising import to_text
from core.agents.spec import Agent
from core.errors import FileInvalid
from core.text import N_, Words, words

# Least and most of each sampling option.
RANGES: dict[str, tuple[float, float]] = {
    "temperature": (0, 2),
    "top_p": (0, 1),
    "max_tokens": (1, 131_072),
    "seed": (0, 2**31 - 1),
}


def problems(
    agent: Agent,
    agents: Agents,
    *,
    opened: str,
    model_known: Callable[[str], bool],
    template_known: Callable[[str], bool],
) -> dict[str, Words | str]:
    """By field, what keeps `agent` from being saved, or from speaking; empty when all is well.

    `opened`: the name that it had when it was opened, "" for a new one. Everything that belongs
    to no single field stands under "body", where the text is long.
    """
    found: dict[str, Words | str] = {}
    if not good_name(agent.name):
        found["name"] = words(N_("Expected 1 to {limit} characters."), limit=MAX_NAME)
    elif name_key(agent.name) != name_key(opened) and _taken(agent.name, agents):
        found["name"] = words(N_("The name “{name}” is already taken."), name=agent.name)
    if agent.model and not model_known(agent.model):
        found["model"] = words(N_("There is no model “{model}”."), model=agent.model)
    if agent.template and not template_known(agent.template):
        found["template"] = words(N_("There is no template “{name}”."), name=agent.template)
    for option, (least, most) in RANGES.items():
        value = agent.options.get(option)
        if value is not None and not _within(value, least, most):
            found[option] = words(N_("Expected {least} to {most}."), least=least, most=most)
    return found or _refused(agent)


def _taken(name: str, agents: Agents) -> bool:
    return agents.free_name(name) != name


def _within(value: object, least: float, most: float) -> bool:
    return isinstance(value, int | float) and least <= value <= most


def _refused(agent: Agent) -> dict[str, Words | str]:
    """What the file's own reader would say: the last word on every field."""
    try:
        parse(to_text(replace(agent, file="")).encode("utf-8", "replace"), agent.name)
    except FileInvalid as error:
        return {error.params.get("field") or "body": error.params["detail"]}
    return {}
