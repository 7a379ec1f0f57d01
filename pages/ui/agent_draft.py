"""The agent that is being edited in this tab: what the form holds, until it is saved.

The widgets' values are copied here at the beginning of every run, so a draft outlives a visit
to another screen. A draft is made of the agent as it was read (`base`): what the form does not
show, and what nobody touched, stays exactly as it was.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from itertools import count
from typing import Any

import streamlit as st

from core.agents import Agent
from pages.ui.engine import workbench
from pages.ui.state import state

KEPT_DRAFTS = 8
SEPARATOR = "---"  # stands alone on a line between two greetings
LANGUAGES = ("en", "ja")
OPTIONS: dict[str, type] = {"temperature": float, "top_p": float, "max_tokens": int, "seed": int}
SAME = ("name", "description", "gender", "language", "background", "body", "examples", "memory")
OPTIONAL = ("model", "adapter")
LISTS = ("personalities", "roles", "tones", "skills", "tools")

_serials = count(1)


@dataclass(slots=True)
class Draft:
    """One agent's fields as the form shows them.

    `opened` is the name in the address, "" for a new agent. `problems` says per field what is
    wrong with it now. `theirs` is what somebody else has saved meanwhile, once that was noticed.
    """

    opened: str
    base: Agent
    values: dict[str, Any]
    begun: dict[str, Any] = field(default_factory=dict)
    serial: int = field(default_factory=lambda: next(_serials))
    picture: bytes | None = None  # chosen here, stored when saved; `None` for the drawn face
    new_picture: bool = False  # whether `picture` is to take the place of what is stored
    problems: dict[str, str] = field(default_factory=dict)
    refused: frozenset[str] = frozenset()  # the fields that kept it from being saved
    theirs: Agent | None = None

    def key(self, name: str) -> str:
        """The key of a field's widget: a draft that begins anew has other widgets."""
        return f"agent-{self.serial}-{name}"

    def first(self, name: str) -> Any:
        """What a field's widget begins with; the same as long as the widget lives."""
        if self.key(name) not in st.session_state:
            self.begun[name] = self.values[name]
        return self.begun[name]

    def read(self) -> None:
        """Take over what the widgets hold."""
        for name in self.values:
            value = st.session_state.get(self.key(name), self.values[name])
            self.values[name] = value or "" if name in OPTIONAL else value

    def agent(self) -> Agent:
        """The agent that would be saved now."""
        return replace(self.base, **_fields(self.base, self.values, self.changes()))

    def changes(self) -> dict[str, Any]:
        """The fields that somebody touched here."""
        before = values_of(self.base)
        return {name: value for name, value in self.values.items() if value != before[name]}

    @property
    def changed(self) -> bool:
        """Whether there is something to save."""
        return self.new_picture or bool(self.changes())


def open_draft(name: str) -> Draft:
    """This tab's draft of the agent `name` ("" for a new one), begun when there is none.

    A draft in which nothing was changed follows the file.

    Raises:
        AgentNotFound: there is no such agent, and no draft of it either.
    """
    drafts = state().drafts
    draft = drafts.get(name)
    if draft is not None:
        draft.read()
    if draft is None or (name and not draft.changed):
        current = _current(name)
        if draft is None or current.revision != draft.base.revision:
            draft = begin(name, current)
    return draft


def begin(name: str, base: Agent) -> Draft:
    """Begin anew with `base`; what was typed is forgotten."""
    drafts = state().drafts
    drafts.pop(name, None)
    while len(drafts) >= KEPT_DRAFTS:
        drafts.pop(next(iter(drafts)))
    drafts[name] = Draft(name, base, values_of(base))
    return drafts[name]


def forget(name: str) -> None:
    """Drop the draft of `name`."""
    state().drafts.pop(name, None)


def values_of(agent: Agent) -> dict[str, Any]:
    """An agent's fields as widgets hold them."""
    values: dict[str, Any] = {name: getattr(agent, name) for name in SAME}
    values |= {name: getattr(agent, name) or "" for name in OPTIONAL}
    values["template"] = agent.template
    values |= {name: list(getattr(agent, name)) for name in LISTS}
    values |= {name: _number(agent.options.get(name), kind) for name, kind in OPTIONS.items()}
    values["talkativeness"] = _number(agent.talkativeness, float)
    values |= {f"introduction_{code}": agent.introduction.get(code, "") for code in LANGUAGES}
    values["greetings"] = f"\n{SEPARATOR}\n".join(agent.greetings)
    return values


def _number(value: Any, kind: type) -> Any:
    """As its widget wants it; what somebody wrote there that is no number stays untouched."""
    return kind(value) if isinstance(value, int | float) else None


def _current(name: str) -> Agent:
    if not name:
        return Agent(name="")
    return workbench().agents.get(name)


def _fields(base: Agent, values: Mapping[str, Any], changed: Mapping[str, Any]) -> dict[str, Any]:
    fields: dict[str, Any] = {name: changed[name] for name in SAME if name in changed}
    fields |= {name: changed[name] or None for name in OPTIONAL if name in changed}
    fields |= {name: changed[name] for name in ("template", "talkativeness") if name in changed}
    fields |= {name: _items(changed[name]) for name in LISTS if name in changed}
    if "name" in fields:
        fields["name"] = " ".join(fields["name"].split())
    if "description" in changed:
        fields["descriptions"] = {}  # they translate the sentence that was there before
    if "greetings" in changed:
        fields["greetings"] = _split(changed["greetings"])
    if any(name in changed for name in OPTIONS):
        kept = {name: value for name, value in base.options.items() if name not in OPTIONS}
        chosen = {name: values[name] for name in OPTIONS if values[name] is not None}
        fields["options"] = {**kept, **chosen}
    if any(f"introduction_{code}" in changed for code in LANGUAGES):
        spoken = {code: values[f"introduction_{code}"].strip() for code in LANGUAGES}
        fields["introduction"] = {
            **{code: line for code, line in base.introduction.items() if code not in LANGUAGES},
            **{code: line for code, line in spoken.items() if line},
        }
    return fields


def _items(typed: list[str]) -> tuple[str, ...]:
    """Without blanks and doubles, in the order in which they were chosen."""
    return tuple(dict.fromkeys(item.strip() for item in typed if item.strip()))


def _split(text: str) -> tuple[str, ...]:
    parts: list[list[str]] = [[]]
    for line in text.splitlines():
        if line.strip() == SEPARATOR:
            parts.append([])
        else:
            parts[-1].append(line)
    greetings = ("\n".join(part).strip() for part in parts)
    return tuple(greeting for greeting in greetings if greeting)
