"""Requests outside a starter's reach: exams, stories, code, orders, long passages."""

from __future__ import annotations

import random
import re
from collections.abc import Callable

from core.starter import asking, names
from core.starter.grammar import expand
from core.starter.wording_files import Language, Split, load

_CARRYING = {
    "en": re.compile(r"\b(?!what|which|where|when|would|could|should|about|there)[a-z]{5,}\b"),
    "ja": re.compile(r"[一-龯]{2,}|[ァ-ヶー]{3,}"),
}
_Maker = Callable[[random.Random, Language], str]
_MARKS = {
    "en": ("ABCD", "abcd", "1234", "ABCDE", "ABC"),
    "ja": ("ABCD", "1234", "アイウエ", "①②③④"),
}
_OPTIONS = {
    "en": ("<thing>", "<topic>", "<fact>", "<num>", "<place>", "<scene>"),
    "ja": ("<もの>", "<題>", "<fact>", "<数>", "<所>", "<場面>"),
}
_LEADS = {"en": ("", "", "Q: ", "Question: "), "ja": ("", "", "問：", "問題：")}
_ASKS = {
    "en": ("What does this print?", "Fix this:", "Explain this code.", "Find the bug.", "", "Why?"),
    "ja": ("何が出力されますか。", "直してください。", "説明して。", "バグを探して", ""),
}
_SNIPPETS = (
    "def {f}(x):\n    return x + {n}",
    "for i in range({n}):\n    print(i * {m})",
    "SELECT {f} FROM users WHERE id = {n};",
    "function {f}(a, b) {{ return a * b - {n}; }}",
    "int {f}(int n) {{ if (n < {m}) return 1; return n * {f}(n - 1); }}",
    "x = [{n}, {m}, 7, 4]\nprint(sorted(x)[{m}])",
    "TypeError: {f}() takes {m} arguments",
    "import {f}\nassert {f}.run([{n}, {m}]) == {n}",
)


def request(rng: random.Random, language: Language, split: Split) -> str:
    """Draw a request that has no answer here but the honest one."""
    if split == "held":
        return _draw(rng, language, str(rng.choice(load(f"{language}/oos")["held"])))
    makers, weights = zip(*_MAKERS, strict=True)
    maker: _Maker = rng.choices(makers, weights)[0]
    text = maker(rng, language)
    return _unknown(text, rng, language) if rng.random() < 0.3 else text


def _unknown(text: str, rng: random.Random, language: Language) -> str:
    """Put words that nobody knows in the place of some that carry the question."""
    share = rng.choice((0.3, 0.6))
    return _CARRYING[language].sub(
        lambda found: names.word(rng, language) if rng.random() < share else found[0], text
    )


def claim(rng: random.Random, language: Language) -> str:
    """A sentence like those that a real model's answer would have."""
    text = _draw(rng, language, rng.choice(("<fact>", _OPTIONS[language][-1])))
    return text[:1].upper() + text[1:] + ("。" if language == "ja" else ".")


def _draw(rng: random.Random, language: Language, phrase: str) -> str:
    return expand(phrase, rng, load(f"{language}/oos")["lists"])


def _pattern(rng: random.Random, language: Language) -> str:
    return _draw(rng, language, str(rng.choice(load(f"{language}/oos")["train"])))


def _asked(rng: random.Random, language: Language) -> str:
    return asking.draw(rng, language, "honest", load(f"{language}/oos")["lists"])


def _two(rng: random.Random, language: Language) -> str:
    joint = rng.choice((". ", ", ", " and ", "? ")) if language == "en" else rng.choice("。、？")
    return _pattern(rng, language).rstrip(".?。？") + joint + _pattern(rng, language)


def _statement(rng: random.Random, language: Language) -> str:
    return " ".join(claim(rng, language) for _ in range(rng.choice((1, 2))))


def _exam(rng: random.Random, language: Language) -> str:
    question = rng.choice((_pattern, _pattern, _statement))(rng, language)
    after = rng.choice((". ", ") ", ": ", " "))
    kind = rng.choice(_OPTIONS[language])
    joint = rng.choice(("\n", "\n", " "))
    marks = rng.choice(_MARKS[language])
    options = joint.join(f"{mark}{after}{_draw(rng, language, kind)}" for mark in marks)
    tail = rng.choice(("", "", f"{joint}Answer:", f"{joint}{_draw(rng, language, '<asked>')}"))
    return f"{rng.choice(_LEADS[language])}{question}{joint}{options}{tail}"


def _passage(rng: random.Random, language: Language) -> str:
    length = rng.choice((2, 3, 4, 5, 7, 9)) if rng.random() < 0.88 else rng.randrange(12, 34)
    gap = " " if language == "en" else ""
    text = gap.join(claim(rng, language) for _ in range(length))
    asked = _draw(rng, language, "<asked>") if rng.random() < 0.7 else _pattern(rng, language)
    return rng.choice((f"{text}{gap}{asked}", f"{text}\n{asked}", f"{asked}\n{text}", text))


def _cut(rng: random.Random, language: Language) -> str:
    """The end of a long request, as a full room keeps it."""
    text = rng.choice((_passage, _exam))(rng, language)
    return text[rng.randrange(max(1, len(text) // 2)) :].strip() or text


def _code(rng: random.Random, language: Language) -> str:
    name = rng.choice(("foo", "solve", "main", "calc", "f", "check", "run", "parse", "count"))
    body = rng.choice(_SNIPPETS).format(f=name, n=rng.randrange(99), m=rng.randrange(9))
    ask = rng.choice(_ASKS[language])
    return rng.choice((f"{ask}\n{body}", f"{body}\n{ask}", f"```\n{body}\n```\n{ask}")).strip()


_MAKERS: tuple[tuple[_Maker, int], ...] = (
    (_pattern, 30), (_asked, 34), (_exam, 7), (_passage, 8), (_code, 4), (_two, 8),
    (_statement, 4), (_cut, 5),
)  # fmt: skip
