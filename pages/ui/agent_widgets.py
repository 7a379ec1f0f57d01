"""The widgets of the form: each knows how one kind of field is asked for."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import streamlit as st

from core.agents.prompt import choose_template
from core.agents.prompt_files import PromptFiles, prompt_files
from core.agents.rules import BY_AGENT, BY_STARTER, OTHERWISE
from core.agents.template import DEFAULT_TEMPLATE
from core.providers.base import CHAT
from core.text import N_, _
from pages.ui.agent_draft import Draft
from pages.ui.engine import workbench
from pages.ui.markdown import plain, quiet

LABELS = {
    "name": N_("Name"),
    "description": N_("In one line"),
    "gender": N_("Gender"),
    "language": N_("Speaks"),
    "background": N_("Background"),
    "personalities": N_("Personalities"),
    "roles": N_("Roles"),
    "tones": N_("Tones"),
    "body": N_("Instructions"),
    "introduction_en": N_("Introduces itself in English"),
    "introduction_ja": N_("Introduces itself in Japanese"),
    "greetings": N_("Greetings"),
    "examples": N_("Example dialogues"),
    "model": N_("Model"),
    "adapter": N_("Adapter"),
    "template": N_("Template of the prompt"),
    "temperature": N_("Temperature"),
    "top_p": N_("Top P"),
    "max_tokens": N_("Longest answer (tokens)"),
    "seed": N_("Seed"),
    "memory": N_("Remembers"),
    "talkativeness": N_("Talkativeness"),
    "skills": N_("Skills"),
    "tools": N_("Tools"),
}
HINTS = {
    "name": N_("Rooms know an agent by its name."),
    "body": N_("How it should act, in your own words. It stands in every prompt."),
    "background": N_("Where it comes from and what it has lived through."),
    "greetings": N_("Its first lines. A line of three hyphens (---) stands between two of them."),
    "examples": N_("Lines that show how it speaks: “{{user}}: …” asks, “{{char}}: …” answers."),
    "model": N_("The model that speaks for it, unless a room chooses another."),
    "adapter": N_("A LoRA adapter that is put onto the model; empty for none."),
    "temperature": N_("0 is the same every time, 1 is lively."),
    "top_p": N_("Only the likeliest words that make up this share are considered."),
    "seed": N_("The same number gives the same answer, as far as the model allows."),
    "talkativeness": N_("How readily it speaks up when it is not asked, from 0 to 1."),
    "tones": N_("How it speaks: polite, casual, dry …"),
}
_LANGUAGES = {"": N_("the language it is spoken to in"), "en": "English", "ja": "日本語"}
_SCOPES = {
    "none": N_("nothing from before"),
    "room": N_("what was said in the room"),
    "agent": N_("what was said in all its rooms"),
}


def label(name: str) -> str:
    """What the field is called on this screen."""
    return _(LABELS.get(name, name))


def text(draft: Draft, name: str) -> None:
    st.text_input(label(name), draft.first(name), key=draft.key(name), help=_hint(name))


def area(draft: Draft, name: str, *, height: int = 120) -> None:
    first, key = draft.first(name), draft.key(name)
    st.text_area(label(name), first, key=key, height=height, help=_hint(name))


def items(draft: Draft, name: str) -> None:
    """A list to which anything can be added by typing it."""
    first = draft.first(name)
    st.multiselect(
        label(name),
        _known(name, first),
        default=first,
        key=draft.key(name),
        accept_new_options=True,
        placeholder=_("Choose, or type your own"),
        help=_hint(name),
    )


def language(draft: Draft, name: str) -> None:
    _choice(draft, name, list(_LANGUAGES), lambda code: _(_LANGUAGES.get(code, code)))


def memory(draft: Draft, name: str) -> None:
    _choice(draft, name, list(_SCOPES), lambda scope: _(_SCOPES.get(scope, scope)))


def model(draft: Draft, name: str) -> None:
    """Those that are here, and any other reference that is typed."""
    refs = [info.ref for info in workbench().registry.models() if CHAT in info.capabilities]
    _choice(draft, name, ["", *refs], lambda ref: ref or _("the default model"), typed=True)


def template(draft: Draft, name: str) -> None:
    """By rule, or a named one; below it which one that is now."""
    names = [DEFAULT_TEMPLATE, *(one for one in template_names() if one != DEFAULT_TEMPLATE)]
    automatic = _("chosen by rule")
    _choice(draft, name, names, lambda one: automatic if one == DEFAULT_TEMPLATE else one)
    agent = draft.agent()
    choice = choose_template(agent, _files())
    if agent.template in ("", DEFAULT_TEMPLATE):
        quiet(chosen_by(choice.template, choice.rule))


def template_names() -> list[str]:
    """The templates that an agent can name."""
    return _files().templates.names()


def chosen_by(used: str, rule: str) -> str:
    """Which template that is, and why, as Markdown."""
    reasons = {
        BY_AGENT: N_("“{template}”: chosen here."),
        BY_STARTER: N_("“{template}”: the starter has only this one."),
        OTHERWISE: N_("“{template}”: no rule fits."),
    }
    why = reasons.get(rule, N_("“{template}”: by the rule “{rule}”."))
    return _(why, template=plain(used), rule=plain(rule))


def _files() -> PromptFiles:
    return prompt_files(workbench().settings.paths)


def number(draft: Draft, name: str, *, most: float, step: float) -> None:
    """A number from 0, or nothing."""
    st.number_input(
        label(name),
        min_value=type(step)(0),
        max_value=type(step)(most),
        value=draft.first(name),
        step=step,
        key=draft.key(name),
        placeholder=_("not set"),
        help=_hint(name),
    )


def _choice(
    draft: Draft,
    name: str,
    options: Sequence[Any],
    spoken: Callable[[Any], str],
    *,
    typed: bool = False,
) -> None:
    first = draft.first(name)
    known = options if first in options else [*options, first]
    st.selectbox(
        label(name),
        known,
        index=known.index(first),
        key=draft.key(name),
        format_func=spoken,
        accept_new_options=typed,
        help=_hint(name),
    )


def _hint(name: str) -> str | None:
    return _(HINTS[name]) if name in HINTS else None


def _known(name: str, chosen: Sequence[str]) -> list[str]:
    """What the others have there, and what is chosen already."""
    used = {item for agent in workbench().agents.list() for item in getattr(agent, name)}
    return sorted(used.union(chosen), key=str.casefold)
