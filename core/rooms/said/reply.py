"""One message while it is being written: stored before it is seen, never doubled.

The row is there, `pending`, before the first token. Text is stored together with its `delta`
event in one transaction, the first piece at once and the rest at most every `flush_ms`, so
that whatever a subscriber saw survives a kill, and a kill leaves an exact prefix.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from dataclasses import asdict
from typing import Any

from sqlalchemy import Connection, update

from core.errors import StorageError
from core.messages import Message, Reason, ReplyStatus, StreamEvent, Timings, Usage
from core.rooms import book
from core.rooms.log import Logs
from core.rooms.said.flusher import Flusher
from core.store import Store, tables as t

RETRY_S = 1.0
FIRST_S = 0.1
AHEAD_S = 0.0005  # of this reply's reader, so that those who were just woken see it first

Work = Callable[[Connection], Any]


class Reply:
    """Writes one pending message to its end. Thread-safe."""

    def __init__(
        self, store: Store, logs: Logs, flusher: Flusher, message: Message, flush_ms: int
    ) -> None:
        self.message = message
        self._store, self._logs, self._flusher = store, logs, flusher
        self._interval_s = flush_ms / 1000
        self._lock = threading.Lock()
        self._text = message.content  # of one that goes on, what stands there
        self._stored = len(self._text)  # code points that are committed or on their way
        self._writing = False
        self._scheduled = False
        self._next_flush = 0.0
        self._ended = False
        self._seen = threading.Event()  # the first piece is with the subscribers

    @property
    def text(self) -> str:
        """All that was said so far."""
        return self._text

    def add(self, text: str) -> None:
        """Say more. Storing happens beside it; only the first piece is waited for, briefly.

        Otherwise a fast model's reader keeps the interpreter busy while the first words of its
        answer are still on their way to the disk and to those who wait for them.
        """
        if not text:
            return
        with self._lock:
            first = not self._text
            self._text += text
        self._flush()
        if first:
            self._seen.wait(FIRST_S)
            time.sleep(AHEAD_S)

    def thinking(self) -> None:
        """Let those who listen know that thoughts come, but no word yet."""
        room, seq = self.message.room, self.message.seq
        future = self._store.submit(
            lambda conn: book.change_message(conn, room, seq, "status", {"reasoning": ""})
        )
        future.add_done_callback(self._thought)

    def replace(self, content: str, *, owner: str, key: str | None) -> Message:
        """End as `complete` with `content`, whatever was streamed before it.

        Raises:
            StorageError: it could not be stored.
        """
        return self.finish(ReplyStatus.COMPLETE, also=self.put(content, owner=owner, key=key))

    def put(self, content: str, *, owner: str, key: str | None) -> Work:
        """Let it be `content`, whatever was streamed; gives what `finish` must do `also`."""
        with self._lock:
            self._text = content
        where = (t.messages.c.id == self.message.id,)
        values = {"owner": owner, "idempotency_key": key}
        return lambda conn: conn.execute(update(t.messages).where(*where).values(**values))

    def finish(
        self,
        status: ReplyStatus,
        *,
        model: str | None = None,
        host: str | None = None,
        reason: Reason | None = None,
        usage: Usage | None = None,
        timings: Timings | None = None,
        reasoning: str | None = None,
        speech: Mapping[str, Any] | None = None,
        also: Work | None = None,
        wait_to_retry: Callable[[], bool] = lambda: False,
    ) -> Message:
        """Store the final state and return it. `also` runs in the same transaction.

        When storage fails, `wait_to_retry` waits a while and says whether to try again.

        Raises:
            StorageError: it could not be stored; the row stays `pending` until the next start.
        """
        with self._lock:
            self._ended = True
        values = {
            "content": self._text,
            "status": str(status),
            "host": host,
            "reason": asdict(reason) if reason else None,
            "usage": asdict(usage) if usage else None,
            "timings": asdict(timings) if timings else None,
            "reasoning": reasoning,
            "speech": dict(speech) if speech else None,
            "again": None,
        }
        if model is not None:
            values["model"] = model

        def work(conn: Connection) -> list[StreamEvent]:
            told = [*self._rest(conn), book.change_message(conn, room, seq, "status", values)]
            if also is not None:
                also(conn)  # last, since who comes next may be named in the last words
            return told

        room, seq = self.message.room, self.message.seq
        while True:
            try:
                events = self._store.write(work)
                break
            except StorageError:
                if not wait_to_retry():
                    raise
        for event in events:
            self._logs.publish(event)
        final = events[-1].message
        assert final is not None
        return final

    def _thought(self, done: Future[StreamEvent]) -> None:
        if done.exception() is None:
            self._logs.publish(done.result())

    def _rest(self, conn: Connection) -> list[StreamEvent]:
        """The last piece as a delta, so that the deltas of a reply always join to its text."""
        stored = book.content_of(conn, self.message.room, self.message.seq)
        if self._text == stored or not self._text.startswith(stored):
            return []
        return [self._delta(len(stored), self._text[len(stored) :])(conn)]

    def _flush(self) -> None:
        with self._lock:
            if self._ended or self._writing or self._stored >= len(self._text):
                return
            wait = self._next_flush - time.monotonic()
            if wait > 0:
                if not self._scheduled:
                    self._scheduled = True
                    self._flusher.call_at(self._next_flush, self._flush_due)
                return
            self._writing = True
            self._next_flush = time.monotonic() + self._interval_s
            offset, text = self._stored, self._text[self._stored :]
            self._stored = len(self._text)
        future = self._store.submit(self._delta(offset, text))
        future.add_done_callback(lambda done: self._flushed(done, offset))

    def _flush_due(self) -> None:
        with self._lock:
            self._scheduled = False
        self._flush()

    def _delta(self, offset: int, text: str) -> Callable[[Connection], StreamEvent]:
        room, seq = self.message.room, self.message.seq
        return lambda conn: book.append(conn, room, seq, offset, text)

    def _flushed(self, done: Future[StreamEvent], offset: int) -> None:
        failed = done.exception() is not None
        with self._lock:
            self._writing = False
            if failed:
                # Nothing of it is stored: it goes again, with what came since.
                self._stored = offset
                self._next_flush = time.monotonic() + RETRY_S
        if not failed:
            self._logs.publish(done.result())
        self._seen.set()
        self._flush()
