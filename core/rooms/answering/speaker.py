"""One agent's turn: from the room's transcript to a finished reply."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Generator, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from core.agents import Agent
from core.agents.prompt import Prompt, build_prompt
from core.errors import AnswerEmpty, WorkbenchError
from core.messages import Line, PromptMessage, Reason, ReplyStatus, Timings, Usage
from core.providers.base import STARTER, Chunk, GenerationOptions, base_of
from core.providers.chain import Chosen, PromptFor, Thinking
from core.rooms.answering.briefing import Brief
from core.rooms.speech import MakeProcessor, Processor

# The small starter forgets what it was asked when it is shown a long talk.
STARTER_BUDGET_TOKENS = 360
LEAST_BUDGET_TOKENS = 256
RESERVE_TOKENS = 64

Answer = Callable[
    [Sequence[str], PromptFor, GenerationOptions, threading.Event],
    Iterator[Thinking | Chosen | Chunk],
]


@dataclass
class Spoken:
    """What is known of a reply while it is spoken; times are `time.monotonic` seconds.

    `first_piece` is when the model began, thoughts included; `first_token` when it began to
    speak. `reasoning` and `speech` are what the response processor found, once it has ended.
    """

    began: float = field(default_factory=time.monotonic)
    first_piece: float | None = None
    first_token: float | None = None
    model: str | None = None
    host: str | None = None
    reason: Reason | None = None
    usage: Usage | None = None
    load_ms: float | None = None
    ended: bool = False
    pieces: int = 0
    key: str | None = None  # under which the answer cache may keep it
    reasoning: str | None = None
    speech: dict[str, Any] | None = None
    prompts: dict[str, Prompt] = field(default_factory=dict)  # by the models that were asked

    def timings(self) -> Timings:
        """Milliseconds so far; tokens as the server counted them, else pieces."""
        now = time.monotonic()
        first = self.first_token
        rate = None
        tokens = (self.usage.completion_tokens if self.usage else None) or self.pieces
        since = self.first_piece or first
        if first is not None and since is not None and tokens > 1 and now > since:
            rate = round((tokens - 1) / (now - since), 1)
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
    ready: Callable[[], None] = lambda: None,
    thinking: Callable[[], None] = lambda: None,
    processor: MakeProcessor = Processor,
    brief: Brief | None = None,
    task: str = "",
    begun: str = "",
) -> tuple[ReplyStatus, Spoken]:
    """Let `agent` answer; `say` receives the text as it comes.

    `ready` is called when a prompt is made, before its model is asked; `thinking` once when the
    model thinks aloud before it says anything; `processor` makes what stands between the model
    and `say`; `brief` is what prompts are made with, `task` what this turn is for; `begun` is what
    stands of a reply that is to go on.

    Returns:
        The status the reply ends with, and what is known of it. Never raises for a model that
        fails: that is `partial` or `failed` with a reason.
    """

    made = brief or Brief()

    def prompt_for(model: str, context_tokens: int) -> Sequence[PromptMessage]:
        asked = replace(options, context_tokens=context_tokens)
        prompt = prompt_of(agent, transcript, members, model, asked, made, task)
        if begun:
            rest = PromptMessage("assistant", begun, unfinished=True)
            prompt = replace(prompt, messages=(*prompt.messages, rest))
        turn.spoken.prompts[model] = prompt
        waits = time.monotonic()
        ready()
        turn.spoken.began += time.monotonic() - waits  # that is no time of the model's
        return prompt.messages

    # Everybody in the room, those included who have said something and left.
    people = dict.fromkeys([*members, *(line.sender for line in transcript)])
    stages = processor(agent.name, people)
    if begun:
        stages.go_on_after(begun)
    turn = _Turn(stages, say, thinking, begun=bool(begun))
    pieces = answer(chain, prompt_for, options, cancel)
    try:
        turn.take(pieces)
    except WorkbenchError as error:
        return turn.broke(error), turn.spoken
    finally:
        if isinstance(pieces, Generator):
            pieces.close()  # now: a reply that ended early must not go on being generated
    return turn.end(stopped=cancel.is_set()), turn.spoken


def prompt_of(
    agent: Agent,
    transcript: Sequence[Line],
    members: Sequence[str],
    model: str,
    options: GenerationOptions,
    brief: Brief,
    task: str = "",
) -> Prompt:
    """What `model` is sent for a turn; as long as the answer still fits into its window."""
    room = options.context_tokens - options.max_tokens - RESERVE_TOKENS
    return build_prompt(
        agent,
        transcript,
        model=model,
        members=members,
        budget_tokens=(
            STARTER_BUDGET_TOKENS if base_of(model) == STARTER else max(LEAST_BUDGET_TOKENS, room)
        ),
        count=brief.count_for(model),
        user=brief.user,
        lorebook=brief.lorebook,
        files=brief.files,
        task=task,
    )


class _Turn:
    """What becomes of one answer's pieces."""

    def __init__(
        self,
        processor: Processor,
        say: Callable[[str], None],
        thinking: Callable[[], None],
        *,
        begun: bool = False,
    ) -> None:
        self.spoken = Spoken()
        self._goes_on = begun
        self._processor, self._say = processor, say
        self._thinking: Callable[[], None] | None = thinking

    def take(self, pieces: Iterator[Thinking | Chosen | Chunk]) -> None:
        """Say the pieces until they, or the reply, end."""
        for piece in pieces:
            if isinstance(piece, Chosen):
                spoken = self.spoken
                spoken.model, spoken.reason, spoken.host = piece.ref, piece.reason, piece.host
                spoken.key = piece.key
            elif isinstance(piece, Thinking):
                self._began()
                self._thinks()
            else:
                self._hear(piece)
            if self._processor.ended:
                return

    def broke(self, error: WorkbenchError) -> ReplyStatus:
        """The model failed; what was said stays, what was held back is not said."""
        self.spoken.reason = error.reason()
        self._close()
        return ReplyStatus.PARTIAL if self.spoken.first_token else ReplyStatus.FAILED

    def end(self, *, stopped: bool) -> ReplyStatus:
        """Nothing more comes."""
        spoken = self.spoken
        cut_short = stopped and not spoken.ended and not self._processor.ended
        if not cut_short:
            self._speak(self._processor.rest())
        self._close()
        if cut_short:
            return ReplyStatus.STOPPED
        if spoken.first_token is None and not self._goes_on:
            spoken.reason = AnswerEmpty(model=spoken.model or "-").reason()
            return ReplyStatus.FAILED
        return ReplyStatus.COMPLETE

    def _hear(self, chunk: Chunk) -> None:
        spoken = self.spoken
        if chunk.text or chunk.reasoning:
            self._began()
            spoken.pieces += 1
        self._speak(self._processor.heard(chunk))
        if self._thinking and not spoken.first_token and self._processor.thinks:
            self._thinks()
        spoken.usage = chunk.usage or spoken.usage
        spoken.load_ms = chunk.load_ms if chunk.load_ms is not None else spoken.load_ms
        spoken.ended = spoken.ended or chunk.done_reason is not None

    def _began(self) -> None:
        self.spoken.first_piece = self.spoken.first_piece or time.monotonic()

    def _thinks(self) -> None:
        if self._thinking is not None:
            self._thinking()
            self._thinking = None

    def _speak(self, text: str) -> None:
        if text:
            self.spoken.first_token = self.spoken.first_token or time.monotonic()
            self._say(text)

    def _close(self) -> None:
        self.spoken.reasoning = self._processor.reasoning
        self.spoken.speech = self._processor.report
