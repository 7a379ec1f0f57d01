"""Turn policies: who answers what was said. One small file each; `base` says what they are.

A new one is a new file and a line here.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from core.rooms.policies.base import Policy
from core.rooms.policies.debate import Debate
from core.rooms.policies.in_order import InOrder
from core.rooms.policies.manual import Manual
from core.rooms.policies.moderator import Moderator
from core.rooms.policies.named import Named
from core.rooms.policies.natural import Natural
from core.rooms.policies.selector import Selector
from core.rooms.policies.vote import Vote

IN_ORDER = InOrder.name

POLICIES: Mapping[str, Policy] = {
    policy.name: policy
    for policy in (
        InOrder(),
        Named(),
        Natural(),
        Selector(),
        Moderator(),
        Vote(),
        Manual(),
        Debate(),
    )
}


def policy_of(name: str) -> Policy:
    """The policy of this name; "in order" for one that this version does not know."""
    return POLICIES.get(name, POLICIES[IN_ORDER])


def with_defaults(policy: Policy, given: Mapping[str, Any] | None) -> dict[str, Any]:
    """What is set about a policy, the rest by its defaults."""
    chosen = given or {}
    return {one.name: chosen.get(one.name, one.default) for one in policy.options}


def picker_of(policy: str, given: Mapping[str, Any] | None) -> tuple[str, str] | None:
    """The model that a policy asks who comes next, behind the name of the option that says so.

    `None`: it asks no model, or those of members.
    """
    known = policy_of(policy)
    chosen = with_defaults(known, given)
    models = [one.name for one in known.options if one.kind == "model" and chosen[one.name]]
    return (models[0], str(chosen[models[0]])) if known.asks_models and models else None
