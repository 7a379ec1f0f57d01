"""The system text: a character through its template, short enough to leave room for the talk."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from core.agents.macros import replace
from core.agents.names import name_key
from core.agents.prompt_files import PromptFiles
from core.agents.rules import Choice
from core.agents.spec import Agent
from core.agents.window import Count
from core.text import N_, Words, words

LANGUAGES = {"en": "English", "ja": "Japanese"}
# What is cut first when a character is too long. Who it is and how it speaks stays whole.
_CUT = ("body", "background", "description")


@dataclass(frozen=True, slots=True)
class Character:
    """A system text, the template it is from, and what is to be said about it."""

    text: str
    template: str
    note: Words | None = None


def character_text(
    agent: Agent,
    choice: Choice,
    *,
    members: Sequence[str] = (),
    user: str,
    files: PromptFiles,
    limit: int,
    count: Count,
) -> Character:
    """The system text of `agent` within about `limit` tokens, where cutting free text can do it."""
    values = _values(agent, members, user)
    rendered = files.templates.render(choice.template, values)
    note = None
    if rendered.trouble is not None:
        note = words(N_("{template} instead: {trouble}"), template=rendered.template,
                     trouble=rendered.trouble)  # fmt: skip
    for field in _CUT:
        over = count(rendered.text) - limit
        if over <= 0:
            break
        letters = len(rendered.text) * over // (over + limit) + 1
        values[field] = values[field][: max(0, len(values[field]) - letters)]
        rendered = files.templates.render(choice.template, values)
        note = note or words(N_("its end is cut to leave room for the talk"))
    return Character(rendered.text, rendered.template, note)


def _values(agent: Agent, members: Sequence[str], user: str) -> dict[str, str]:
    """What templates see: strings, with the macros of cards replaced."""
    own = name_key(agent.name)
    values = {
        "description": agent.description,
        "gender": agent.gender,
        "background": agent.background,
        "body": agent.body,
        "personality": ", ".join(agent.personalities),
        "role": ", ".join(agent.roles),
        "tone": ", ".join(agent.tones),
    }
    values = {name: replace(text, agent.name, user) for name, text in values.items()}
    return values | {
        "name": agent.name,
        "user": user,
        "language": LANGUAGES.get(agent.language, ""),
        "others": ", ".join(name for name in members if name_key(name) != own),
    }
