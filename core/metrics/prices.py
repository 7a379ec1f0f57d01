"""What paid models cost, as the user has written it down."""

from __future__ import annotations

from dataclasses import dataclass

from core.messages import Usage

MILLION = 1_000_000


@dataclass(frozen=True, slots=True)
class Price:
    """Dollars for a million tokens. `cached` is for those read from the server's prompt cache;
    `None`: they cost as much as others.
    """

    prompt: float = 0.0
    completion: float = 0.0
    cached: float | None = None

    def dollars(self, usage: Usage) -> float:
        """What one answer cost; tokens that the server did not count cost nothing here."""
        prompt, cached = usage.prompt_tokens or 0, usage.cached_tokens or 0
        fresh = max(0, prompt - cached)
        kept = self.prompt if self.cached is None else self.cached
        tokens = fresh * self.prompt + cached * kept
        return (tokens + (usage.completion_tokens or 0) * self.completion) / MILLION
