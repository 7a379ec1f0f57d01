"""The rules that choose a template: first match, the user's copy, errors with their line."""

from __future__ import annotations

from pathlib import Path

import pytest

from core.agents import Agent
from core.agents.rules import Rules, read_rules
from core.agents.template import Templates
from core.errors import FileInvalid
from core.paths import PROMPT_RULES, TEMPLATES

GOOD = "rules:\n  - name: mine\n    when:\n      roles: cook\n    template: kitchen\n"


def chosen(**fields: object) -> tuple[str, str]:
    choice = Rules(PROMPT_RULES).choose(Agent("Ann", **fields))  # type: ignore[arg-type]
    return choice.template, choice.rule


@pytest.mark.parametrize(
    ("fields", "template"),
    [
        ({"roles": ("Customer Support",)}, "customer_support"),
        ({"roles": ("customer_support agent",), "tones": ("Casual",)}, "customer_support_casual"),
        ({"roles": ("カスタマーサポート担当",)}, "customer_support"),
        ({"roles": ("math teacher",)}, "teacher"),
        ({"roles": ("teacher", "engineer")}, "teacher"),
        ({"roles": ("先生",), "tones": ("気さくな口調",)}, "teacher_casual"),
        ({"roles": ("software engineer",)}, "engineer"),
        ({"roles": ("software-engineer",), "tones": ("playful",)}, "engineer_casual"),
        ({"tones": ("casual",)}, "casual"),
        ({"personalities": ("easygoing",)}, "casual"),
        ({"roles": ("engineering manager",)}, "default"),
        ({"tones": ("not so casually",)}, "default"),
        ({}, "default"),
        ({"roles": ("engineer",), "template": "casual"}, "casual"),
    ],
)
def test_the_bundled_rules(fields: dict[str, tuple[str, ...]], template: str) -> None:
    assert chosen(**fields)[0] == template


def test_every_bundled_rule_names_a_bundled_template() -> None:
    book = read_rules(PROMPT_RULES)
    assert {rule.template for rule in book.rules} <= set(Templates(TEMPLATES).names())
    assert len({rule.name for rule in book.rules}) == len(book.rules)


def test_the_first_match_wins_and_is_named() -> None:
    assert chosen(roles=("teacher",)) == ("teacher", "teacher")
    assert chosen(template="casual", roles=("teacher",)) == ("casual", "agent")
    assert Rules(PROMPT_RULES).choose(Agent("Ann"), "starter").rule == "starter"
    assert chosen() == ("default", "otherwise")


@pytest.mark.parametrize(
    ("text", "line", "reason"),
    [
        ("rules: [x, y\n\n", 3, "expected"),
        ("rules: 3\n", 1, "list of rules"),
        ("rule: []\n", 1, "unknown field"),
        ("rules:\n  - name: a\n    when: {roles: x}\n", 2, "template"),
        ("rules:\n  - name: a\n    when: {role: x}\n    template: t\n", 3, "unknown field"),
        ("rules:\n  - name: a\n    when: {}\n    template: t\n", 3, "empty"),
        ("rules:\n  - name: a\n    when: {roles: []}\n    template: t\n", 3, "list of words"),
        ("rules:\n  - name: a\n    when: {roles: x}\n    template: ../x\n", 4, "no name"),
        ("rules:\n  - name: agent\n    when: {roles: x}\n    template: t\n", 2, "no name"),
        ("rules: &a [*a]\n", 1, "alias"),
        ("rules: !!python/object:os.system {}\n", 1, "tags"),
        ("otherwise: a b\n", 1, "no name"),
        ("rules:\n" + "  - {name: a, when: {roles: x}, template: t}\n" * 201, 1, "more than"),
        ("[" * 5_000, 1, "nested"),
    ],
)
def test_a_wrong_file_is_refused_with_its_line(
    tmp_path: Path, text: str, line: int, reason: str
) -> None:
    file = tmp_path / "prompt_rules.yaml"
    file.write_text(text)
    with pytest.raises(FileInvalid) as refused:
        read_rules(file)
    assert refused.value.params["line"] == line
    assert reason in str(refused.value)


@pytest.mark.parametrize("content", [b"\xff\xfe", b"#" * 70_000])
def test_what_is_no_text_or_too_long_is_refused(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "rules.yaml").write_bytes(content)
    with pytest.raises(FileInvalid):
        read_rules(tmp_path / "rules.yaml")


def test_the_users_copy_wins_while_it_is_there(tmp_path: Path) -> None:
    own = tmp_path / "prompt_rules.yaml"
    rules = Rules(PROMPT_RULES, own)
    cook = Agent("Ann", roles=("cook",))
    assert rules.choose(cook).template == "default"
    own.write_text(GOOD)
    assert rules.choose(cook).template == "kitchen"
    own.unlink()
    assert rules.choose(cook).template == "default"


def test_the_last_good_rules_stay_while_the_file_is_broken(tmp_path: Path) -> None:
    own = tmp_path / "prompt_rules.yaml"
    own.write_text(GOOD)
    rules = Rules(PROMPT_RULES, own)
    cook = Agent("Ann", roles=("cook",))
    assert rules.choose(cook).template == "kitchen"
    own.write_text(GOOD + "  - broken\n")
    assert rules.choose(cook).template == "kitchen"
    error = rules.error()
    assert error is not None
    assert error.params["line"] == 6
    own.write_text(GOOD.replace("kitchen", "garden"))
    assert rules.choose(cook).template == "garden"
    assert rules.error() is None


def test_a_file_broken_from_the_start_leaves_the_bundled_rules(tmp_path: Path) -> None:
    own = tmp_path / "prompt_rules.yaml"
    own.write_text("no rules")
    rules = Rules(PROMPT_RULES, own)
    assert rules.choose(Agent("Ann", roles=("teacher",))).template == "teacher"
    assert rules.error() is not None
