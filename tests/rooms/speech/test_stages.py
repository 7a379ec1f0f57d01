"""Each stage: a table of what it does, and the same result however the text is cut."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given, settings, strategies as st

from core.rooms.speech.blanks import Blanks
from core.rooms.speech.letters import Letters
from core.rooms.speech.markup import SAID, Markup
from core.rooms.speech.opening import Opening
from core.rooms.speech.others import Others
from core.rooms.speech.stage import Stage
from core.rooms.speech.template import RULES, Template
from core.rooms.speech.thoughts import PAIRS, Thoughts
from tests.rooms.speech.pieces import places, said, same_in_pieces, texts


def opening() -> Opening:
    return Opening("Ren")


def others() -> Others:
    return Others(["Mizuho", "Yuki Tanaka", "Yuki", "瑞穂", "ガク", "100"])


MAKERS: dict[str, tuple[Callable[[], Stage], tuple[str, ...]]] = {
    "letters": (Letters, ("\r\n", "\r", "\u200b", "\ufeff", "👩\u200d💻", "\x00", "\ud83d")),
    "thoughts": (Thoughts, (*PAIRS, "</think>", "</thinking>", "<|end|>", "<|end_thinking|>")),
    "template": (Template, (*RULES, "\n### ", "<|im_start|>user", "<s")),
    "markup": (Markup, (*SAID, "<b>", "&x;")),
    "opening": (opening, ("Ren:", "ＲＥＮ：", "**Ren:**", "**Ren**:", " Ren ", "[Ren]: ", "Re")),
    "others": (others, ("Mizuho:", "\nYuki: ", "\n**Yuki Tanaka:**", "瑞穂：", "\nｶﾞｸ:", "\n100:")),
    "blanks": (Blanks, (" ", "\t\n", "\n \n\n\n", "　\n", "    code")),
}


@pytest.mark.parametrize("name", MAKERS)
@given(data=st.data(), places=places)
@settings(deadline=None)
def test_pieces_change_nothing(name: str, data: st.DataObject, places: list[int]) -> None:
    make, fragments = MAKERS[name]
    same_in_pieces(make, data.draw(texts(*fragments)), places)


def table(stage: Callable[[], Stage], rows: list[tuple[str, str]]) -> list[object]:
    return [pytest.param(stage, text, expected, id=repr(text)[:50]) for text, expected in rows]


LETTERS = [
    ("a\r\nb\rc", "a\nb\nc"),
    ("a\u200bb\ufeffc\u2060", "abc"),
    ("👩\u200d💻 می\u200cخواهم", "👩\u200d💻 می\u200cخواهم"),
    ("bell\x07 \ud800", "bell \ufffd"),
]
THOUGHTS = [
    ("<think>secret</think>Hello", "Hello"),
    ("<THINKING>secret</Thinking>\n\nHello", "\n\nHello"),
    ("<think>never closed", ""),
    ("Hello <think>wait</think>again", "Hello again"),
    ("Write `<think>` to think", "Write `<think>` to think"),
    ("```\n<think>\n```\nso", "```\n<think>\n```\nso"),
    ("1 < 2 and <thin> too", "1 < 2 and <thin> too"),
    ("<|channel|>analysis<|message|>hm<|end|><|start|>assistant", "<|start|>assistant"),
    ("[THINK]hm[/THINK]Yes", "Yes"),
    ("◁think▷hm◁/think▷はい", "はい"),
]
TEMPLATE = [
    ("<|im_start|>assistant\nHello<|im_end|>\n<|im_start|>user\nHi", "\nHello"),
    ("Hello<|im_start|>user\nHi", "Hello"),
    ("Hello\n<|im_start|>assistant\nand more", "Hello\n"),
    ("[/INST] Hello </s> more", " Hello "),
    ("Hello\n### Human: and you?", "Hello\n"),
    ("### Response:\nHello\n### Response: two", "\nHello\n### Response: two"),
    ("about ### Human: marks", "about ### Human: marks"),
    ("# A heading\n### Humans", "# A heading\n### Humans"),
    ("`<|im_end|>` ends a turn", "`<|im_end|>` ends a turn"),
    ("<|start|>assistant<|channel|>final<|message|>Hi<|return|>", "Hi"),
    ("x [1] and [INSTALL]", "x [1] and [INSTALL]"),
]
MARKUP = [
    ("one<br>two<BR />three", "one\ntwo\nthree"),
    ("<answer>42</answer>", "42"),
    ("</think>\nHello", "\nHello"),
    ("<p>a</p><p>b</p>", "a\n\nb\n\n"),
    ("Tom &amp; Mizuho &lt;3 &unknown;", "Tom & Mizuho <3 &unknown;"),
    ("`<br>` and <b>bold</b>", "`<br>` and <b>bold</b>"),
]
OPENING = [
    ("Ren: Hello", "Hello"),
    ("\n\n ren ： Hello", "Hello"),
    ("**Ren:** Hello", "Hello"),
    ("**Ren**: *smiles* Hello", "*smiles* Hello"),
    ("Ren: *smiles* Hello", "*smiles* Hello"),
    ("【Ren】：どうも", "どうも"),
    ("Ren: Ren: Hello", "Hello"),
    ("Rental cars", "Rental cars"),
    ("Renée: no", "Renée: no"),
    ("Ren is my name: Ren", "Ren is my name: Ren"),
    ("Ren", "Ren"),
    ("  \n", ""),
    ("* Ren: engineer", "* Ren: engineer"),
]
OTHERS = [
    ("Hello\nMizuho: Welcome", "Hello\n"),
    ("Hello\n**Mizuho:** Welcome", "Hello\n"),
    ("Hello\n  yuki ： hi", "Hello\n"),
    ("Hello\nYuki Tanaka: hi", "Hello\n"),
    ("どうも\n瑞穂：ようこそ", "どうも\n"),
    ("どうも\nｶﾞｸ: hm", "どうも\n"),
    ("Mizuho: Welcome", ""),
    ("I asked Mizuho: she knows", "I asked Mizuho: she knows"),
    ("“Mizuho: Welcome”\nfine", "“Mizuho: Welcome”\nfine"),
    ("- Mizuho: the host\n* Yuki: guest", "- Mizuho: the host\n* Yuki: guest"),
    ("```\nMizuho: host\n```\nend", "```\nMizuho: host\n```\nend"),
    ("Mizuhoko: other\nYuki Tanak: x", "Mizuhoko: other\nYuki Tanak: x"),
    ("at\n100: no name\nMizuho", "at\n100: no name\nMizuho"),
]
BLANKS = [
    ("a  \nb \t\n", "a\nb"),
    ("a\n\n\n\n\nb", "a\n\n\nb"),
    ("a\n \n\t\n  \n\nb", "a\n\n\nb"),
    ("a  b\n    indented", "a  b\n    indented"),
    ("a\n\n\u3000一字下げ", "a\n\n\u3000一字下げ"),
]


@pytest.mark.parametrize(
    ("make", "text", "expected"),
    [
        *table(Letters, LETTERS),
        *table(Thoughts, THOUGHTS),
        *table(Template, TEMPLATE),
        *table(Markup, MARKUP),
        *table(opening, OPENING),
        *table(others, OTHERS),
        *table(Blanks, BLANKS),
    ],
)
def test_what_is_said(make: Callable[[], Stage], text: str, expected: str) -> None:
    assert said(make(), [text]) == expected


@pytest.mark.parametrize(
    ("text", "thoughts"),
    [
        ("<think>\nfirst\n</think>Hello<think>then</think>", "first\n\n\nthen"),
        ("<think>open", "open"),
        ("Hello", ""),
        ("<think>half </thin", "half </thin"),
    ],
)
def test_thoughts_are_kept(text: str, thoughts: str) -> None:
    stage = Thoughts()
    said(stage, list(text))
    assert stage.thoughts == thoughts


@pytest.mark.parametrize(
    ("make", "held", "free"),
    [
        (Thoughts, "a <thi", "ng"),
        (Template, "a <|im_", " b"),
        (Markup, "a &am", "a"),
        (opening, "Re", "d"),
        (others, "\nMizuh", "a"),
    ],
)
def test_nothing_is_held_longer_than_it_could_match(
    make: Callable[[], Stage], held: str, free: str
) -> None:
    stage = make()
    said_at_once = stage.heard(held)
    assert len(said_at_once) < len(held)
    assert said_at_once + stage.heard(free) == held + free


@pytest.mark.parametrize("make", [Thoughts, Template, Markup, opening, others])
def test_ordinary_words_pass_at_once(make: Callable[[], Stage]) -> None:
    stage = make()
    pieces = ["Well", ", it", " works", " [mostly", "]", ".\n", "Yes", "."]
    assert [stage.heard(piece) for piece in pieces] == pieces
