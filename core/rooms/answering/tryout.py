"""An agent tried out: one answer outside of every room, stored nowhere."""

from __future__ import annotations

import threading
from collections.abc import Callable

from core.errors import WorkbenchError
from core.logs import part_logger
from core.messages import ReplyStatus, Timings
from core.rooms.answering.speaker import Spoken

log = part_logger("rooms")

# Says its pieces to the first callable, and ends early when the event is set.
Speak = Callable[[Callable[[str], None], threading.Event], tuple[ReplyStatus, Spoken]]


class Tryout:
    """One answer while it is given, on a thread of its own; it may be read at any time.

    `wanted` is the model that was asked for; once it has ended, `spoken.model` is the one that
    answered, and `spoken.reason` says why it is another, or what went wrong.
    """

    def __init__(self, wanted: str, speak: Speak, ahead: Callable[[], int | None]) -> None:
        self.wanted = wanted
        self._ahead = ahead
        self.spoken = Spoken()
        self.timings: Timings | None = None
        self._status = ReplyStatus.PENDING
        self._pieces: list[str] = []
        self._speak = speak
        self._cancel = threading.Event()
        self._ended = threading.Event()
        threading.Thread(target=self._run, name="tryout", daemon=True).start()

    @property
    def text(self) -> str:
        """All that was said so far."""
        return "".join(self._pieces)

    @property
    def status(self) -> ReplyStatus:
        """`PENDING` while it speaks; then how it ended."""
        return self._status

    @property
    def ahead(self) -> int | None:
        """How many turns of others come first; `None`: it does not wait for them."""
        return self._ahead()

    def stop(self) -> None:
        """End it early; what was said stays. Returns at once."""
        self._cancel.set()

    def wait(self, timeout_s: float) -> bool:
        """Wait for its end; false when `timeout_s` passed first."""
        return self._ended.wait(timeout_s)

    def _run(self) -> None:
        status = ReplyStatus.FAILED
        try:
            status, self.spoken = self._speak(self._pieces.append, self._cancel)
            self.timings = self.spoken.timings()
        except WorkbenchError as error:
            self.spoken = Spoken(reason=error.reason())
        except Exception:
            log.exception("tryout_failed")
        finally:
            self._status = status
            self._ended.set()
