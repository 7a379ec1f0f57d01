"""The file of rules that counts: the user's copy, else the bundled one; its last good version."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path
from typing import Any, Generic, TypeVar, cast

from core.errors import FileInvalid

Rules = TypeVar("Rules")


class RuleFile(Generic[Rules]):
    """Rules that people edit while the app runs. Thread-safe; read when first asked for.

    `read(content, name)` makes rules of a file's bytes, or raises FileInvalid. `own` is where the
    user's copy would lie; it replaces `bundled` as a whole. A change is seen after `look_again_s`.
    """

    def __init__(
        self,
        bundled: Path,
        own: Path,
        read: Callable[[bytes, str], Rules],
        look_again_s: float = 0.0,
    ) -> None:
        self.bundled, self.own = bundled, own
        self._read, self._look_again_s = read, look_again_s
        self._lock = threading.Lock()
        self._looked_at = float("-inf")
        self._stamp: tuple[Path, int, int] | None = None
        self._rules: Rules | None = None
        self._error: FileInvalid | None = None

    def rules(self) -> Rules:
        """The rules that count now; of a file that broke, the last good ones."""
        with self._lock:
            now = time.monotonic()
            if self._rules is None or now - self._looked_at >= self._look_again_s:
                self._look()
                self._looked_at = now
            if self._rules is None:
                self._rules = self._content(self.bundled)
            return self._rules

    def error(self) -> FileInvalid | None:
        """What is wrong with the user's file, with line and field; `None` when all is well."""
        self.rules()
        return self._error

    def _content(self, path: Path) -> Rules:
        if path == self.bundled:
            return cast(Rules, _bundled(self._read, path.read_bytes(), path.name))
        return self._read(path.read_bytes(), path.name)

    def _look(self) -> None:
        path = self.own if self.own.exists() else self.bundled
        try:
            found = path.stat()
            stamp = (path, found.st_mtime_ns, found.st_size)
            if stamp == self._stamp:
                return
            self._stamp = stamp
            self._rules, self._error = self._content(path), None
        except FileInvalid as error:
            self._error = error
        except OSError as error:
            detail = error.strerror or type(error).__name__
            self._error = FileInvalid(file=path.name, line="-", detail=detail)


@lru_cache(maxsize=8)
def _bundled(read: Callable[[bytes, str], Any], content: bytes, name: str) -> Any:
    """What a bundled file holds: read once in a process, since nobody changes rules in memory."""
    return read(content, name)
