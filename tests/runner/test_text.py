"""Pieces of text out of tokens: no broken characters, stop texts, thoughts."""

import pytest

from core.runner.host_text import Detokeniser, StopTexts, Thoughts

TEXT = "縁側で🍵を飲む. Plain, too; naïve café."


def bytes_of(ids: list[int]) -> str:
    return bytes(ids).decode("utf-8", errors="replace")


def test_bytes_become_whole_characters() -> None:
    words = Detokeniser(bytes_of)
    pieces = [words.add(byte) for byte in TEXT.encode()]
    assert "".join(pieces) == TEXT
    assert all(len(piece) <= 1 for piece in pieces)
    assert "\ufffd" not in "".join(pieces)


@pytest.mark.parametrize("width", [2, 4, 5, 7])
def test_pieces_cut_through_characters(width: int) -> None:
    raw = TEXT.encode()
    parts = [raw[at : at + width] for at in range(0, len(raw), width)]
    words = Detokeniser(lambda ids: b"".join(parts[i] for i in ids).decode(errors="replace"))
    shown = ""
    for number in range(len(parts)):
        shown += words.add(number)
        read = b"".join(parts[: number + 1]).decode(errors="ignore")
        assert shown == read, "every character is shown as soon as it is whole"


def test_an_end_inside_a_character_is_left_out() -> None:
    words = Detokeniser(bytes_of)
    assert "".join(words.add(byte) for byte in "お茶".encode()[:-1]) == "お"


def test_bytes_that_are_no_character_do_not_hold_back_what_follows() -> None:
    words = Detokeniser(bytes_of)
    raw = b"a\xff\xfeb" + "茶".encode()
    assert "".join(words.add(byte) for byte in raw) == "a\ufffd\ufffdb茶"


@pytest.mark.parametrize(
    ("stops", "text", "shown"),
    [
        (["\nYou:"], "Hello.\nYou: and", "Hello."),
        (["\nYou:"], "Hello.\nYo", "Hello.\nYo"),
        (["。", "END"], "はい。いいえ", "はい"),
        (["aab"], "aaab", "a"),
        (["xyz", "yz"], "wxyz", "w"),
        ([""], "all of it", "all of it"),
        ([], "all of it", "all of it"),
    ],
)
def test_stop_texts(stops: list[str], text: str, shown: str) -> None:
    for width in (1, 2, 3, len(text)):
        watch = StopTexts(stops)
        out = ""
        for at in range(0, len(text), width):
            out += watch.add(text[at : at + width])
            if watch.found:
                break
        out += watch.rest()
        assert out == shown, width
        assert watch.found == (shown != text)


@pytest.mark.parametrize(
    ("begins_thinking", "text", "thought", "said"),
    [
        (False, "<think>\nhm\n</think>\n\nYes.", "hm\n", "Yes."),
        (True, "hm\n</think>\n\nYes.", "hm\n", "Yes."),
        (False, "Yes, 1 < 2.", "", "Yes, 1 < 2."),
        (False, "<think>\n\n</think>\n\nYes <thin", "", "Yes <thin"),
        (True, "never ends", "never ends", ""),
    ],
)
def test_thoughts(begins_thinking: bool, text: str, thought: str, said: str) -> None:
    for width in (1, 3, len(text)):
        thoughts = Thoughts(begins_thinking)
        pieces = [
            p for at in range(0, len(text), width) for p in thoughts.add(text[at : at + width])
        ]
        pieces += thoughts.rest()
        assert "".join(text for is_thought, text in pieces if is_thought) == thought
        assert "".join(text for is_thought, text in pieces if not is_thought) == said


# --- what goes on behind something that stands there already ---------------------------------


def words_without_a_first_blank(ids: list[int]) -> str:
    """As a tokenizer that takes the blank of a text's first word away."""
    return " ".join(f"w{number}" for number in ids)


def test_the_first_word_keeps_its_blank_behind_others() -> None:
    plain = Detokeniser(words_without_a_first_blank)
    assert plain.add(7) == "w7"
    behind = Detokeniser(words_without_a_first_blank, [3, 4])
    assert [behind.add(7), behind.add(8)] == [" w7", " w8"]
    trimmed = Detokeniser(words_without_a_first_blank, [3, 4], trimmed=True)
    assert [trimmed.add(7), trimmed.add(8)] == ["w7", " w8"]


def test_what_is_gone_on_with_may_begin_with_a_blank() -> None:
    assert Thoughts(thinking=False).add(" and tea") == [(False, "and tea")]
    assert Thoughts(thinking=False, begun=True).add(" and tea") == [(False, " and tea")]
