"""The processor as a whole: what a room hears, what is kept apart, and how fast."""

from __future__ import annotations

import re
import time

import pytest
from hypothesis import given, settings, strategies as st

from core.providers.base import Chunk
from core.rooms.speech import Processor
from tests.rooms.speech.pieces import cut, places, texts

PEOPLE = ("Ren", "Mizuho", "Yuki")
FRAGMENTS = (
    "<think>", "</think>", "Ren:", "\nMizuho: ", "\n**Yuki:**", "<|im_start|>assistant\n",
    "<|im_end|>", "### Human:", "<br>", "&amp;", "\u200b", "\r\n", "\n\n\n\n", "```", "`",
)  # fmt: skip


def heard(*pieces: str | Chunk) -> tuple[str, Processor]:
    """What is said of the pieces, and the processor that heard them."""
    processor = Processor("Ren", PEOPLE)
    chunks = [piece if isinstance(piece, Chunk) else Chunk(piece) for piece in pieces]
    said = "".join(processor.heard(chunk) for chunk in chunks)
    return said + processor.rest(), processor


@given(text=texts(*FRAGMENTS), places=places)
@settings(max_examples=100, deadline=None)
def test_pieces_change_nothing(text: str, places: list[int]) -> None:
    whole, once = heard(text)
    for pieces in (cut(text, places), list(text)):
        said, processor = heard(*pieces)
        assert said == whole
        assert processor.reasoning == once.reasoning
        assert processor.report == once.report
        assert processor.ended == once.ended


@pytest.mark.parametrize(
    ("text", "said", "report"),
    [
        ("<think>hm</think>\n\nRen: It works. ", "It works.", None),
        (
            "Ren: It works.\n\nMizuho: Lovely!\nRen: Yes.",
            "It works.",
            {"cut": {"kind": "speaker", "name": "Mizuho"}},
        ),
        ("Yes.<|im_end|>\n<|im_start|>user", "Yes.", None),
        (
            "Yes.\n<|im_start|>user\nAnd?",
            "Yes.",
            {"cut": {"kind": "template", "mark": "<|im_start|>"}},
        ),
        ("Hello\nRen: and more", "Hello\nRen: and more", None),
        (
            "<|channel|>analysis<|message|>hm<|end|><|start|>assistant"
            "<|channel|>final<|message|>Ren: Hi<|return|>",
            "Hi",
            None,
        ),
        ("<|im_start|>assistant\n**Ren:** Hi<br>there", "Hi\nthere", None),
    ],
)
def test_the_stages_work_together(text: str, said: str, report: object) -> None:
    found, processor = heard(text)
    assert (found, processor.report) == (said, report)


def test_thoughts_come_apart_or_in_the_text() -> None:
    said, processor = heard(
        Chunk(reasoning="first, "), Chunk(reasoning="then"), "<think>now", "</think>Hi"
    )
    assert said == "Hi"
    assert processor.reasoning == "first, then\n\nnow"
    assert heard("Hi")[1].reasoning is None


@given(st.lists(st.text(max_size=8)))
@settings(deadline=None)
def test_nothing_is_said_after_the_end(pieces: list[str]) -> None:
    processor = Processor("Ren", PEOPLE)
    assert processor.heard(Chunk("Hi\nMizuho: hello")) == "Hi"
    assert processor.ended
    assert [processor.heard(Chunk(piece)) for piece in pieces] == [""] * len(pieces)
    assert processor.rest() == ""


def test_it_keeps_up_with_any_model() -> None:
    """30,000 chunks a second on an idle core; half of that here, where others work, too."""
    text = "Well, the radio works like this:\n\n1. a *coil*\n2. `code`\n\nMind the gap. "
    chunks = [Chunk(word) for word in re.findall(r"\S+\s+", text)] * 1_000
    best = min(_seconds(chunks) for _ in range(3))
    assert len(chunks) / best > 15_000


def _seconds(chunks: list[Chunk]) -> float:
    processor = Processor("Ren", PEOPLE)
    began = time.process_time()
    for chunk in chunks:
        processor.heard(chunk)
    processor.rest()
    return time.process_time() - began
