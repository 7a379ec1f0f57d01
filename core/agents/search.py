"""Finding agents: by what is meant, and by words; every result says why it is there."""

from __future__ import annotations

import re
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from core.agents.index import Index
from core.agents.names import name_key
from core.agents.spec import Agent
from core.agents.wordmatch import Haystack, Hit, haystack, match
from core.embedding import Encoder
from core.errors import EncoderAway
from core.store import Store
from core.text import N_, _, words

WAIT_S = 20.0  # for the encoder to load and to read new agents, unless the caller says otherwise
READY_S = 5.0  # for one question, when it is loaded
NEAR = 0.2  # cosine below which a meaning is not near
MEANING, WORDS = 0.65, 0.35  # what each counts when both are there
_SHOWN = 3
_LATIN = re.compile("[A-Za-z]{2}")


@dataclass(frozen=True, slots=True)
class Found:
    """An agent, how well it fits (0 to 1), and why, in the current language."""

    agent: Agent
    score: float
    why: str


class Finder:
    """Searches agents. Without an encoder, or while it is away, by words alone. Thread-safe."""

    def __init__(self, store: Store, encoder: Encoder) -> None:
        self._encoder = encoder
        self._index = Index(store, encoder)
        self._stacks: dict[str, Haystack] = {}

    @property
    def problem(self) -> EncoderAway | None:
        """Why meanings cannot be searched; `None` when nothing is known against it."""
        return self._index.problem

    def search(self, text: str, agents: Sequence[Agent], limit: int, wait_s: float) -> list[Found]:
        """The agents that fit `text`, the best first."""
        hits = match(text, self._haystacks(agents))
        try:
            near, problem = self._near(text, agents, wait_s), None
        except EncoderAway as error:
            near, problem = {}, error
            self._index.problem = error
        found = []
        for agent in agents:
            key = name_key(agent.name)
            cosine, hit = near.get(key, 0.0), hits.get(key)
            if hit is not None or cosine >= NEAR:
                score = _score(cosine, hit, bool(near))
                found.append(Found(agent, score, _why(cosine, hit, problem)))
        found.sort(key=lambda one: (-one.score, one.agent.name))
        return found[:limit]

    def close(self) -> None:
        """End what runs in the background."""
        self._index.close()
        self._encoder.close()
        self._index.join()

    def _near(self, text: str, agents: Sequence[Agent], wait_s: float) -> Mapping[str, float]:
        if self._encoder.english and not _LATIN.search(text):
            return {}  # to it all signs of other scripts are the same
        until = time.monotonic() + wait_s
        self._encoder.warm()
        making = self._index.update(agents)
        if making is not None:
            making.join(max(0.0, until - time.monotonic()))
        if not self._encoder.ready and time.monotonic() >= until:
            loading = words(N_("the sentence encoder is still loading"))
            raise EncoderAway(model=self._encoder.name, detail=loading)
        left = max(READY_S, until - time.monotonic())
        return self._index.likeness(text, agents, wait_s=left)

    def _haystacks(self, agents: Sequence[Agent]) -> dict[str, Haystack]:
        known, self._stacks = self._stacks, {}
        found = {}
        for agent in agents:
            stack = known.get(agent.revision) or haystack(agent)
            self._stacks[agent.revision] = found[name_key(agent.name)] = stack
        return found


def _score(cosine: float, hit: Hit | None, both: bool) -> float:
    by_words = hit.score if hit is not None else 0.0
    score = MEANING * max(cosine, 0.0) + WORDS * by_words if both else by_words
    return round(min(1.0, score), 4)


def _why(cosine: float, hit: Hit | None, problem: EncoderAway | None) -> str:
    places = hit.places[:_SHOWN] if hit is not None else ()
    shown = ", ".join(_("“{word}” in {field}", word=word, field=field) for word, field in places)
    if cosine >= NEAR:
        return _("by meaning, and by words: {words}", words=shown) if shown else _("by meaning")
    why = _("by words: {words}", words=shown)
    if problem is None:
        return why
    detail = problem.message().rstrip(".。")
    return _("{why} (by words only: {problem})", why=why, problem=detail)
