"""The machine from the command line: the same whether or not the app runs."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.conftest import Run

pytestmark = pytest.mark.usefixtures("folder")


def test_a_snapshot_for_people_and_programs(run: Run) -> None:
    found = run("hardware", "snapshot", "--json").json
    assert 0 < found["memory_used_bytes"] < found["memory_total_bytes"]
    assert found["cpu_percent"] is not None
    assert run("hardware", "snapshot").out.startswith("Memory ")


def test_watching_prints_one_object_a_line(run: Run) -> None:
    lines = run("hardware", "watch", "--interval", "0.2", "--count", "3", "--json").objects
    assert len(lines) == 3
    assert lines[0]["at"] <= lines[1]["at"] <= lines[2]["at"]
    assert len(run("hardware", "watch", "--count", "1").out.splitlines()) == 1


def test_history_and_events(run: Run) -> None:
    history = run("hardware", "history", "--seconds", "600", "--json").json
    assert history["step_s"] == 10
    assert isinstance(history["points"], list)
    assert run("hardware", "history").code == 0
    assert isinstance(run("hardware", "events", "--json").json["events"], list)
    assert run("hardware", "events").out


@pytest.mark.parametrize("wrong", [("--seconds", "1"), ("--seconds", "604801"), ("--points", "0")])
def test_impossible_ranges_are_bad_usage(run: Run, wrong: tuple[str, str], folder: Path) -> None:
    assert run("hardware", "history", *wrong).code == 2


def test_what_is_wrong_and_help(run: Run) -> None:
    found = run("hardware", "anomalies", "--json").json
    assert {"anomalies", "rules", "problem"} == found.keys()
    assert "server_away" in run("hardware", "anomalies").out
    assert run("hardware", "recover", "retry", "--json").json["action"] == "retry"
    assert run("hardware", "recover", "stop_training").out == "There was nothing to do.\n"
    refused = run("hardware", "recover", "reboot")
    assert refused.code == 1
    assert "unload_idle" in refused.err


def test_tuning_from_the_command_line(run: Run) -> None:
    assert "nothing seems worth a try" in run("hardware", "tune").out
    assert run("hardware", "tune", "starter").code == 2
    assert run("hardware", "tune", "--batch", "1024").code == 2
    assert run("hardware", "tune", "--undo").code == 2
    wanted = ("hardware", "tune", "starter", "--context", "512")
    assert run(*wanted, "--apply", "--json").json["record"]["outcome"] == "applied"
    assert "starter runs with context_tokens 512." in run("hardware", "tune").out
    assert run("hardware", "tune", "starter", "--undo").code == 0
    assert run("hardware", "tune", "starter", "--undo").code == 1


def test_what_a_training_takes_is_forecast(run: Run) -> None:
    asked = ("models", "forecast", "starter", "--train", "--rank", "16", "--context", "256")
    found = run(*asked, "--batch", "2", "--json").json
    twice = run(*asked, "--batch", "2", "--rank", "32", "--json").json
    assert twice["parameters"] == 2 * found["parameters"]
    assert found["total_bytes"] > found["weights_bytes"] + found["adapter_bytes"]
    told = run(*asked).out
    assert told.startswith("Training an adapter of rank 16 for starter, 256 tokens at once, in the")
    assert told.rstrip().endswith(("It fits.", "It does not fit."))
    wide = run(*asked, "--targets", "q_proj, up_proj", "--no-checkpointing", "--json").json
    assert wide["parameters"] > found["parameters"]


@pytest.mark.parametrize(
    "wrong",
    [("--rank", "8"), ("--no-checkpointing",), ("--train", "--kv", "f16"), ("--kv", "f12")],
)
def test_choices_of_a_training_go_with_train(run: Run, wrong: tuple[str, ...]) -> None:
    assert run("models", "forecast", "starter", *wrong).code == 2


def test_what_cannot_be_trained_is_one_line(run: Run) -> None:
    for wrong in (("ollama:tiny",), ("starter", "--targets", "lm_head")):
        refused = run("models", "forecast", *wrong, "--train")
        assert (refused.code, refused.out) == (1, "")
        assert refused.err.startswith("error: ")
