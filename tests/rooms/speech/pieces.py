"""Texts cut into pieces: a stage must say the same however it hears them."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from hypothesis import strategies as st

from core.rooms.speech.stage import Stage


def said(stage: Stage, pieces: Sequence[str]) -> str:
    """All that a stage says of these pieces."""
    return "".join(stage.heard(piece) for piece in pieces) + stage.rest()


def cut(text: str, places: Sequence[int]) -> list[str]:
    """The text cut at these places, given as any numbers."""
    ends = sorted({place % (len(text) + 1) for place in places})
    return [text[start:end] for start, end in zip([0, *ends], [*ends, len(text)], strict=True)]


def same_in_pieces(make: Callable[[], Stage], text: str, places: Sequence[int]) -> None:
    """Cut anywhere, and letter by letter, the stage says and ends as it does with the whole."""
    whole, once = make(), make()
    expected = said(whole, [text])
    for pieces in (cut(text, places), list(text)):
        once = make()
        assert said(once, pieces) == expected
        assert once.ended == whole.ended


def texts(*fragments: str) -> st.SearchStrategy[str]:
    """Texts made of these fragments, of their halves, and of anything else."""
    some = st.sampled_from(fragments)
    halves = st.builds(lambda text, end: text[: end % (len(text) + 1)], some, st.integers(0, 40))
    plain = st.sampled_from(["word", " ", "\n", "\n\n", "`", "```\n", "a", "*", ":", "日本語。"])
    anything = st.text(max_size=3)
    return st.lists(some | halves | plain | anything, max_size=12).map("".join)


places = st.lists(st.integers(0, 200), max_size=8)
