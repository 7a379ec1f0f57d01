"""The vectors of all agents: one row each in the database, made anew when its text changed.

Disposable: everything here can be made again from the files. It is made in the background, a few
agents at a time, and only when somebody searches; a start never waits for it.
"""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING

from sqlalchemy import Connection, delete, insert, select

from core.agents.names import name_key
from core.agents.spec import Agent
from core.embedding import Encoder
from core.errors import EncoderAway, StorageError
from core.store import Store
from core.store.tables import agent_index as t

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

AT_ONCE = 16
BODY_CHARS = 600  # of the free text; an encoder reads a few hundred signs well, not a book
Row = tuple[str, bytes]
"""(digest of the text, vector as float32 bytes)"""


class Index:
    """Keeps the vectors of one encoder. Thread-safe."""

    def __init__(self, store: Store, encoder: Encoder) -> None:
        self.problem: EncoderAway | None = None
        self._store = store
        self._encoder = encoder
        self._lock = threading.Lock()
        self._kept_for = ""
        self._rows: dict[str, Row] = {}
        self._digests: dict[str, str] = {}
        self._thread: threading.Thread | None = None
        self._closing = threading.Event()

    def update(self, agents: Sequence[Agent]) -> threading.Thread | None:
        """Begin to make what is missing; the thread that does, `None` when nothing is."""
        with self._lock:
            if self._thread is not None and self._thread.is_alive():
                return self._thread
            self._load()
            stale = [one for one in agents if self._row(one) is None]
            gone = self._rows.keys() - {name_key(one.name) for one in agents}
            if self._closing.is_set() or not (stale or gone):
                return None
            self._thread = threading.Thread(
                target=self._make, args=(stale, gone), name="agent-index", daemon=True
            )
            self._thread.start()
            return self._thread

    def likeness(self, text: str, agents: Sequence[Agent], *, wait_s: float) -> Mapping[str, float]:
        """Key → cosine to `text`, of those agents whose vector is there.

        Raises:
            EncoderAway: the text cannot be encoded within `wait_s`.
        """
        import numpy as np

        query = self._encoder.encode([text], wait_s=wait_s)[0]
        with self._lock:
            self._load()
            rows = {name_key(one.name): self._row(one) for one in agents}
        there = {key: row for key, row in rows.items() if row is not None}
        if not there:
            return {}
        matrix = np.frombuffer(b"".join(there.values()), "<f4").reshape(len(there), -1)  # (n, d)
        return dict(zip(there, (matrix @ query).tolist(), strict=True))

    def close(self) -> None:
        """Stop after the few agents that are being encoded; the encoder is ended by its owner."""
        self._closing.set()

    def join(self) -> None:
        """Return when nothing is being made any more."""
        if self._thread is not None:
            self._thread.join()

    def _row(self, agent: Agent) -> bytes | None:
        digest, vector = self._rows.get(name_key(agent.name), ("", b""))
        return vector if digest == self._digest(agent) else None

    def _digest(self, agent: Agent) -> str:
        known = self._digests.get(agent.revision)
        if known is None:
            if len(self._digests) > 10_000:
                self._digests.clear()
            known = hashlib.sha256(described(agent).encode(errors="replace")).hexdigest()
            self._digests[agent.revision] = known
        return known

    def _load(self) -> None:
        """Read the rows of the present encoder, once."""
        name = self._encoder.name
        if name == self._kept_for:
            return
        query = select(t.c.name_key, t.c.digest, t.c.vector).where(t.c.encoder == name)
        with self._store.read() as conn:
            self._rows = {row.name_key: (row.digest, row.vector) for row in conn.execute(query)}
        self._kept_for = name

    def _make(self, stale: Sequence[Agent], gone: Iterable[str]) -> None:
        with suppress(StorageError):  # kept in memory at least; the next start makes it again
            self._forget(list(gone))
            for start in range(0, len(stale), AT_ONCE):
                if self._closing.is_set():
                    return
                try:
                    self._encode(stale[start : start + AT_ONCE])
                except EncoderAway as error:
                    self.problem = error
                    return
            self.problem = None

    def _encode(self, agents: Sequence[Agent]) -> None:
        vectors: NDArray[np.float32] = self._encoder.encode([described(one) for one in agents])
        rows = [
            {
                "name_key": name_key(agent.name),
                "name": agent.name,
                "digest": self._digest(agent),
                "encoder": self._kept_for,
                "vector": vector.tobytes(),
            }
            for agent, vector in zip(agents, vectors, strict=True)
        ]
        with self._lock:
            self._rows |= {str(r["name_key"]): (str(r["digest"]), bytes(r["vector"])) for r in rows}

        def work(conn: Connection) -> None:
            keys = [row["name_key"] for row in rows]
            conn.execute(delete(t).where(t.c.name_key.in_(keys)))
            conn.execute(insert(t), rows)

        self._store.write(work)

    def _forget(self, keys: Sequence[str]) -> None:
        with self._lock:
            for key in keys:
                del self._rows[key]

        def work(conn: Connection) -> None:
            for start in range(0, len(keys), 500):
                conn.execute(delete(t).where(t.c.name_key.in_(keys[start : start + 500])))

        if keys:
            self._store.write(work)


def described(agent: Agent) -> str:
    """What of an agent is turned into a vector."""
    lists = (agent.roles, agent.skills, agent.personalities, agent.tones)
    lines = (
        f"{agent.name}: {', '.join(agent.roles)}",
        agent.description,
        ", ".join(word for words in lists[1:] for word in words),
        agent.background,
        agent.body[:BODY_CHARS],
    )
    return "\n".join(filter(None, lines))
