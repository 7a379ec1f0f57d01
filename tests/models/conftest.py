"""A whole workbench whose Ollama is a scripted one."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from core.jobs import Job
from core.paths import DataPaths
from core.providers.huggingface import HuggingFaceProvider
from core.providers.ollama.provider import OllamaProvider
from core.runner.pool import RunnerPool
from core.workbench import Workbench
from testing.patience import within
from testing.scripted_model import ScriptedProvider
from testing.scripted_ollama import ScriptedOllama
from tests.conftest import OpenWorkbench


@pytest.fixture
def server() -> Iterator[ScriptedOllama]:
    with ScriptedOllama() as started:
        yield started


@pytest.fixture
def bench(
    server: ScriptedOllama, open_workbench: OpenWorkbench, data_paths: DataPaths
) -> Workbench:
    folders = HuggingFaceProvider(RunnerPool(logs=data_paths.logs), data_paths.models)
    return open_workbench(ScriptedProvider(), OllamaProvider(server.url), folders)


def ended(bench: Workbench, job: Job) -> Job:
    """The job when it has ended."""
    found = bench.jobs.wait(job.id, within(60))
    assert found.state.ended, found
    return found


def code(job: Job) -> str | None:
    return job.error.code if job.error else None
