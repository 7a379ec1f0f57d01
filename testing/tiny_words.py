"""The tokenizers of tiny models, as the JSON that they are stored as."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

SPECIAL = ("<|pad|>", "<|end|>", "<|system|>", "<|user|>", "<|assistant|>")
PAD, END = SPECIAL[0], SPECIAL[1]
CORPUS = (
    "The people inside and the people passing by sit down together and talk.",
    "Rooms, agents, models, skills, memory and hardware are the screens of this app.",
    "縁側は、家の中の人と通りがかりの人が並んで座って話をする場所です。",
    "こんにちは。今日はいい天気ですね。お元気ですか。ありがとうございます。",
)


def make_tokenizer(size: int) -> dict[str, Any]:
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers

    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=size,
        special_tokens=list(SPECIAL),
        initial_alphabet=sorted(pre_tokenizers.ByteLevel.alphabet()),
        show_progress=False,
    )
    tokenizer.train_from_iterator(CORPUS, trainer)
    content: dict[str, Any] = json.loads(tokenizer.to_str())
    return content


def vocabulary_of(tokenizer: dict[str, Any]) -> dict[str, int]:
    found: dict[str, int] = tokenizer["model"]["vocab"]
    return found


def add_pieces(tokenizer: dict[str, Any], pieces: Iterable[str]) -> None:
    vocabulary = vocabulary_of(tokenizer)
    for piece in pieces:  # no merge leads to them, so that no text is ever encoded with them
        vocabulary[piece] = len(vocabulary)


def byte_letters(text: str) -> str:
    """`text` as byte-level BPE writes it: one letter for each UTF-8 byte."""
    plain = [*range(33, 127), *range(161, 173), *range(174, 256)]
    letters = {byte: chr(byte) for byte in plain}
    others = [byte for byte in range(256) if byte not in letters]
    letters |= {byte: chr(256 + place) for place, byte in enumerate(others)}
    return "".join(letters[byte] for byte in text.encode())


def distinct_pieces(letters: str, length: int, taken: set[str]) -> list[str]:
    """Cut into pieces of `length` letters, longer where that one is taken already.

    A piece stands for one token and its successor must be unique.
    """
    pieces: list[str] = []
    at = 0
    while at < len(letters):
        end = at + length
        while letters[at:end] in taken and end < len(letters):
            end += 1
        piece = letters[at:end]
        while piece in taken:  # the end of the text: take the pieces before it along
            piece = pieces.pop() + piece
        taken.add(piece)
        pieces.append(piece)
        at = end
    return pieces
