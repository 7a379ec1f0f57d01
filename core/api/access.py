"""Who is let in: the local owner's token, and the sessions that stand behind cookies.

A cookie is a random id of a session, never the token; only its hash is stored. All sessions
are in memory, so that asking costs no query; the table is there for the next start. When the
disk is full, signing in still works and lasts until the app ends.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
import threading
from collections.abc import Callable
from concurrent.futures import Future
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any, Literal

from sqlalchemy import Connection, delete, insert, select, update

from core.api.token import ensure_token
from core.errors import StorageError
from core.paths import DataPaths
from core.store import Store
from core.store.tables import sessions
from core.store.times import from_text, to_text

LOCAL_OWNER = "local"
SESSION_DAYS = 30
_LIFE = timedelta(days=SESSION_DAYS)
_RENEW_AFTER = timedelta(days=1)
_MOST_SESSIONS = 500


@dataclass(frozen=True, slots=True)
class Caller:
    """Who is asking. `session` is the hash of its cookie, `None` for a token.

    `renewed` tells that the session was just prolonged, so the cookie should be, too.
    """

    owner: str
    via: Literal["token", "session"]
    session: str | None = None
    renewed: bool = False


@dataclass(frozen=True, slots=True)
class Session:
    owner: str
    expires_at: datetime


class Access:
    """Tokens and sessions of one running app. Usable from several threads."""

    def __init__(self, store: Store, paths: DataPaths) -> None:
        """Read the sessions and the token; write the token at the very first start.

        Raises:
            DataFolderUnwritable: there is no token and none can be written.
        """
        self._store = store
        self._token_hash = _hashed(ensure_token(paths))
        self._lock = threading.Lock()
        self._watchers: dict[str, list[Callable[[], None]]] = {}
        self._sessions = self._load()

    def by_token(self, token: str) -> Caller | None:
        """The caller behind a bearer token; compared in constant time."""
        if hmac.compare_digest(_hashed(token), self._token_hash):
            return Caller(LOCAL_OWNER, "token")
        return None

    def by_cookie(self, cookie: str) -> Caller | None:
        """The caller behind a cookie; a session in use is prolonged about once a day."""
        name = _hashed(cookie)
        now = datetime.now(UTC)
        with self._lock:
            session = self._sessions.get(name)
            if session is None or session.expires_at <= now:
                return None
            renewed = session.expires_at - now < _LIFE - _RENEW_AFTER
            if renewed:
                session = replace(session, expires_at=now + _LIFE)
                self._sessions[name] = session
        if renewed:
            values = {"expires_at": to_text(session.expires_at)}
            self._change(name, values)
        return Caller(session.owner, "session", name, renewed)

    def open_session(self, owner: str = LOCAL_OWNER) -> tuple[str, Caller]:
        """A new session: the cookie's value, given out once, and its caller."""
        cookie = secrets.token_urlsafe(32)
        name, now = _hashed(cookie), datetime.now(UTC)
        session = Session(owner, now + _LIFE)
        with self._lock:
            self._sessions[name] = session
            oldest = sorted(self._sessions, key=lambda key: self._sessions[key].expires_at)
        row = {
            "token_hash": name,
            "owner": owner,
            "created_at": to_text(now),
            "expires_at": to_text(session.expires_at),
            "revoked": False,
        }
        self._submit(lambda connection: connection.execute(insert(sessions), row))
        for surplus in oldest[: max(0, len(oldest) - _MOST_SESSIONS)]:
            self.revoke(surplus)
        return cookie, Caller(owner, "session", name)

    def revoke(self, session: str) -> None:
        """End a session at once; its open sockets are told."""
        with self._lock:
            self._sessions.pop(session, None)
            waiting = self._watchers.pop(session, [])
        self._change(session, {"revoked": True})
        for tell in waiting:
            tell()

    def alive(self, caller: Caller) -> bool:
        """Whether a caller that was let in would still be."""
        with self._lock:
            return caller.session is None or caller.session in self._sessions

    def watch(self, caller: Caller, tell: Callable[[], None]) -> Callable[[], None]:
        """Have `tell` called (from any thread) when the caller's session ends.

        Returns what ends the watch.
        """
        name = caller.session
        if name is None:
            return lambda: None
        with self._lock:
            self._watchers.setdefault(name, []).append(tell)
        return lambda: self._forget(name, tell)

    def refresh(self) -> None:
        """Notice sessions that ran out, or that another program revoked in the database.

        Only sessions with open sockets are looked at; without any, nothing is read.
        """
        now = datetime.now(UTC)
        with self._lock:
            watched = {name: self._sessions.get(name) for name in self._watchers}
        if not watched:
            return
        chosen = sessions.c.token_hash.in_(watched)
        with self._store.read() as connection:
            query = select(sessions.c.token_hash).where(chosen, sessions.c.revoked.is_(True))
            gone = set(connection.scalars(query))
        gone |= {name for name, found in watched.items() if not found or found.expires_at <= now}
        for name in gone:
            self.revoke(name)

    def _forget(self, name: str, tell: Callable[[], None]) -> None:
        with self._lock:
            waiting = self._watchers.get(name, [])
            if tell in waiting:
                waiting.remove(tell)
            if not waiting:
                self._watchers.pop(name, None)

    def _load(self) -> dict[str, Session]:
        now = to_text(datetime.now(UTC))
        over = sessions.c.expires_at <= now
        with self._store.read() as connection:
            valid = select(sessions).where(sessions.c.revoked.is_(False), ~over)
            rows = connection.execute(valid).all()
        self._submit(lambda connection: connection.execute(delete(sessions).where(over)))
        return {row.token_hash: Session(row.owner, from_text(row.expires_at)) for row in rows}

    def _change(self, session: str, values: dict[str, Any]) -> None:
        chosen = sessions.c.token_hash == session
        changed = update(sessions).where(chosen).values(**values)
        self._submit(lambda connection: connection.execute(changed))

    def _submit(self, work: Callable[[Connection], object]) -> None:
        # Not waited for: a session that is lost with the app only means a new cookie.
        with suppress(StorageError):
            self._store.submit(work).add_done_callback(_ignore)


def _ignore(future: Future[object]) -> None:
    if not future.cancelled():
        future.exception()


def _hashed(secret: str) -> str:
    return hashlib.sha256(secret.encode("utf-8", "surrogateescape")).hexdigest()


_current: Access | None = None


def current_access() -> Access:
    """The sign-ins of the running app.

    Raises:
        RuntimeError: the app is not open (a programmer's mistake, never a user's).
    """
    if _current is None:
        raise RuntimeError("no access is open in this process")
    return _current


def set_access(access: Access | None) -> None:
    """Make `access` the one of this process; `None` when the app was closed."""
    global _current
    _current = access
