"""What was edited since a card was imported, put back into its JSON; nothing else is touched."""

from __future__ import annotations

import copy
import re
from collections.abc import Mapping
from typing import Any

from core.agents.cards.card import V1, V3, VERSIONS, Card
from core.agents.cards.mapping import (
    OWN,
    OWN_LISTS,
    OWN_TEXTS,
    TALKATIVE,
    fields_of,
    joined,
    parts,
)
from core.agents.cards.tidy import tidied, tidy
from core.agents.spec import Agent


def edited(card: Card, agent: Agent) -> dict[str, Any]:
    """The fields of `agent` that are not what `card` says, as they are now."""
    before = fields_of(card)
    now = {name: getattr(agent, name) for name in before}
    changed = {name: value for name, value in now.items() if not _same(value, before[name])}
    if "name" in changed and _is_numbered(agent.name, before["name"]):
        del changed["name"]  # two characters of one name: the number is this app's alone
    return changed


def with_edits(card: Card, agent: Agent) -> dict[str, Any]:
    """The card's JSON with what was edited since; the very same when nothing was."""
    changed = edited(card, agent)
    raw: dict[str, Any] = copy.deepcopy(dict(card.raw))
    if changed:
        _Writer(card, raw).write(changed, agent)
    return raw


def fresh(agent: Agent) -> dict[str, Any]:
    """A version 3 card of an agent that never was one."""
    empty: dict[str, Any] = dict.fromkeys(_TEXT_FIELDS, "")
    empty |= {name: [] for name in ("alternate_greetings", "tags", "group_only_greetings")}
    data = empty | {"name": agent.name, "creator_notes": agent.description, "extensions": {}}
    raw = {"spec": V3, "spec_version": VERSIONS[V3], "data": data}
    return with_edits(Card(raw), agent)


_TEXT_FIELDS = (
    *("name", "description", "personality", "scenario", "first_mes", "mes_example"),
    *("creator_notes", "system_prompt", "post_history_instructions"),
    *("creator", "character_version"),
)


class _Writer:
    """Puts edited fields into `raw`, a copy of the card's JSON."""

    def __init__(self, card: Card, raw: dict[str, Any]) -> None:
        self._card = card
        self._raw = raw
        self._data: dict[str, Any] = raw if card.spec == V1 else raw["data"]

    def write(self, changed: Mapping[str, Any], agent: Agent) -> None:
        if "name" in changed:
            own_name = self._card.spec == V3 and self._card.text("nickname")
            self._put("nickname" if own_name else "name", agent.name)
        if "background" in changed:
            self._put("scenario", agent.background)
        if "examples" in changed:
            self._put("mes_example", agent.examples)
        if "personalities" in changed:
            self._put("personality", ", ".join(agent.personalities))
        if "greetings" in changed:
            self._put("first_mes", next(iter(agent.greetings), ""))
            self._put("alternate_greetings", list(agent.greetings[1:]))
        if "talkativeness" in changed:
            self._write_talkativeness(agent.talkativeness)
        if "body" in changed or "description" in changed:
            self._write_body(agent)
        for name in (*OWN_TEXTS, *OWN_LISTS, "language", "introduction"):
            if name in changed:
                self._put_own(name, changed[name])

    def _put(self, name: str, value: Any) -> None:
        before = self._data.get(name)
        # Many programs repeat fields of version 1 above `data`; the repetition stays true.
        if self._raw is not self._data and name in self._raw and self._raw[name] == before:
            self._raw[name] = value
        self._data[name] = value

    def _write_body(self, agent: Agent) -> None:
        rest = tidy(agent.body)
        first, _middle, last = parts(self._card)
        if first and rest.startswith(first):
            rest = rest.removeprefix(first).strip()
        elif first:
            self._put("system_prompt", "")
        if last and rest.endswith(last):
            rest = rest.removesuffix(last).strip()
        elif last:
            self._put("post_history_instructions", "")
        self._put("description", joined(tidy(agent.description), rest))

    def _write_talkativeness(self, value: float | None) -> None:
        extensions = self._extensions()
        was_text = isinstance(extensions.get(TALKATIVE), str)
        if value is None:
            extensions.pop(TALKATIVE, None)
        else:
            extensions[TALKATIVE] = str(value) if was_text else value

    def _put_own(self, name: str, value: Any) -> None:
        extensions = self._extensions()
        if not isinstance(extensions.get(OWN), dict):
            extensions[OWN] = {}
        plain = list(value) if isinstance(value, tuple) else value
        extensions[OWN][name] = dict(plain) if isinstance(plain, Mapping) else plain

    def _extensions(self) -> dict[str, Any]:
        if not isinstance(self._data.get("extensions"), dict):
            self._data["extensions"] = {}
        extensions: dict[str, Any] = self._data["extensions"]
        return extensions


def _same(one: Any, other: Any) -> bool:
    if isinstance(one, str):
        return bool(tidy(one) == other)
    if isinstance(one, tuple):
        return bool(tidied(one) == other)
    return bool(one == other)


def _is_numbered(name: str, base: str) -> bool:
    found = re.fullmatch(r"(.+) \d{1,5}", name)
    return found is not None and base.startswith(found[1]) and len(found[1]) >= min(len(base), 70)
