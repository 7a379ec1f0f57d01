"""The intents as numbers, and a helper of the training that learns to tell them.

What a person wants shows in the reply only through words drawn among many; told the
intent itself, the model learns it from far fewer dialogues. The helper is not exported.
"""

from __future__ import annotations

from functools import cache

import torch
from torch.nn.functional import cross_entropy, rms_norm

from core.starter.wording_files import users

NOWHERE = -1
"""Stands where no reply begins."""
HONEST = "honest"
READ_AFTER = (3, 5)  # layers


@cache
def _numbers() -> dict[str, int]:
    talk, guide = sorted(users("en", "talk")), sorted(users("en", "guide"))
    return {name: at for at, name in enumerate([HONEST, *talk, *(f"guide/{one}" for one in guide)])}


def number_of(intent: str, topic: str) -> int:
    """Number of an intent, or of its topic when the app is explained; `NOWHERE` for others."""
    head = topic.partition("/")[0]
    return _numbers().get(f"guide/{head}" if head else intent, NOWHERE)


class Reader(torch.nn.Module):  # type: ignore[misc]
    """Reads the intent from the state of the model where a reply begins."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.width = width
        self.heads = torch.nn.ModuleList(
            torch.nn.Linear(width, len(_numbers())) for _ in READ_AFTER
        )

    def loss(self, states: tuple[torch.Tensor, ...], intents: torch.Tensor) -> torch.Tensor:
        """Mean cross entropy of the intents; `states` are those after each layer (B, T, C)."""
        there = intents != NOWHERE
        if not there.any():
            return states[0].new_zeros(())
        read = [
            cross_entropy(head(rms_norm(states[layer][there], (self.width,))), intents[there])
            for head, layer in zip(self.heads, READ_AFTER, strict=True)
        ]
        return torch.stack(read).mean()
