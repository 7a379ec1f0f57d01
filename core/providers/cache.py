"""The answer cache: the same words again for exactly the same question. Off unless wanted.

The same question is the same model, the same messages to the last character and the same
options; anything else asks anew. Only complete answers are kept, as they stand in the room. What
is not noticed: a model that was replaced under its name (`ollama pull`), and that a model with a
temperature would have put it differently this time.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import Connection, LargeBinary, cast, delete, func, insert, select, update
from sqlalchemy.sql.selectable import Select

from core.errors import StorageError
from core.messages import PromptMessage
from core.providers.base import GenerationOptions
from core.store import Store, tables as t
from core.store.times import to_text

# How long one waits changes no word of an answer; every other option may.
NO_MATTER = ("first_token_s", "between_tokens_s", "retries")


@dataclass(frozen=True, slots=True)
class CacheLimits:
    """What is kept at most: answers, bytes of text, days. The oldest go first."""

    rows: int = 1_000
    total_bytes: int = 4_000_000
    days: int = 7


@dataclass(frozen=True, slots=True)
class KeptAnswer:
    """An answer given before: its text, and when (UTC, as stored)."""

    content: str
    at: str


@dataclass(frozen=True, slots=True)
class CacheCounts:
    """How much is kept: answers, bytes of text; `hits` counts how often those were used."""

    enabled: bool
    rows: int
    total_bytes: int
    hits: int


class AnswerCache:
    """The cache of one data folder. Thread-safe. `enabled` is asked anew each time."""

    def __init__(
        self,
        store: Store,
        limits: CacheLimits,
        enabled: Callable[[], bool],
        *,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._store, self._limits, self._enabled, self._now = store, limits, enabled, now

    def key(
        self, ref: str, messages: Sequence[PromptMessage], options: GenerationOptions
    ) -> str | None:
        """What the question is known by; `None` while the cache is off."""
        if not self._enabled():
            return None
        counting = {name: value for name, value in asdict(options).items() if name not in NO_MATTER}
        said = [asdict(message) for message in messages]
        question = json.dumps([ref, said, counting], sort_keys=True, default=repr)
        return hashlib.sha256(question.encode("utf-8")).hexdigest()

    def find(self, key: str) -> KeptAnswer | None:
        """The answer kept under `key`, unless it is too old. A broken storage keeps nothing."""
        row_of = select(t.answers.c.content, t.answers.c.created_at).where(
            t.answers.c.key == key, t.answers.c.created_at >= self._oldest()
        )
        try:
            with self._store.read() as conn:
                row = conn.execute(row_of).first()
            if row is None:
                return None
            self._store.submit(lambda conn: _count_use(conn, key))
        except StorageError:
            return None
        return KeptAnswer(row.content, row.created_at)

    def keep(self, conn: Connection, key: str, ref: str, content: str) -> None:
        """Keep a complete answer, inside the transaction that stores it as a message."""
        conn.execute(delete(t.answers).where(t.answers.c.key == key))
        moment = to_text(self._now())
        row = {"key": key, "model": ref, "content": content, "created_at": moment, "used": 0}
        conn.execute(insert(t.answers), row)
        self._prune(conn)

    def counts(self) -> CacheCounts:
        with self._store.read() as conn:
            totals = select(func.count(), _total(_BYTES), _total(t.answers.c.used))
            rows, total_bytes, hits = conn.execute(totals.select_from(t.answers)).one()
        return CacheCounts(self._enabled(), rows, total_bytes, hits)

    def clear(self) -> int:
        """Forget every answer; how many there were.

        Raises:
            StorageError: nothing was forgotten.
        """
        return self._store.write(lambda conn: conn.execute(delete(t.answers)).rowcount)

    def _oldest(self) -> str:
        return to_text(self._now() - timedelta(days=self._limits.days))

    def _prune(self, conn: Connection) -> None:
        conn.execute(delete(t.answers).where(t.answers.c.created_at < self._oldest()))
        newest = select(t.answers.c.key, _BYTES).order_by(t.answers.c.created_at.desc())
        rows = total_bytes = 0
        for key, size_bytes in conn.execute(newest).all():
            rows, total_bytes = rows + 1, total_bytes + size_bytes
            if rows > self._limits.rows or total_bytes > self._limits.total_bytes:
                conn.execute(delete(t.answers).where(t.answers.c.key == key))


_BYTES = func.length(cast(t.answers.c.content, LargeBinary))


def _total(column: Any) -> Any:
    return func.coalesce(func.sum(column), 0)


def forget_answer(conn: Connection, content: str) -> None:
    """Somebody erased these words: no kept answer may repeat them."""
    if content:
        conn.execute(delete(t.answers).where(t.answers.c.content == content))


def forget_answers(conn: Connection, contents: Select[tuple[str]]) -> None:
    """The same for all the words that a query finds."""
    conn.execute(delete(t.answers).where(t.answers.c.content.in_(contents)))


def _count_use(conn: Connection, key: str) -> None:
    used = t.answers.c.used + 1
    conn.execute(update(t.answers).where(t.answers.c.key == key).values(used=used))
