"""What conversations are looked after with: the answer cache and the quotas of users."""

from __future__ import annotations

from typing import Any, Protocol

from sqlalchemy import Connection, bindparam, select

from core.messages import ReplyStatus
from core.providers.cache import AnswerCache, CacheLimits
from core.rooms.answering.speaker import Spoken
from core.rooms.limits.quotas import QuotaLimits, Quotas
from core.rooms.turns.rounds import Turn
from core.settings import CareSettings
from core.store import Store, tables as t
from core.store.prepared import Prepared

LOCAL = "local"  # the owner of this installation
_OWNER = Prepared(
    select(t.messages.c.owner).where(
        t.messages.c.room_id == bindparam("room"), t.messages.c.seq == bindparam("number")
    )
)
CACHE_WANTED = "answer_cache"  # a preference: what the switch on the Settings screen says


class Chosen(Protocol):
    """What the user chose on the Settings screen."""

    def get(self, name: str, default: Any = None) -> Any: ...


class Care:
    """Thread-safe; one per app."""

    def __init__(self, store: Store, settings: CareSettings, chosen: Chosen) -> None:
        self.cache = AnswerCache(
            store,
            CacheLimits(settings.cache_rows, settings.cache_bytes, settings.cache_days),
            lambda: bool(chosen.get(CACHE_WANTED, settings.cache)),
        )
        self.quotas = Quotas(store, QuotaLimits(settings.requests_a_minute, settings.tokens_a_day))

    def ended(
        self, conn: Connection, turn: Turn, status: ReplyStatus, spoken: Spoken, text: str
    ) -> None:
        """A turn's reply has ended: its asker pays, and a complete one may be kept."""
        self.quotas.spend(conn, _asker(conn, turn), tokens_of(spoken))
        if status is ReplyStatus.COMPLETE and spoken.key and spoken.model and text:
            self.cache.keep(conn, spoken.key, spoken.model, text)


def _asker(conn: Connection, turn: Turn) -> str:
    """Who wrote the last message that this round answers; the owner when nobody had written."""
    asked = {"room": turn.room, "number": turn.trigger_seq}
    owner: str | None = _OWNER.scalar(conn, asked)
    return owner or LOCAL


def tokens_of(spoken: Spoken) -> int:
    """What the model's server counted, else the pieces that came."""
    counted = spoken.usage.completion_tokens if spoken.usage else None
    return spoken.pieces if counted is None else counted
