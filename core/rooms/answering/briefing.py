"""What replies are prompted with, beside the talk itself; and what is learnt when they end."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from sqlalchemy import Connection

from core.agents import Agent, Agents, traces
from core.agents.cards import book_of
from core.agents.prompt import Prompt, estimate_tokens
from core.agents.prompt_files import PromptFiles, prompt_files
from core.agents.window import Count
from core.messages import Usage
from core.providers.registry import Registry
from core.settings import Settings


@dataclass(frozen=True, slots=True)
class Brief:
    """What one agent's prompts are made with: files, its lorebook, and each model's counter."""

    count_for: Callable[[str], Count] = lambda _model: estimate_tokens
    files: PromptFiles = field(default_factory=prompt_files)
    lorebook: Mapping[str, Any] | None = None
    user: str = ""


class Prompted(Protocol):
    """A reply as far as its prompts go: one for each model that was asked."""

    @property
    def model(self) -> str | None: ...
    @property
    def prompts(self) -> Mapping[str, Prompt]: ...
    @property
    def usage(self) -> Usage | None: ...


class Chosen(Protocol):
    """What the user chose on the Settings screen."""

    def get(self, name: str, default: Any = None) -> Any: ...


class Briefing:
    """Briefs for every agent of an installation. Thread-safe; one per app."""

    def __init__(
        self, agents: Agents, registry: Registry, settings: Settings, chosen: Chosen
    ) -> None:
        self._agents, self._registry = agents, registry
        self._paths, self._user = settings.paths, settings.rooms.user_name
        self._chosen = chosen

    def of(self, agent: Agent) -> Brief:
        return Brief(
            self._registry.tokens,
            prompt_files(self._paths),
            book_of(self._agents, agent),
            str(self._chosen.get("user_name") or self._user),
        )

    def ended(self, conn: Connection, room_id: str, seq: int, reply: Prompted) -> None:
        """Keep what was sent, to the model that answered or else to the last one asked."""
        asked = list(reply.prompts)
        if not asked:
            return
        model = reply.model if reply.model and reply.model in reply.prompts else asked[-1]
        prompt = reply.prompts[model]
        traces.keep(conn, room_id, seq, prompt, model)
        if reply.usage is not None and reply.usage.prompt_tokens:
            self._registry.tokens(model).learn(prompt.tokens, reply.usage.prompt_tokens)
