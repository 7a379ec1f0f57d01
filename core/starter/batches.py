"""Dialogues as token batches: pools of one size, sorted by length, seeded one by one."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

import torch
from tokenizers import Tokenizer

from core.starter import dialogue, names, persona
from core.starter.dialogue import Dialogue
from core.starter.intents import NOWHERE, number_of
from core.starter.tokenizer import CONTEXT, END, PAD, SPECIAL
from core.starter.wording_files import LANGUAGES

POOL = 512  # dialogues drawn and sorted together
CONTEXT_LOSS_SHARE = 0.1  # of the tokens that are read, not said
SIMPLE_SHARE = 0.85  # of the dialogues, at the start
ECHOES = 0.25  # names to be copied a dialogue, at the start
CARDS = 0.4  # characters' own words to be copied a dialogue, at the start


@dataclass(frozen=True)
class Batch:
    """Token ids (B, T), the mask (B, T) of positions whose token is to be predicted, and
    the number of the intent (B, T) where a reply begins, `NOWHERE` elsewhere.
    """

    ids: torch.Tensor
    learned: torch.Tensor
    intents: torch.Tensor


class Row(NamedTuple):
    """Token ids and, for each, whether the character said it and the intent that begins."""

    ids: list[int]
    said: list[bool]
    intents: list[int]


def encode(tokenizer: Tokenizer, talk: Dialogue) -> Row:
    """Give the tokens of a dialogue; the system text is always kept."""
    head = tokenizer.encode(f"<|system|>{talk.system}{END}").ids
    ids: list[int] = []
    said: list[bool] = []
    intents: list[int] = []
    for turn in talk.turns:
        piece = tokenizer.encode(f"<|{turn.role}|>{turn.text.strip()}{END}").ids
        ids += piece
        said += [False] + [turn.role == "assistant"] * (len(piece) - 1)
        intents += [number_of(turn.intent, turn.topic)] + [NOWHERE] * (len(piece) - 1)
    room, blank = CONTEXT - len(head), [NOWHERE] * len(head)
    return Row(head + ids[-room:], [False] * len(head) + said[-room:], blank + intents[-room:])


def _drill(head: list[int], tail: list[int]) -> Row:
    """Words to be said again; they answer to no intent."""
    said = [False] * len(head) + [True] * len(tail)
    return Row(head + tail, said, [NOWHERE] * len(said))


def echo(tokenizer: Tokenizer, rng: random.Random) -> Row:
    """Names to be said again in the same order: copying, learnt by itself first."""
    gap = rng.choice((" ", ", ", "\n", "、", " and ", "と"))
    language = rng.choice(LANGUAGES)
    text = gap.join(names.draw(rng, language, "train") for _ in range(rng.randrange(3, 11)))
    head = tokenizer.encode(f"<|user|>{text}{END}<|assistant|>").ids
    tail = tokenizer.encode(f"{text}{END}").ids
    return _drill(head, tail)


def card(tokenizer: Tokenizer, rng: random.Random) -> Row:
    """A character's own words to be said again, found by what stands before them."""
    who = persona.draw(rng, rng.choice(LANGUAGES), "train")
    asked = rng.sample(("name", "role", "personality"), rng.choice((1, 2, 3)))
    said = "\n".join(f"{key}: {getattr(who, key)}" for key in asked if getattr(who, key))
    head = tokenizer.encode(
        f"<|system|>{persona.system_text(who)}{END}<|user|>{' '.join(asked)}{END}<|assistant|>"
    ).ids
    tail = tokenizer.encode(f"{said}{END}").ids
    return _drill(head, tail)


def pool(tokenizer: Tokenizer, seed: int, index: int, ease: float = 0.0) -> list[Row]:
    """Draw the `index`-th pool of a seed; the same arguments give the same dialogues.

    `ease`, 1 to 0, is the share of single exchanges among the dialogues, and how many
    copying exercises come with them.
    """
    rng = random.Random(f"train-{seed}-{index}")
    simple = int(POOL * SIMPLE_SHARE * ease)
    rows = [encode(tokenizer, dialogue.draw_simple(rng)) for _ in range(simple)]
    rows += [encode(tokenizer, dialogue.draw(rng)) for _ in range(POOL - simple)]
    rows += [echo(tokenizer, rng) for _ in range(int(POOL * ECHOES * ease))]
    return rows + [card(tokenizer, rng) for _ in range(int(POOL * CARDS * ease))]


def batches(
    tokenizer: Tokenizer, seed: int, index: int, tokens: int, ease: float = 0.0
) -> Iterator[Batch]:
    """Cut a pool into batches of about `tokens` padded tokens, in random order."""
    rows = sorted(pool(tokenizer, seed, index, ease), key=lambda row: len(row.ids))
    groups: list[list[Row]] = [[]]
    for row in rows:
        if groups[-1] and (len(groups[-1]) + 1) * len(row.ids) > tokens:
            groups.append([])
        groups[-1].append(row)
    random.Random(seed * 1_000_003 + index).shuffle(groups)
    padding = SPECIAL.index(PAD)
    generator = torch.Generator().manual_seed(seed * 7_919 + index)
    for group in groups:
        yield _batch(group, padding, generator)


def _batch(rows: list[Row], padding: int, generator: torch.Generator) -> Batch:
    width = max(len(row.ids) for row in rows)
    ids = torch.full((len(rows), width), padding)
    said = torch.zeros((len(rows), width), dtype=torch.bool)
    intents = torch.full((len(rows), width), NOWHERE)
    for at, row in enumerate(rows):
        ids[at, : len(row.ids)] = torch.tensor(row.ids)
        said[at, : len(row.ids)] = torch.tensor(row.said)
        intents[at, : len(row.ids)] = torch.tensor(row.intents)
    extra = torch.rand(ids.shape, generator=generator) < CONTEXT_LOSS_SHARE
    return Batch(ids, said | (extra & (ids != padding)), intents)
