"""What may be set about a policy: checked before it is stored."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from core.errors import InvalidInput
from core.rooms.policies import POLICIES
from core.rooms.policies.base import Option
from core.text import N_, words

MOST_NAMES = 100


def checked_policy(name: str) -> str:
    """
    Raises:
        InvalidInput: there is no such policy.
    """
    if name not in POLICIES:
        known = words(N_("one of {names}"), names=", ".join(POLICIES))
        raise InvalidInput(field="policy", expected=known, found=name[:80])
    return name


def checked_options(policy: str, given: Mapping[str, Any]) -> dict[str, Any]:
    """
    Raises:
        InvalidInput: the policy has no such option, or it takes another value.
    """
    options = {one.name: one for one in POLICIES[policy].options}
    for name in given:
        if name not in options:
            known = words(N_("one of {names}"), names=", ".join(options) or "-")
            raise InvalidInput(field="policy_options", expected=known, found=str(name)[:80])
    return {name: _checked(options[name], value) for name, value in given.items()}


def usable_options(policy: str, given: Mapping[str, Any]) -> dict[str, Any]:
    """Of options that came from elsewhere, those that this version understands."""
    options = {one.name: one for one in POLICIES[policy].options} if policy in POLICIES else {}
    return {
        name: value
        for name, value in given.items()
        if name in options and _FITS[options[name].kind](options[name], value)
    }


def _checked(option: Option, value: Any) -> Any:
    field = f"policy_options.{option.name}"
    fits = _FITS[option.kind]
    if not fits(option, value):
        raise InvalidInput(field=field, expected=_expected(option), found=str(value)[:80])
    return value


def _expected(option: Option) -> Any:
    if option.kind == "count":
        return words(N_("a number from {low} to {high}"), low=option.low, high=option.high)
    if option.kind == "switch":
        return words(N_("true or false"))
    return words(N_("a list of names") if option.kind == "members" else N_("a name"))


def _is_count(option: Option, value: Any) -> bool:
    return type(value) is int and option.low <= value <= option.high


def _is_name(_option: Option, value: Any) -> bool:
    return value is None or (isinstance(value, str) and 0 < len(value) <= 200)


def _are_names(option: Option, value: Any) -> bool:
    return (
        isinstance(value, list)
        and len(value) <= MOST_NAMES
        and all(name is not None and _is_name(option, name) for name in value)
    )


_FITS: dict[str, Callable[[Option, Any], bool]] = {
    "count": _is_count,
    "switch": lambda _option, value: isinstance(value, bool),
    "member": _is_name,
    "model": _is_name,
    "members": _are_names,
}
