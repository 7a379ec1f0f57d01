"""The one renderer: shape is kept, nothing acts, nothing loads. Checked with another parser."""

from __future__ import annotations

import random

import pytest
from markdown_it import MarkdownIt

from pages.ui.markdown import LONGEST, plain, safe, unmarked
from tests.browser.payloads import payloads

JUDGE = MarkdownIt("gfm-like", {"linkify": False})
HARMFUL = {"link_open", "image", "html_inline", "html_block"}


def kinds(markdown: str) -> set[str]:
    """Every kind of token in a text, those inside lines included."""
    found = set()
    for token in JUDGE.parse(markdown):
        found |= {token.type, *(child.type for child in token.children or [])}
    return found


def bare(markdown: str) -> str:
    """The text outside of code, where a bare address would become a link."""
    parts = []
    for token in JUDGE.parse(markdown):
        parts += [child.content for child in token.children or [] if child.type == "text"]
    return " ".join(parts)


@pytest.mark.parametrize("payload", payloads())
def test_nothing_in_a_payload_acts(payload: str) -> None:
    for written in (safe(payload), plain(payload), safe(f"- x\n  > {payload}\n\n{payload}")):
        assert not kinds(written) & HARMFUL
        assert "://" not in bare(written)
        assert "www." not in bare(written)


def test_random_marks_never_become_links() -> None:
    generator = random.Random(7)
    pieces = ["[", "]", "(", ")", "!", "`", "``", "\\", "<", ">", "\n", "\n\n", "    ", "- ", "> "]
    pieces += [
        "|",
        "---",
        "*",
        "_",
        "~~",
        "http://canary.example/x",
        "www.x.y",
        "a",
        "$",
        ":",
        "1. ",
    ]
    for _round in range(3_000):
        text = "".join(generator.choice(pieces) for _piece in range(generator.randint(1, 24)))
        for written in (safe(text), f":color[{plain(text)}]"):
            assert not kinds(written) & HARMFUL, repr(text)
            assert "://" not in bare(written), repr(text)


@pytest.mark.parametrize(
    ("text", "html"),
    [
        ("Hello **you** and *me*", "<p>Hello <strong>you</strong> and <em>me</em></p>"),
        ("one\ntwo", "<p>one<br />\ntwo</p>"),
        ("- a\n- b", "<ul>\n<li>a</li>\n<li>b</li>\n</ul>"),
        ("- a\n  - b", "<ul>\n<li>a\n<ul>\n<li>b</li>\n</ul>\n</li>\n</ul>"),
        ("3. a\n4. b", '<ol start="3">\n<li>a</li>\n<li>b</li>\n</ol>'),
        ("> quoted", "<blockquote>\n<p>quoted</p>\n</blockquote>"),
        ("`a < b`", "<p><code>a &lt; b</code></p>"),
        ("```py\nx = 1\n```", '<pre><code class="language-py">x = 1\n</code></pre>'),
        ("5 * 3 * 2 < 40 & more", "<p>5 * 3 * 2 &lt; 40 &amp; more</p>"),
        ("It costs $5 and $6", "<p>It costs $5 and $6</p>"),
        ("瑞穂さん、**お茶**です", "<p>瑞穂さん、<strong>お茶</strong>です</p>"),
    ],
)
def test_the_shape_is_kept(text: str, html: str) -> None:
    assert JUDGE.render(safe(text)).strip() == html


def test_addresses_are_shown_as_code() -> None:
    assert "`https://example.org/a`" in safe("see https://example.org/a please")
    assert "`https://example.org/b`" in safe("[there](https://example.org/b)")


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("**Hello** and *welcome*, see `core`", "Hello and welcome, see core"),
        ("# Title\n\n- one\n- two", "Title one two"),
        ("two\nlines", "two lines"),
        ("```python\nx = 1\n```", "x = 1"),
        ("a * b, 2 ** 3, <b>", "a * b, 2 ** 3, <b>"),
        ("[here](https://example.org/x)", "here"),
        ("縁側で**お茶**を", "縁側でお茶を"),
        ("word " * 9, "word word word word word word word word…"),
    ],
)
def test_the_words_alone_are_read_in_one_line(text: str, read: str) -> None:
    assert unmarked(text, 39) == read


def test_very_long_text_is_one_plain_block() -> None:
    written = safe("# x\n" * LONGEST)
    assert written.startswith("```")
    assert kinds(written) == {"fence"}


def test_deep_nesting_is_quick() -> None:
    assert safe("> " * 5_000 + "x")
    assert safe("[" * 20_000)
    assert safe("*a " * 15_000)
