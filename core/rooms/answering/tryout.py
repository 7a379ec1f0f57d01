"""An agent tried out: one answer outside of every room, stored nowhere."""

from __future__ import annotations

import threading
from collections.abc import Callable

from core.agents import Agent
from core.logs import part_logger
from core.messages import Line, ReplyStatus, Timings
from core.providers.base import GenerationOptions
from core.providers.chain import answer
from core.providers.registry import Registry
from core.rooms.answering.briefing import Brief
from core.rooms.answering.speaker import Spoken, speak
from core.rooms.speech import MakeProcessor, Processor

log = part_logger("rooms")

# Says its pieces to the first callable, and ends early when the event is set.
Speak = Callable[[Callable[[str], None], threading.Event], tuple[ReplyStatus, Spoken]]


class Tryout:
    """One answer while it is given, on a thread of its own; it may be read at any time.

    `wanted` is the model that was asked for; once it has ended, `spoken.model` is the one that
    answered, and `spoken.reason` says why it is another, or what went wrong.
    """

    def __init__(self, wanted: str, speak: Speak) -> None:
        self.wanted = wanted
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
        except Exception:
            log.exception("tryout_failed")
        finally:
            self._status = status
            self._ended.set()


def begin(
    agent: Agent,
    model: str,
    heard: Line,
    options: GenerationOptions,
    registry: Registry,
    processor: MakeProcessor = Processor,
    brief: Brief | None = None,
) -> Tryout:
    """Let `agent` answer the one line that it has heard, with `model`, else the starter."""

    def once(say: Callable[[str], None], cancel: threading.Event) -> tuple[ReplyStatus, Spoken]:
        return speak(
            agent,
            [model],
            [heard],
            [agent.name],
            options,
            answer=lambda *asked: answer(registry, *asked),
            say=say,
            cancel=cancel,
            processor=processor,
            brief=brief,
        )

    return Tryout(model, once)
