"""Models pulled to Ollama (FAULTS.md 21): with progress, cancelled, resumed, refused."""

from __future__ import annotations

import pytest

from core.errors import InvalidInput
from core.jobs import JobState
from core.models import pulling
from core.workbench import Workbench
from testing.scripted_library import Pull
from testing.scripted_ollama import ScriptedOllama
from tests.models.conftest import code, ended


@pytest.fixture(autouse=True)
def _no_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pulling, "PAUSE_S", 0.05)


def refs(bench: Workbench) -> set[str]:
    return {model.ref for model in bench.registry.models()}


def test_a_model_arrives(server: ScriptedOllama, bench: Workbench) -> None:
    server.pulls["qwen3:4b"] = Pull(size=1_000, chunks=4)
    assert "ollama:qwen3:4b" not in refs(bench)
    job = ended(bench, bench.models.pull("ollama:qwen3:4b"))
    assert (job.state, code(job)) == (JobState.DONE, None)
    assert (job.progress.done_bytes, job.progress.total_bytes, job.progress.share) == (
        1000,
        1000,
        1,
    )
    assert "ollama:qwen3:4b" in refs(bench)


def test_cancelled_it_goes_on_where_it_was(server: ScriptedOllama, bench: Workbench) -> None:
    server.pulls["big"] = pull = Pull(chunks=50, pause_s=0.05)
    job = bench.models.pull("ollama:big")
    next(one for one in bench.jobs.follow(job.id) if one.progress.share)
    bench.jobs.cancel(job.id)
    assert ended(bench, job).state is JobState.CANCELLED
    assert server.to("/api/pull")[0].gone.wait(5)
    assert 0 < pull.done < 50
    pull.pause_s = 0
    again = bench.models.pull("ollama:big")
    assert (again.id, again.attempt) == (job.id, 2)
    assert ended(bench, again).state is JobState.DONE


def test_a_server_that_dies_meanwhile_is_asked_again(
    server: ScriptedOllama, bench: Workbench
) -> None:
    server.pulls["big"] = Pull(break_at=4)
    job = ended(bench, bench.models.pull("ollama:big"))
    assert job.state is JobState.DONE
    assert len(server.to("/api/pull")) == 2


@pytest.mark.parametrize(
    ("pull", "expected"),
    [
        (None, "not_in_source"),
        (Pull(error="write /root/.ollama/x: no space left on device"), "no_room_on_disk"),
        (Pull(error="digest mismatch, file must be downloaded again"), "digest_wrong"),
        (Pull(error="dial tcp: lookup registry.ollama.ai: no such host"), "source_away"),
        (Pull(error="something new"), "server_fault"),
    ],
)
def test_a_failure_has_its_own_next_step(
    pull: Pull | None, expected: str, server: ScriptedOllama, bench: Workbench
) -> None:
    if pull is not None:
        server.pulls["big"] = pull
    job = ended(bench, bench.models.pull("ollama:big"))
    assert (job.state, code(job)) == (JobState.FAILED, expected)


def test_a_server_that_is_away(server: ScriptedOllama, bench: Workbench) -> None:
    server.stop()
    assert code(ended(bench, bench.models.pull("ollama:big"))) == "server_away"


@pytest.mark.parametrize("ref", ["ollama:", "starter", "openai:x@y", "hf:", "hf:../x", "hf:a/b/c"])
def test_what_is_no_model_of_a_library(ref: str, bench: Workbench) -> None:
    with pytest.raises(InvalidInput):
        bench.models.pull(ref)
