"""Rules that people edit: what is taken, what is refused and where, and which file counts."""

from __future__ import annotations

from pathlib import Path

import pytest

from core.errors import FileInvalid
from core.hardware.anomaly import ACTIONS
from core.hardware.anomaly.rules import read_file, read_rules
from core.hardware.events import TEXTS
from core.paths import ANOMALY_RULES
from core.rule_file import RuleFile

GOOD = """rules:
  - name: warm
    when: gpu.*.temperature_celsius
    above: 70
    until: 65
"""


def test_the_bundled_rules() -> None:
    rules = {rule.name: rule for rule in RuleFile(ANOMALY_RULES, Path("none"), read_file).rules()}
    wanted = {"hot", "throttled", "vram_leak", "stuck", "slow", "disk_low", "server_away"}
    assert rules.keys() == wanted
    assert {action for rule in rules.values() for action in rule.then} == set(ACTIONS)
    for name in wanted:
        assert {f"anomaly.{name}", f"anomaly_over.{name}"} <= TEXTS.keys()


@pytest.mark.parametrize(
    ("change", "line", "told"),
    [
        (("above: 70", "above: hot"), 4, "above"),
        (("above: 70", "abov: 70"), 4, "abov"),
        (("    above: 70\n", ""), 2, "one of above"),
        (("above: 70", "above: 70\n    below: 3"), 2, "one of above"),
        (("until: 65", "until: 75"), 2, "calm side"),
        (("until: 65", "for_s: -1"), 5, "for_s"),
        (("until: 65", "then: [reboot]"), 5, "reboot"),
        (("until: 65", "per_hour: 0"), 5, "per_hour"),
        (("name: warm", "name: Too Warm"), 2, "name"),
        (("rules:", "rule:"), 1, ""),
        (("  - name", " - name"), 3, ""),
        (("until: 65", "until: [65"), 6, ""),
    ],
)
def test_a_mistake_is_named_with_its_line(change: tuple[str, str], line: int, told: str) -> None:
    text = GOOD.replace(*change)
    assert text != GOOD
    with pytest.raises(FileInvalid) as caught:
        read_rules(text, "anomaly_rules.yaml")
    assert caught.value.params["line"] == line
    assert told in caught.value.message("en")


def test_a_name_that_is_there_twice() -> None:
    with pytest.raises(FileInvalid) as caught:
        read_rules(GOOD + GOOD.removeprefix("rules:\n"), "anomaly_rules.yaml")
    assert caught.value.params["line"] == 6


def test_the_users_file_counts_and_a_broken_one_keeps_the_last(tmp_path: Path) -> None:
    own = tmp_path / "anomaly_rules.yaml"
    file = RuleFile(ANOMALY_RULES, own, read_file)
    assert len(file.rules()) == 7
    own.write_text(GOOD, encoding="utf-8")
    assert [rule.name for rule in file.rules()] == ["warm"]
    own.write_text(GOOD + "  - name: 3", encoding="utf-8")
    assert [rule.name for rule in file.rules()] == ["warm"]
    error = file.error()
    assert error is not None
    assert error.params["line"] == 6
    own.unlink()
    assert len(file.rules()) == 7
    assert file.error() is None


def test_a_star_is_a_card_a_model_or_a_server() -> None:
    (rule,) = read_rules(GOOD, "x")
    assert rule.subject("gpu.0.temperature_celsius") == "0"
    assert rule.subject("gpu.0.power_watts") is None
    (rule,) = read_rules(GOOD.replace("gpu.*.temperature_celsius", "model.*.speed_share"), "x")
    assert rule.subject("model.hf:Qwen/Qwen3-0.6B.speed_share") == "hf:Qwen/Qwen3-0.6B"
    (rule,) = read_rules(GOOD.replace("gpu.*.temperature_celsius", "disk_free_bytes"), "x")
    assert rule.subject("disk_free_bytes") == ""
