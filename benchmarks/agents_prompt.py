"""What building a prompt costs, in milliseconds; a part of `bench agents`."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from statistics import median

from core.agents import Agent
from core.agents.prompt import build_prompt
from core.agents.prompt_files import prompt_files
from core.providers.defaults import default_providers
from core.providers.registry import Registry
from core.settings import Settings

MESSAGES = 200
ENTRIES = 50
BUDGET_TOKENS = 16_000  # nothing falls out: the whole history is looked at and sent
TURNS = 40
SENTENCE = "The lantern of house {n} is lit, and somebody tells of the river and of the bridge."
WRITER = Agent("Hana", roles=("teacher",), tones=("polite",), body="You teach with patience.")


@dataclass(frozen=True, slots=True)
class Line:
    """A message as `build_prompt` hears it."""

    seq: int
    sender: str
    content: str


def run_prompts(settings: Settings) -> dict[str, object]:
    """Medians over 40 turns, each with one message more than the one before."""
    registry = Registry(default_providers(settings))
    try:
        tokens = registry.tokens("starter")
        return {
            "prompt_ms": round(median(_turns(_letters)), 2),
            "turn_ms": round(median(_turns(tokens)), 2),
            "prompt_messages": MESSAGES,
            "prompt_entries": ENTRIES,
        }
    finally:
        registry.close()


def _letters(text: str) -> int:
    """Counts without a tokenizer."""
    return len(text) // 4


def _turns(count: Callable[[str], int]) -> list[float]:
    history = [_line(seq) for seq in range(1, MESSAGES + TURNS + 1)]
    book = {"entries": [_entry(number) for number in range(ENTRIES)]}
    files = prompt_files()
    taken = []
    for turn in range(TURNS):
        transcript: Sequence[Line] = history[turn : turn + MESSAGES]
        began = time.perf_counter()
        prompt = build_prompt(
            WRITER,
            transcript,
            model="ollama:any",
            members=("Hana", "Ken"),
            budget_tokens=BUDGET_TOKENS,
            count=count,
            lorebook=book,
            files=files,
        )
        taken.append((time.perf_counter() - began) * 1000)
        assert len(prompt.messages) > 1
    return taken[1:]


def _line(seq: int) -> Line:
    sender = ("You", "Hana", "Ken")[seq % 3]
    return Line(seq, sender, SENTENCE.format(n=seq))


def _entry(number: int) -> dict[str, object]:
    """One in five is about what is being said."""
    key = ("lantern", "dragon", "castle", "comet", "whale")[number % 5]
    return {
        "keys": [key, f"key {number}"],
        "content": f"What is known of the {key}, part {number}.",
        "enabled": True,
        "insertion_order": number,
        "extensions": {},
    }
