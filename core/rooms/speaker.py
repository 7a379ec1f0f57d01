"""One agent's turn: from the room's transcript to a finished reply."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

from core.agents import Agent
from core.agents.prompt import build_prompt
from core.errors import WorkbenchError
from core.messages import Line, PromptMessage, Reason, ReplyStatus, Timings, Usage
from core.providers.base import Chunk, GenerationOptions
from core.providers.chain import Chosen
from core.rooms.rules import name_key, printable

# The small starter forgets what it was asked when it is shown a long talk.
STARTER_BUDGET_TOKENS = 360
RESERVE_TOKENS = 64

Answer = Callable[
    [Sequence[str], Callable[[str], Sequence[PromptMessage]], GenerationOptions, threading.Event],
    Iterator[Chosen | Chunk],
]


@dataclass
class Spoken:
    """What is known of a reply while it is spoken; times are `time.monotonic` seconds."""

    began: float = field(default_factory=time.monotonic)
    first_token: float | None = None
    model: str | None = None
    host: str | None = None
    reason: Reason | None = None
    usage: Usage | None = None
    load_ms: float | None = None
    ended: bool = False
    pieces: int = 0

    def timings(self) -> Timings:
        """Milliseconds so far; tokens as the server counted them, else pieces."""
        now = time.monotonic()
        first = self.first_token
        rate = None
        tokens = (self.usage.completion_tokens if self.usage else None) or self.pieces
        if first is not None and tokens > 1 and now > first:
            rate = round((tokens - 1) / (now - first), 1)
        return Timings(
            load_ms=self.load_ms,
            first_token_ms=round((first - self.began) * 1000, 1) if first else None,
            total_ms=round((now - self.began) * 1000, 1),
            tokens_per_s=rate,
        )


def speak(
    agent: Agent,
    chain: Sequence[str],
    transcript: Sequence[Line],
    members: Sequence[str],
    options: GenerationOptions,
    *,
    answer: Answer,
    say: Callable[[str], None],
    cancel: threading.Event,
) -> tuple[ReplyStatus, Spoken]:
    """Let `agent` answer; `say` receives the text as it comes.

    Returns:
        The status the reply ends with, and what is known of it. Never raises for a model that
        fails: that is `partial` or `failed` with a reason.
    """
    spoken = Spoken()
    opening = Opening(agent.name)

    def prompt_for(model: str) -> Sequence[PromptMessage]:
        room = options.context_tokens - options.max_tokens - RESERVE_TOKENS
        budget = STARTER_BUDGET_TOKENS if model == "starter" else max(256, room)
        return build_prompt(agent, transcript, model=model, members=members, budget_tokens=budget)

    try:
        for piece in answer(chain, prompt_for, options, cancel):
            _take(piece, spoken, opening, say)
    except WorkbenchError as error:
        spoken.reason = error.reason()
        return (ReplyStatus.PARTIAL if spoken.first_token else ReplyStatus.FAILED), spoken
    say(opening.rest())
    if cancel.is_set() and not spoken.ended:
        return ReplyStatus.STOPPED, spoken
    return ReplyStatus.COMPLETE, spoken


def _take(
    piece: Chosen | Chunk, spoken: Spoken, opening: Opening, say: Callable[[str], None]
) -> None:
    if isinstance(piece, Chosen):
        spoken.model, spoken.reason, spoken.host = piece.ref, piece.reason, piece.host
        return
    text = opening.heard(printable(piece.text))
    if text:
        spoken.first_token = spoken.first_token or time.monotonic()
        say(text)
    spoken.pieces += bool(piece.text)
    spoken.usage = piece.usage or spoken.usage
    spoken.load_ms = piece.load_ms if piece.load_ms is not None else spoken.load_ms
    spoken.ended = spoken.ended or piece.done_reason is not None


class Opening:
    """The beginning of a reply, without blank lines and without the speaker's own name.

    Models like to begin with "Name: "; nothing is held back longer than it could be that.
    """

    def __init__(self, name: str) -> None:
        self._name = name_key(name)
        self._held: str | None = ""

    def heard(self, text: str) -> str:
        """What of the text so far can be shown now."""
        if self._held is None:
            return text
        self._held = (self._held + text).lstrip()
        head, colon, rest = self._held.replace("：", ":").partition(":")
        if colon and name_key(head.strip("*")) == self._name:
            self._held = rest.lstrip("* ")
            return self.rest() if self._held else ""
        could_be = not colon and self._name.startswith(name_key(head.strip("*")))
        return "" if could_be else self.rest()

    def rest(self) -> str:
        """Give up holding back."""
        held, self._held = self._held or "", None
        return held
