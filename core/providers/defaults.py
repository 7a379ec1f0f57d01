"""The providers of a normal installation."""

from __future__ import annotations

from collections.abc import Callable

from core.providers.base import Provider
from core.providers.breaker import BreakerRules, Breakers
from core.settings import CareSettings, Settings


def default_breakers(settings: CareSettings) -> Breakers:
    """The circuit breakers of a normal installation."""
    return Breakers(
        BreakerRules(
            settings.breaker_failures,
            settings.breaker_window_s,
            settings.breaker_pause_s,
            settings.breaker_longest_pause_s,
        )
    )


def default_providers(
    settings: Settings, *, on_load: Callable[[str, float], None] | None = None
) -> list[Provider]:
    """The starter, the user's folders and servers, and Ollama; nothing is loaded or asked yet.

    `on_load(ref, seconds)` is told how long each load of a runner took.
    """
    from core.providers.huggingface import HuggingFaceProvider
    from core.providers.llm.provider import LlmProvider
    from core.providers.ollama.provider import OllamaProvider
    from core.providers.openai.provider import OpenAIProvider
    from core.providers.starter import StarterProvider
    from core.runner.pool import RunnerPool

    pool = RunnerPool(settings.models.runner_idle_s, logs=settings.paths.logs, on_load=on_load)
    return [
        StarterProvider(pool),
        HuggingFaceProvider(pool, settings.paths.models, settings.paths.adapters),
        OllamaProvider(
            settings.ollama_url,
            context_tokens=settings.models.context_tokens,
            parallel=settings.models.parallel,
        ),
        OpenAIProvider(settings.models.hosts),
        LlmProvider(),
    ]
