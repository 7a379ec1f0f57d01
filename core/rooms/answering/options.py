"""How an agent's answers are wanted: its own options, else those of the settings."""

from __future__ import annotations

from core.agents import Agent
from core.providers.base import GenerationOptions
from core.settings import Settings


def plain_options(settings: Settings) -> GenerationOptions:
    """What the settings say alone, whoever speaks."""
    models = settings.models
    return GenerationOptions(
        context_tokens=models.context_tokens,
        max_tokens=models.answer_tokens,
        first_token_s=models.first_token_s,
        between_tokens_s=models.between_tokens_s,
        retries=models.retries,
    )


def options_for(
    agent: Agent, settings: Settings, context_tokens: int | None = None
) -> GenerationOptions:
    """What a provider is told beside the prompt. `context_tokens` is the room's own wish."""
    models = settings.models
    own = agent.options
    return GenerationOptions(
        context_tokens=context_tokens or models.context_tokens,
        max_tokens=int(own.get("max_tokens", models.answer_tokens)),
        temperature=own.get("temperature"),
        top_p=own.get("top_p"),
        seed=own.get("seed"),
        first_token_s=models.first_token_s,
        between_tokens_s=models.between_tokens_s,
        retries=models.retries,
        reasoning=bool(own.get("reasoning", False)),
    )
