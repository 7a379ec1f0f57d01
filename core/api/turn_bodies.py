"""How turns are taken, as JSON."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from core.rooms.policies.base import Policy
from core.rooms.policies.reasons import why
from core.rooms.rules import is_one_of
from core.rooms.service import Rooms
from core.text import translate

ROUNDS_SHOWN = 10


def policy_body(policy: Policy, lang: str) -> dict[str, Any]:
    return {
        "name": policy.name,
        "title": translate(policy.title, lang),
        "explained": translate(policy.explained, lang),
        "options": [
            {**asdict(option), "title": translate(option.title, lang)} for option in policy.options
        ],
    }


def queue_body(rooms: Rooms, ref: str, lang: str, ears: Sequence[str] = ()) -> dict[str, Any]:
    """Who speaks, who is next and why (told to `ears` only of themselves); what rounds cost."""
    room = rooms.get(ref)
    now = rooms.presence(room.id)
    return {
        "room": room.id,
        "speaking": now.speaking,
        "seq": now.seq,
        "also": list(now.also),
        "choosing": now.choosing,
        "ahead": now.ahead,
        "next": [
            {
                "agent": one.agent,
                "why": why(one.why, lang) if not ears or is_one_of(one.agent, ears) else None,
                "model": one.model,
                "loads": one.loads,
            }
            for one in now.coming
        ],
        "rounds": [asdict(one) for one in rooms.record.rounds(room.id, ROUNDS_SHOWN)],
    }
