"""What could make a model faster or leaner here, from what it was really used for."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from core.messages import Reason
from core.metrics.habits import Habit
from core.providers.base import prefix_of
from core.text import N_, translate
from core.tuning.options import OLLAMA, Tuned

ENOUGH = 12  # answers
ROOM = 1.5  # over the longest talk so far
SHORTEST = 1_024
USUAL_BATCH = 512  # Ollama's
LARGE_BATCH, SMALL_BATCH = 1_024, 256
LONG_PROMPT = 700  # tokens
RELOADS = 3
SLOW_LOAD_S = 2.0
KEPT_S = 3_600

WHY = {
    "context_unused": N_("Its longest talk had {longest} tokens; it keeps memory for {context}."),
    "prompts_long": N_("Its prompts are long ({longest} tokens): reading more at once may help."),
    "prompts_short": N_("Its prompts are short: reading less at once saves memory."),
    "layers_left_out": N_(
        "{share} % of it lie beside the card, although {free} GB are free there."
    ),
    "reloaded": N_("It was loaded {loads} times, {seconds} s each, after it had been given back."),
}


@dataclass(frozen=True, slots=True)
class Proposal:
    """A setting for a model, and why. `compare`: try it first; it may be no faster."""

    model: str
    options: Tuned
    why: Reason
    compare: bool = True

    def text(self, lang: str) -> str:
        return translate(WHY[self.why.code], lang, self.why.params)


@dataclass(frozen=True, slots=True)
class Placed:
    """Where a model lies now: bytes beside the card and on it, free on it, and its layers."""

    beside_bytes: int
    card_bytes: int
    free_bytes: int
    layers: int


def propose(
    ref: str, habit: Habit, tuned: Tuned, context_tokens: int, placed: Placed | None = None
) -> Iterator[Proposal]:
    """Everything that seems worth a try. `context_tokens` is what it is asked with untuned."""
    if habit.answers >= ENOUGH:
        yield from _context(ref, habit, tuned.context_tokens or context_tokens)
        if prefix_of(ref) == OLLAMA:
            yield from _batch(ref, habit, tuned.batch or USUAL_BATCH)
    if placed is not None:
        yield from _layers(ref, tuned, placed)
    if prefix_of(ref) == OLLAMA and tuned.keep_alive_s is None:
        yield from _keep_alive(ref, habit)


def new_ones(found: Iterable[Proposal], tried: Iterable[tuple[str, Tuned]]) -> list[Proposal]:
    """Without those that were tried before."""
    known = set(tried)
    return [one for one in found if (one.model, one.options) not in known]


def _context(ref: str, habit: Habit, context: int) -> Iterator[Proposal]:
    wanted = SHORTEST
    while wanted < ROOM * habit.longest_tokens:
        wanted *= 2
    if 2 * wanted <= context:
        why = Reason("context_unused", {"longest": habit.longest_tokens, "context": context})
        yield Proposal(ref, Tuned(context_tokens=wanted), why)


def _batch(ref: str, habit: Habit, batch: int) -> Iterator[Proposal]:
    longest = habit.longest_prompt
    if longest >= LONG_PROMPT and batch < LARGE_BATCH:
        yield Proposal(ref, Tuned(batch=LARGE_BATCH), Reason("prompts_long", {"longest": longest}))
    elif longest < SMALL_BATCH and batch > SMALL_BATCH:
        yield Proposal(ref, Tuned(batch=SMALL_BATCH), Reason("prompts_short"))


def _layers(ref: str, tuned: Tuned, placed: Placed) -> Iterator[Proposal]:
    whole = placed.beside_bytes + placed.card_bytes
    if tuned.gpu_layers is not None or not placed.card_bytes or not placed.beside_bytes:
        return
    a_layer = whole / placed.layers
    now = int(placed.card_bytes / a_layer)
    more = min(placed.layers, now + int(placed.free_bytes / 2 / a_layer))  # half of it stays free
    if more > now:
        share = round(100 * placed.beside_bytes / whole)
        params = {"share": share, "free": f"{placed.free_bytes / 1e9:.1f}"}
        yield Proposal(ref, Tuned(gpu_layers=more), Reason("layers_left_out", params))


def _keep_alive(ref: str, habit: Habit) -> Iterator[Proposal]:
    if habit.reloads >= RELOADS and habit.load_s >= SLOW_LOAD_S:
        why = Reason("reloaded", {"loads": habit.reloads, "seconds": f"{habit.load_s:.1f}"})
        yield Proposal(ref, Tuned(keep_alive_s=KEPT_S), why, compare=False)
