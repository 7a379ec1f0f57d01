"""An agent that speaks outside of every room, to whoever asks it: nothing is kept."""

from __future__ import annotations

from collections.abc import Sequence

from core.agents import Agent
from core.agents.prompt import Prompt
from core.messages import Line
from core.providers.base import GenerationOptions
from core.rooms.answering.options import options_for
from core.rooms.answering.speaker import prompt_of
from core.rooms.speech import MakeProcessor
from core.rooms.turns.turns import Turns
from core.settings import Settings


class Alone:
    """What is needed to let any agent answer any talk. Thread-safe."""

    def __init__(self, turns: Turns, settings: Settings) -> None:
        self._turns, self._settings = turns, settings

    def chain(self, agent: Agent) -> list[str]:
        """The models asked for this agent, in order; the starter comes last."""
        return self._turns.casting.chain_for(agent)

    def options(self, agent: Agent) -> GenerationOptions:
        return options_for(agent, self._settings)

    def processor(self, agent: Agent) -> MakeProcessor:
        return self._turns.speech.processor_for(agent)

    def prompt(
        self, agent: Agent, talk: Sequence[Line], model: str, options: GenerationOptions
    ) -> Prompt:
        """What `model` is sent when `agent` has heard `talk`."""
        brief = self._turns.briefing.of(agent)
        return prompt_of(agent, talk, [agent.name], model, options, brief)
