"""How a room takes turns, as a form."""

from __future__ import annotations

from typing import Any

import streamlit as st

from core.rooms.model import Room
from core.rooms.policies import POLICIES, policy_of, with_defaults
from core.rooms.policies.base import Option
from core.text import _
from pages.ui.engine import workbench
from pages.ui.markdown import quiet


def policy_choice(now: str, key: str) -> str:
    """The policy that is chosen; what it means stands below, where a phone has room for it."""
    names = list(POLICIES)
    chosen: str = st.selectbox(
        _("How they take turns"),
        names,
        index=names.index(policy_of(now).name),
        format_func=lambda name: _(POLICIES[name].title),
        key=key,
    )
    quiet(_(POLICIES[chosen].explained))
    return chosen


def option_choices(room: Room, policy: str) -> dict[str, Any]:
    """What is set about the policy in this room."""
    known = policy_of(policy)
    given = room.policy_options if policy == room.policy else None
    now = with_defaults(known, given)
    return {one.name: _asked(room, policy, one, now[one.name]) for one in known.options}


def _asked(room: Room, policy: str, option: Option, now: Any) -> Any:
    title, key = _(option.title), f"{policy}-{option.name}"
    if option.kind == "switch":
        return st.toggle(title, bool(now), key=key)
    if option.kind == "count":
        return int(st.number_input(title, option.low, option.high, int(now), key=key))
    if option.kind == "members":
        chosen = [name for name in now if name in room.agents]
        return st.multiselect(title, list(room.agents), default=chosen, key=key)
    choices = list(room.agents) if option.kind == "member" else _models()
    if now and now not in choices:
        choices.append(now)
    place = choices.index(now) if now else None
    return st.selectbox(title, choices, index=place, key=key, placeholder=_("By itself"))


def _models() -> list[str]:
    found = workbench().registry.models()
    return [model.ref for model in found if "chat" in model.capabilities]
