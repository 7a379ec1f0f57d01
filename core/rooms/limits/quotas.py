"""How much one user may ask of models: messages a minute, tokens a day. Off unless set.

A message counts when it starts a round; what is refused, and the same message sent twice, costs
nothing. Tokens are those of the replies (as the server counted them, else pieces): they are
known when a reply has ended, so the last one of a day may go over. The minute slides and is
forgotten when the app ends; the day is the UTC day and is stored.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from sqlalchemy import Connection, bindparam, select
from sqlalchemy.dialects.sqlite import insert

from core.errors import OverQuota, RequestsUsedUp, TokensUsedUp
from core.store import Store, tables as t
from core.store.prepared import Prepared

MINUTE_S = 60.0

_ROW = insert(t.spending).values(
    owner=bindparam("who"), day=bindparam("on"), requests=bindparam("asked"), tokens=bindparam("n")
)
_SPEND = Prepared(
    _ROW.on_conflict_do_update(
        index_elements=[t.spending.c.owner, t.spending.c.day],
        set_={
            "requests": t.spending.c.requests + _ROW.excluded.requests,
            "tokens": t.spending.c.tokens + _ROW.excluded.tokens,
        },
    )
)
_SPENT = Prepared(
    select(t.spending.c.tokens).where(
        t.spending.c.owner == bindparam("who"), t.spending.c.day == bindparam("on")
    )
)


@dataclass(frozen=True, slots=True)
class QuotaLimits:
    """What each user may ask for; 0: any amount."""

    requests_a_minute: int = 0
    tokens_a_day: int = 0


@dataclass(frozen=True, slots=True)
class Spent:
    """How much of one quota is used. `limit` `None`: there is none."""

    used: int
    limit: int | None


@dataclass(frozen=True, slots=True)
class Quota:
    """One user's quotas at one moment; `reached` says which one refuses, and until when."""

    requests: Spent
    tokens: Spent
    reached: OverQuota | None


class Charge:
    """The price of one message, taken inside the transaction that stores it."""

    def __init__(self, quotas: Quotas, owner: str) -> None:
        self._quotas, self._owner = quotas, owner
        self._at: float | None = None

    def take(self, conn: Connection) -> None:
        """Count one message. A repeated transaction counts once.

        Raises:
            OverQuota: it is too many; nothing was counted.
        """
        self.give_back()
        self._at = self._quotas.take(conn, self._owner)

    def give_back(self) -> None:
        """It was not stored, so it costs nothing."""
        at, self._at = self._at, None
        if at is not None:
            self._quotas.give_back(self._owner, at)


class Quotas:
    """What every user has asked for. Thread-safe. `clock` gives seconds, `now` the time of day."""

    def __init__(
        self,
        store: Store,
        limits: QuotaLimits,
        *,
        clock: Callable[[], float] = time.monotonic,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._store, self._limits, self._clock, self._now = store, limits, clock, now
        self._lock = threading.Lock()
        self._asked: dict[str, deque[float]] = {}

    def charge(self, owner: str) -> Charge:
        return Charge(self, owner)

    def take(self, conn: Connection, owner: str) -> float:
        """Count a message of `owner`; when that was.

        Raises:
            OverQuota: it is too many; nothing was counted.
        """
        with self._lock:
            refusal = self._refusal(conn, owner)
            if refusal is not None:
                raise refusal
            present = self._clock()
            self._within(owner).append(present)
        self._spend(conn, owner, asked=1, tokens=0)
        return present

    def give_back(self, owner: str, at: float) -> None:
        with self._lock:
            asked = self._within(owner)
            if at in asked:
                asked.remove(at)

    def spend(self, conn: Connection, owner: str, tokens: int) -> None:
        """Count the tokens of a reply that `owner` caused, in the transaction that ends it."""
        if tokens > 0:
            self._spend(conn, owner, asked=0, tokens=tokens)

    def state(self, owner: str) -> Quota:
        """What `owner` has used, and whether the next message would be refused."""
        limits = self._limits
        with self._store.read() as conn, self._lock:
            return Quota(
                Spent(len(self._within(owner)), limits.requests_a_minute or None),
                Spent(self._tokens(conn, owner), limits.tokens_a_day or None),
                self._refusal(conn, owner),
            )

    # --- inside -----------------------------------------------------------------------------

    def _refusal(self, conn: Connection, owner: str) -> OverQuota | None:
        limits = self._limits
        if limits.tokens_a_day and self._tokens(conn, owner) >= limits.tokens_a_day:
            return TokensUsedUp(limit=limits.tokens_a_day, seconds=self._to_midnight_s())
        asked = self._within(owner)
        if limits.requests_a_minute and len(asked) >= limits.requests_a_minute:
            frees = asked[-limits.requests_a_minute] + MINUTE_S - self._clock()
            return RequestsUsedUp(limit=limits.requests_a_minute, seconds=frees)
        return None

    def _within(self, owner: str) -> deque[float]:
        """When `owner` asked within the last minute."""
        asked = self._asked.setdefault(owner, deque())
        oldest = self._clock() - MINUTE_S
        while asked and asked[0] <= oldest:
            asked.popleft()
        return asked

    def _tokens(self, conn: Connection, owner: str) -> int:
        return int(_SPENT.scalar(conn, {"who": owner, "on": self._day()}) or 0)

    def _spend(self, conn: Connection, owner: str, *, asked: int, tokens: int) -> None:
        _SPEND.run(conn, {"who": owner, "on": self._day(), "asked": asked, "n": tokens})

    def _day(self) -> str:
        return self._now().astimezone(UTC).date().isoformat()

    def _to_midnight_s(self) -> float:
        present = self._now().astimezone(UTC)
        midnight = present.replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(days=1)
        return (midnight - present).total_seconds()
