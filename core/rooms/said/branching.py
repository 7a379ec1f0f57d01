"""A branch: a room of its own with everything up to one message, which knows where it is from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from core.rooms.rules import MAX_NAME, name_key
from core.store.times import now


def branch_of(document: Mapping[str, Any], seq: int, name: str) -> dict[str, Any]:
    """The document of a branch of the room that `document` holds, up to and with `seq`.

    Its members are those of the room now; each has heard there what it had heard by then.
    """
    room = document["room"]
    inside = {name_key(member["name"]) for member in room["members"]}
    fresh = {"name": name, "created_at": now(), "spent": None, "halted": None}
    origin = {"room": room["id"], "name": room["name"], "seq": seq}
    spans = _cut(room["attendance"], seq, inside)
    return {
        **document,
        "room": {**room, **fresh, "origin": origin, "attendance": spans},
        "messages": document["messages"][:seq],
    }


def free_name(name: str, taken: Sequence[str]) -> str:
    """`name` with the first number behind it that no room has: "Tea 2"."""
    keys = {name_key(one) for one in taken}
    number = 2
    while name_key(candidate := f"{name[: MAX_NAME - 6]} {number}") in keys:
        number += 1
    return candidate


def _cut(spans: Sequence[Mapping[str, Any]], seq: int, inside: set[str]) -> list[dict[str, Any]]:
    kept = []
    for span in spans:
        here = span["until_seq"] is None and name_key(span["name"]) in inside
        if here:
            kept.append({**span, "since_seq": min(span["since_seq"], seq)})
        elif span["since_seq"] < seq:
            until = seq if span["until_seq"] is None else min(span["until_seq"], seq)
            kept.append({**span, "until_seq": until})
    return kept
