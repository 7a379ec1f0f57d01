"""The rule file: whose copy counts, and what a mistake in it says."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from core.errors import FileInvalid
from core.paths import SPEECH_RULES
from core.rooms.speech.rule_reader import MAX_BYTES, read_rules
from core.rooms.speech.rules import Rules
from core.rule_file import RuleFile

GOOD = """
filters:
  mine:
    title: {en: Mine, ja: 自分用}
    rules:
      - name: blue
        pattern: 'blue'
"""


@pytest.fixture
def rules(tmp_path: Path) -> RuleFile[Rules]:
    return RuleFile(SPEECH_RULES, tmp_path / "speech_rules.yaml", read_rules)


def save(rules: RuleFile[Rules], text: str) -> None:
    rules.own.write_text(text, encoding="utf-8")
    stamp = rules.own.stat().st_mtime_ns + 1_000_000 * len(text)
    os.utime(rules.own, ns=(stamp, stamp))


def test_the_users_copy_counts_as_soon_as_it_is_saved(rules: RuleFile[Rules]) -> None:
    assert [group.name for group in rules.rules().groups] == ["personal_data", "safety"]
    save(rules, GOOD)
    (group,) = rules.rules().groups
    assert (group.name, group.title["ja"]) == ("mine", "自分用")
    assert group.filters[0].shown == "〔blue〕"
    assert rules.error() is None
    rules.own.unlink()
    assert len(rules.rules().groups) == 2


def test_a_broken_copy_keeps_the_last_good_rules(rules: RuleFile[Rules]) -> None:
    save(rules, GOOD)
    rules.rules()
    save(rules, GOOD.replace("'blue'", "'(blue'"))
    assert rules.rules().groups[0].name == "mine"
    error = rules.error()
    assert error is not None
    assert error.params["line"] == 7
    assert "filters.mine.rules[0].pattern" in error.message("en")
    assert "speech_rules.yaml, line 7" in error.message("en")
    save(rules, GOOD + "\n")
    assert rules.error() is None


def test_a_copy_that_is_broken_at_the_start_gives_way_to_the_bundled_rules(
    rules: RuleFile[Rules],
) -> None:
    save(rules, "filters: [")
    assert len(rules.rules().groups) == 2
    assert rules.error() is not None


@pytest.mark.parametrize(
    ("text", "line", "field"),
    [
        ("filter: {}", 1, "unknown field “filter”"),
        ("filters:\n  a: {rules: [{name: x}]}", 2, "filters.a.rules[0]: “pattern” is missing"),
        ("filters:\n  a:\n    rules: {}", 3, "filters.a.rules"),
        ("filters:\n  a:\n    rules:\n    - {name: x, pattern: x, action: burn}", 4, "action"),
        ("filters:\n  a:\n    rules:\n    - {name: x, pattern: x, check: none}", 4, "check"),
        ("filters:\n  a:\n    rules:\n    - {name: x, pattern: 'x*'}", 4, "everywhere"),
        ("filters: {a: {rules: [{name: x, pattern: x},\n {name: x, pattern: y}]}}", 2, "taken"),
        ("tones:\n  t:\n    words: calm", 3, "tones.t.words"),
        ("tones:\n  t:\n    words: [calm]\n    fr: {}", 4, "unknown field “fr”"),
        (
            "tones: {t: {words: [x], en: {sentence: [{longest: 0}]}}}",
            1,
            "longest: expected a number",
        ),
        ("tones: {t: {words: [x], en: {sentence: [{must: x, never: y}]}}}", 1, "sentence[0]"),
        ("a: &a [*a]", 1, "aliases"),
        ("a: 1\na: 2", 1, "unknown field"),
        ("filters: {a: {rules: []},\n a: {rules: []}}", 2, "twice"),
        ("a: b: c", 1, "mapping values"),
        ("- x", 1, "word: value"),
        ("[" * 5_000, 1, "YAML"),
    ],
)
def test_a_mistake_is_named(text: str, line: int, field: str) -> None:
    with pytest.raises(FileInvalid) as caught:
        read_rules(text.encode(), "speech_rules.yaml")
    assert caught.value.params["line"] == line
    assert field in caught.value.message("en")


@pytest.mark.parametrize("content", [b"\xff\xfe\x00", b"#" * (MAX_BYTES + 1)])
def test_what_is_no_text_is_refused(content: bytes) -> None:
    with pytest.raises(FileInvalid):
        read_rules(content, "speech_rules.yaml")


def test_an_empty_file_has_no_rules() -> None:
    assert read_rules(b"# nothing\n", "speech_rules.yaml").groups == ()
