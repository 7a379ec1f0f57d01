"""An agent that speaks outside of every room, to whoever asks it: nothing is kept."""

from __future__ import annotations

import threading
from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager

from core.agents import Agent
from core.agents.prompt import Prompt
from core.errors import Interrupted
from core.messages import Line, ReplyStatus
from core.providers.base import GenerationOptions, with_adapter
from core.providers.chain import answer
from core.providers.registry import Registry
from core.rooms.answering.options import options_for
from core.rooms.answering.speaker import Spoken, prompt_of, speak
from core.rooms.answering.tryout import Tryout
from core.rooms.speech import MakeProcessor
from core.rooms.turns.staging import Stage
from core.settings import Settings


class Alone:
    """What is needed to let any agent answer any talk. Thread-safe.

    `stage` has the queue in which rooms wait for their models: whoever asks waits there, too.
    """

    def __init__(self, stage: Stage, registry: Registry, settings: Settings) -> None:
        self._stage, self._turns = stage, stage.turns
        self._registry, self._settings = registry, settings

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

    @contextmanager
    def turn(
        self, asker: str, name: str, model: str, cancel: threading.Event
    ) -> Generator[bool, None, None]:
        """Wait until `model` may be asked, and hold its server while the block runs.

        All that one `asker` wants waits as one room would, `name` being who is to speak. False
        when `cancel` was set before it was its turn: then nothing is held.

        Raises:
            Interrupted: the app ends.
        """
        need = self._stage.places.need(0, model)
        with self._stage.queue.ticket(_like_a_room(asker)) as ticket:
            mine = ticket.take(need.place, need.ref, name, lambda: self._stage.goes_on(cancel))
            if not mine and not cancel.is_set():
                raise Interrupted
            yield mine and not cancel.is_set()

    def ahead(self, asker: str) -> int | None:
        """How many turns of others come before what `asker` waits for; `None`: for nothing."""
        return self._stage.queue.ahead(_like_a_room(asker))

    def try_out(self, agent: Agent, model: str, said: str, *, user: str) -> Tryout:
        """Let `agent`, saved or not, answer one line with `model`, else the starter."""
        wanted = with_adapter(model, agent.adapter)

        def once(say: Callable[[str], None], cancel: threading.Event) -> tuple[ReplyStatus, Spoken]:
            with self.turn(user, agent.name, wanted, cancel) as mine:
                if not mine:
                    return ReplyStatus.STOPPED, Spoken()
                return speak(
                    agent,
                    [wanted],
                    [Line(1, user, said)],
                    [agent.name],
                    self.options(agent),
                    answer=lambda *asked: answer(self._registry, *asked),
                    say=say,
                    cancel=cancel,
                    processor=self.processor(agent),
                    brief=self._turns.briefing.of(agent),
                )

        return Tryout(wanted, once, lambda: self.ahead(user))

    def try_prompt(self, agent: Agent, model: str, said: str, *, user: str) -> Prompt:
        """What `model` would be sent if `user` said this to `agent`, saved or not."""
        return self.prompt(agent, [Line(1, user, said)], model, self.options(agent))


def _like_a_room(asker: str) -> str:
    """What stands in the queue for a room's id, which never has a space."""
    return f"alone {asker}"
