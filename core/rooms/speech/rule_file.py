"""The rule file that counts: the user's copy, else the bundled one; its last good version."""

from __future__ import annotations

import threading
import time
from pathlib import Path

from core.errors import FileInvalid
from core.rooms.speech.rule_reader import read_rules
from core.rooms.speech.rules import Rules

LOOK_AGAIN_S = 0.5  # a change of a file is seen after at most this


class RuleFile:
    """Rules for everybody's replies. Thread-safe; read when first asked for, not before."""

    def __init__(self, bundled: Path, own: Path) -> None:
        """`own` is where the user's copy would lie; it replaces `bundled` as a whole."""
        self.bundled, self.own = bundled, own
        self._lock = threading.Lock()
        self._looked_at = -LOOK_AGAIN_S
        self._stamp: tuple[Path, int, int] | None = None
        self._rules: Rules | None = None
        self._error: FileInvalid | None = None

    def rules(self) -> Rules:
        """The rules that count now; of a file that broke, the last good ones."""
        with self._lock:
            if self._rules is None or time.monotonic() - self._looked_at > LOOK_AGAIN_S:
                self._look()
                self._looked_at = time.monotonic()
            assert self._rules is not None
            return self._rules

    def error(self) -> FileInvalid | None:
        """What is wrong with the user's file, with line and field; `None` when all is well."""
        self.rules()
        return self._error

    def _look(self) -> None:
        path = self.own if self.own.exists() else self.bundled
        try:
            found = path.stat()
            stamp = (path, found.st_mtime_ns, found.st_size)
            if stamp == self._stamp:
                return
            self._stamp = stamp
            self._rules, self._error = read_rules(path.read_bytes(), path.name), None
        except FileInvalid as error:
            self._error = error
        except OSError as error:
            detail = error.strerror or type(error).__name__
            self._error = FileInvalid(file=path.name, line="-", detail=detail)
        if self._rules is None:
            self._rules = read_rules(self.bundled.read_bytes(), self.bundled.name)
