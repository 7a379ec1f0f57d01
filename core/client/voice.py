"""How an outside agent finds its words: its model, its prompt, its options."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence

from core.agents import Agent
from core.agents.prompt import build_prompt
from core.client.agents_file import Entry
from core.messages import Line, PromptMessage
from core.providers.base import Chunk, GenerationOptions
from core.providers.chain import Chosen, answer
from core.providers.registry import Registry
from core.rooms.choosing import Heard, choose
from core.rooms.policies.talk import ballot_of
from core.rooms.speech import Processor
from core.settings import Settings


class Voice:
    """One agent's way to speak. Usable from several threads."""

    def __init__(self, entry: Entry, registry: Registry, settings: Settings) -> None:
        self._entry, self._registry = entry, registry
        models = settings.models
        self._options = entry.options.generation(
            GenerationOptions(
                context_tokens=models.context_tokens,
                max_tokens=models.answer_tokens,
                first_token_s=models.first_token_s,
                between_tokens_s=models.between_tokens_s,
                retries=models.retries,
            )
        )
        self._limit = settings.rooms.message_limit
        self._character = Agent(name=entry.name, body=entry.system_prompt)

    def warm(self) -> None:
        """Begin to load the model; returns at once."""
        self._registry.warm(self._entry.model)

    def choose(
        self, history: Sequence[Line], choices: Sequence[str], cancel: threading.Event
    ) -> str | None:
        """Whom of `choices` its model wants to hear next; `None` when it does not say."""
        text, model = ballot_of(history, self._character.name, choices), self._entry.model
        return choose(self._registry, model, text, choices, self._options, cancel, Heard())

    def speak(
        self,
        history: Sequence[Line],
        members: Sequence[str],
        cancel: threading.Event,
        task: str = "",
    ) -> Iterator[Chosen | str]:
        """`Chosen` first, then the answer piece by piece, at most as long as a room takes.

        `task` is what the agent's turn is for.

        Raises:
            ProviderError: see `core.providers.chain.answer`.
        """

        def prompt_for(ref: str, context_tokens: int) -> Sequence[PromptMessage]:
            budget = max(64, context_tokens - self._options.max_tokens)
            return build_prompt(
                self._character,
                history,
                model=ref,
                members=members,
                budget_tokens=budget,
                count=self._registry.tokens(ref),
                task=task,
            ).messages

        left = self._limit
        chunks = answer(self._registry, [self._entry.model], prompt_for, self._options, cancel)
        processor = Processor(self._character.name, members)
        for piece in chunks:
            if isinstance(piece, Chosen):
                yield piece
            elif isinstance(piece, Chunk):
                text = processor.heard(piece)[:left]
                left -= len(text)
                if text:
                    yield text
                if left == 0 or processor.ended:
                    break
        if rest := processor.rest()[:left]:
            yield rest
