"""Saving an agent, and what happens when somebody else has saved it meanwhile."""

from __future__ import annotations

from dataclasses import replace

import streamlit as st

from core.agents import Agent
from core.agents.checks import problems
from core.agents.comparing import changes
from core.agents.spec import USER
from core.agents.template import DEFAULT_TEMPLATE
from core.errors import AgentConflict, AgentNotFound, ModelNotFound
from core.rooms.renaming import seat_under
from core.text import Words, _
from pages.ui import people
from pages.ui.agent_draft import Draft, begin, forget
from pages.ui.agent_widgets import template_names
from pages.ui.engine import workbench
from pages.ui.failures import kept
from pages.ui.markdown import quiet
from pages.ui.state import state


def save(draft: Draft) -> None:
    """For a button: store the draft, or say per field why not.

    Raises:
        WorkbenchError: it could not be stored; the draft stays.
    """
    draft.read()
    draft.problems = found(draft)
    draft.refused = frozenset(draft.problems)
    if not draft.problems:
        _store(draft)


def found(draft: Draft) -> dict[str, str]:
    """What is wrong with each field now, in words."""
    bench = workbench()
    wrong = problems(
        draft.agent(),
        bench.agents,
        opened=draft.opened,
        model_known=_known_model,
        template_known=lambda name: name == DEFAULT_TEMPLATE or name in template_names(),
    )
    return {name: _spoken(detail) for name, detail in wrong.items()}


def conflict(draft: Draft) -> None:
    """Both sides' changes since this editor opened the file, and the ways out."""
    theirs = draft.theirs
    if theirs is None:
        return
    mine = draft.agent()
    with st.container(border=True, key="agent-conflict"):
        st.markdown("**" + _("Somebody else has saved this agent since you opened it.") + "**")
        quiet(_("Nothing was overwritten. Whatever you choose, theirs stays among the versions."))
        one, other = st.columns(2, gap="small")
        with one:
            _side(_("What they changed"), changes(draft.base, theirs))
        with other:
            _side(_("What you changed"), changes(draft.base, mine))
        with st.container(horizontal=True):
            for label, act in (
                (_("Put mine onto theirs"), lambda: _combine(draft, theirs)),
                (_("Take theirs"), lambda: _take(draft, theirs)),
                (_("Save mine as it is"), lambda: _overrule(draft, theirs)),
            ):
                st.button(label, on_click=kept(act))


def _side(title: str, difference: str) -> None:
    quiet(title)
    st.code(difference or _("Nothing."), language="diff", wrap_lines=True)


def _combine(draft: Draft, theirs: Agent) -> None:
    """Their file with my changed fields in it, to be looked at and saved."""
    begin(draft.opened, theirs).values |= draft.changes()


def _take(draft: Draft, theirs: Agent) -> None:
    begin(draft.opened, theirs)


def _overrule(draft: Draft, theirs: Agent) -> None:
    seen = {"revision": theirs.revision, "file": theirs.file, "source": theirs.source}
    draft.base = replace(draft.agent(), **seen)
    draft.theirs = None
    _store(draft)


def _store(draft: Draft) -> None:
    agents = workbench().agents
    try:
        saved = agents.save(draft.agent(), revision=draft.base.revision or None)
    except AgentConflict:
        _meet(draft)
        return
    if draft.opened and not _known(draft.opened):
        seat_under(workbench().rooms, draft.opened, saved.name)
    picture, changed = draft.picture, draft.new_picture
    forget(draft.opened)
    fresh = begin(saved.name, saved)
    st.query_params["name"] = saved.name
    if changed:
        fresh.new_picture, fresh.picture = True, picture  # until it is stored, too
        begin(saved.name, agents.set_avatar(saved.name, picture))
        people.look_again()
    state().agent_saved = saved.name


def _meet(draft: Draft) -> None:
    try:
        draft.theirs = workbench().agents.get(draft.opened)
    except AgentNotFound:  # it was deleted elsewhere: there is nothing to overwrite
        draft.base = replace(draft.agent(), revision="", file="", source=USER)
        _store(draft)


def _known(name: str) -> bool:
    try:
        workbench().agents.get(name)
    except AgentNotFound:
        return False
    return True


def _known_model(ref: str) -> bool:
    try:
        workbench().registry.provider(ref)
    except ModelNotFound:
        return False
    return True


def _spoken(detail: Words | str) -> str:
    return _(detail.text, **detail.params) if isinstance(detail, Words) else detail
