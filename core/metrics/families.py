"""The counters' names and what they mean, as Prometheus shows them.

Base units throughout: seconds, bytes, dollars. A model's label is its reference.
"""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Counter, Histogram

FIRST_TOKEN_S = (0.05, 0.1, 0.25, 0.5, 1, 2, 4, 8, 15, 30, 60, 120)
TOTAL_S = (0.25, 0.5, 1, 2, 4, 8, 15, 30, 60, 120, 300, 600)


class Families:
    """All of one app, in a registry of its own."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        count, model = self._count, ("model",)
        self.generations = count(
            "engawa_generations", "Answers asked of a model, by how they ended.", "model", "outcome"
        )
        self.errors = count("engawa_errors", "Failures of models, by error code.", "model", "code")
        self.routes = count(
            "engawa_routes", "Answers given, by model and why it was that one.", "model", "why"
        )
        self.prompt_tokens = count("engawa_prompt_tokens", "Tokens of prompts.", *model)
        self.completion_tokens = count("engawa_completion_tokens", "Tokens of answers.", *model)
        self.cached_tokens = count(
            "engawa_prompt_cached_tokens", "Tokens of prompts that were in a prompt cache.", *model
        )
        self.prompt_cache = count(
            "engawa_prompt_cache_lookups",
            "Prompts whose beginning was in a prompt cache, or was not.",
            *("model", "result"),
        )
        self.cost = count("engawa_cost_dollars", "What paid models have cost.", *model)
        self.cache_hits = count("engawa_answer_cache_hits", "Answers from the answer cache.")
        self.cache_misses = count("engawa_answer_cache_misses", "Answers that it did not have.")
        self.events = count("engawa_machine_events", "What happened to the machine.", "kind")
        self.first_token = self._time(
            "engawa_first_token_seconds", "From asking a model to its first word.", FIRST_TOKEN_S
        )
        self.total = self._time(
            "engawa_answer_seconds", "From asking a model to the end of its answer.", TOTAL_S
        )

    def _count(self, name: str, text: str, *labels: str) -> Counter:
        return Counter(name, text, labels, registry=self.registry)

    def _time(self, name: str, text: str, buckets: tuple[float, ...]) -> Histogram:
        return Histogram(name, text, ("model",), registry=self.registry, buckets=buckets)
