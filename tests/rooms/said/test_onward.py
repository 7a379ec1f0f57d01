"""A reply that was broken off goes on in the middle of its sentence, with a real model."""

from __future__ import annotations

from pathlib import Path

import pytest

from core.agents import Agent
from core.errors import OutOfMemory, ProviderError, TokenTimeout
from core.messages import Message, ReplyStatus
from core.paths import STARTER_MODEL
from core.providers.huggingface import HuggingFaceProvider
from core.runner.pool import RunnerPool
from core.workbench import Workbench
from tests.conftest import OpenWorkbench

REF = f"hf:{STARTER_MODEL}"
WORDS = 6  # of the answer, before it breaks off


class Breaking(HuggingFaceProvider):
    """The bundled model as one of the user's own; with an `error`, its next answer breaks off."""

    error: ProviderError | None = None

    def stream(self, ref, messages, options, cancel):
        words = 0
        for chunk in super().stream(ref, messages, options, cancel):
            words += chunk.text.count(" ")
            if self.error is not None and words >= WORDS:
                error, self.error = self.error, None
                raise error
            yield chunk


@pytest.fixture
def model(tmp_path: Path) -> Breaking:
    return Breaking(RunnerPool(logs=tmp_path), tmp_path)


@pytest.fixture
def bench(open_workbench: OpenWorkbench, model: Breaking) -> Workbench:
    bench = open_workbench(model)
    bench.preferences.set("default_model", REF)
    bench.agents.save(Agent(name="Rin", options={"temperature": 0.0}), revision=None)
    for room in ("whole", "stopped", "short"):
        bench.rooms.create(room, ["Rin"])
    return bench


def asked(bench: Workbench, room: str) -> Message:
    bench.rooms.post(room, "What are you?", sender="Yuki")
    return last(bench, room)


def last(bench: Workbench, room: str) -> Message:
    assert bench.rooms.wait_idle(room, 60)
    return bench.rooms.messages(room)[-1]


def test_a_broken_reply_goes_on_in_mid_sentence(bench: Workbench, model: Breaking) -> None:
    whole = asked(bench, "whole")
    assert whole.status is ReplyStatus.COMPLETE

    model.error = TokenTimeout(model=REF, seconds=30)
    broken = asked(bench, "stopped")
    assert broken.status is ReplyStatus.PARTIAL
    assert whole.content.startswith(broken.content)
    assert whole.content != broken.content
    bench.rooms.editing.go_on("stopped", broken.seq)
    found = last(bench, "stopped")
    assert (found.status, found.content) == (ReplyStatus.COMPLETE, whole.content)
    assert found.model == REF

    model.error = OutOfMemory(model=REF, detail="CUDA out of memory")
    found = asked(bench, "short")
    assert (found.status, found.content) == (ReplyStatus.COMPLETE, whole.content)
    assert found.reason is not None
    assert found.reason.code == "went_on"
