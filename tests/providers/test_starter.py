"""The starter is a model folder like any other, under a name of its own."""

import threading
from pathlib import Path

import pytest

from core.errors import ModelMissing
from core.paths import STARTER_MODEL
from core.providers.base import GenerationOptions
from core.providers.starter import StarterProvider
from core.runner.pool import RunnerPool
from testing.tiny_model import make_tiny_model


def test_it_is_listed_under_its_own_name(tmp_path: Path) -> None:
    provider = StarterProvider(RunnerPool(), make_tiny_model(tmp_path / "starter"))
    (info,) = provider.models()
    assert info.ref == info.provider == "starter"
    assert info.title == "Starter"
    assert info.context_tokens == 512
    assert info.local
    assert info.loaded is False


def test_nothing_else_answers_to_it(tmp_path: Path) -> None:
    provider = StarterProvider(RunnerPool(), tmp_path / "missing")
    assert provider.models() == []
    for ref in ("starter", "starter:other"):
        with pytest.raises(ModelMissing):
            next(provider.stream(ref, [], GenerationOptions(), threading.Event()))


def test_the_bundled_folder_is_used(tmp_path: Path) -> None:
    assert StarterProvider(RunnerPool()).folder("starter") == STARTER_MODEL
