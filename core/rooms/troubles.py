"""What went wrong with an agent's replies, by name: read from the rooms, kept nowhere else."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, func, select

from core.errors import FromCache, ProviderError, by_code
from core.messages import Kind, Reason, ReplyStatus
from core.store import tables as t

LOOKED_AT = 1_000  # of the newest replies with a reason; what is older is past


@dataclass(frozen=True, slots=True)
class Trouble:
    """One reply that did not go as wanted. `code` names the kind of error, `model` the one
    that was to answer; `status` is `complete` when another model gave the answer.
    """

    code: str
    reason: Reason
    status: ReplyStatus
    model: str | None
    room: str
    seq: int
    at: str


@dataclass(frozen=True, slots=True)
class Troubles:
    """The last ones of an agent, the newest first, and how often each kind of error came."""

    last: tuple[Trouble, ...]
    kinds: Mapping[str, int]


def troubles_of(conn: Connection, agent: str, limit: int) -> Troubles:
    """What went wrong with the replies of `agent` in rooms that are not deleted."""
    columns = ("reason", "status", "model", "room_id", "seq", "created_at")
    query = (
        select(*(t.messages.c[name] for name in columns))
        .join(t.rooms, t.rooms.c.id == t.messages.c.room_id)
        .where(
            t.messages.c.sender == agent,
            t.messages.c.kind == str(Kind.AGENT),
            func.json_type(t.messages.c.reason) == "object",
            t.rooms.c.deleted_at.is_(None),
        )
        .order_by(t.messages.c.created_at.desc())
        .limit(LOOKED_AT)
    )
    rows = [dict(row) for row in conn.execute(query).mappings()]
    # An answer from the cache is no trouble.
    found = [_trouble(row) for row in rows if row["reason"]["code"] != FromCache.code]
    return Troubles(tuple(found[:limit]), dict(Counter(one.code for one in found).most_common()))


def kind_of(reason: Reason) -> str:
    """The code of what really went wrong: of a fallback, why the wanted model did not answer."""
    cause = reason.params.get("cause")
    return str(cause["code"]) if isinstance(cause, Mapping) and "code" in cause else reason.code


def nobody_answered(status: ReplyStatus, reason: Reason | None) -> bool:
    """Whether a reply failed although everybody in its chain, the starter too, was asked."""
    if status is not ReplyStatus.FAILED or reason is None or reason.code == "interrupted":
        return False
    return reason.code == "model_not_found" or issubclass(by_code(reason.code), ProviderError)


def _trouble(row: Mapping[str, Any]) -> Trouble:
    reason = _reason(row["reason"])
    wanted = reason.params.get("wanted") or row["model"]
    status = ReplyStatus(row["status"])
    place = (row["room_id"], row["seq"], row["created_at"])
    return Trouble(kind_of(reason), reason, status, wanted, *place)


def _reason(stored: Mapping[str, Any]) -> Reason:
    return Reason(stored["code"], stored["params"])
