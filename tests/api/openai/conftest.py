"""The app on a real port, a scripted OpenAI-compatible server behind it, the official client."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from openai import OpenAI

from core.hosts import HostSettings
from core.providers.openai.provider import OpenAIProvider
from core.settings import load_settings
from core.workbench import Workbench
from testing.scripted_model import Script, ScriptedProvider
from testing.scripted_openai import ScriptedOpenAI
from tests.api.conftest import Served

TINY = "openai:tiny@box"


@pytest.fixture
def behind() -> Iterator[ScriptedOpenAI]:
    with ScriptedOpenAI() as server:
        yield server


@pytest.fixture
def starter() -> ScriptedProvider:
    return ScriptedProvider({"starter": Script(("Good", " evening", "."))})


@pytest.fixture
def app(
    tmp_path: Path,
    serve: Callable[..., Served],
    behind: ScriptedOpenAI,
    starter: ScriptedProvider,
) -> Iterator[Served]:
    settings = load_settings(data_dir=tmp_path / "data")
    hosts = OpenAIProvider({"box": HostSettings(url=behind.url)})
    with Workbench.open(settings, providers=[starter, hosts]) as bench:
        yield serve(bench)


@pytest.fixture
def client(app: Served) -> Iterator[OpenAI]:
    with OpenAI(base_url=f"{app.url}/v1", api_key=app.token, max_retries=0, timeout=20) as made:
        yield made
