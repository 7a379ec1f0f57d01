"""The sentence encoder: its own process, its known weights, and what is said when it is away."""

from __future__ import annotations

import os
import shutil
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from core import embedding
from core.doctor.finding import Level
from core.doctor.models import encoder as examined
from core.embedding import Encoder
from core.errors import EncoderAway
from core.settings import Settings, load_settings

TEXTS = ["somebody who repairs radios", "a cook from Kyoto", "the radio is broken"]


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    found = load_settings(data_dir=tmp_path / "data")
    found.paths.prepare()
    return found


@pytest.fixture
def encoder(settings: Settings) -> Iterator[Encoder]:
    opened = Encoder(settings)
    yield opened
    opened.close()


def choosing(settings: Settings, folder: Path) -> Settings:
    return settings.model_copy(update={"embedding_model": str(folder)})


def test_nothing_is_started_before_it_is_needed(encoder):
    assert not encoder.ready
    assert encoder.name == embedding.PACKAGE
    encoder.close()
    with pytest.raises(EncoderAway):
        encoder.encode(["x"])


def test_a_folder_that_is_not_whole_is_named_and_the_doctor_says_so(settings, tmp_path):
    chosen = choosing(settings, tmp_path / "encoder")
    (tmp_path / "encoder").mkdir()
    with pytest.raises(EncoderAway, match=r"config\.json is missing") as away:
        Encoder(chosen).encode(["x"])
    assert "doctor" in away.value.hint()
    finding = examined(chosen)
    assert (finding.level, "config.json" in finding.message()) == (Level.WARNING, True)


def test_weights_that_are_not_the_known_ones_are_not_loaded(settings, tmp_path, monkeypatch):
    for name in embedding.NEEDED:
        (tmp_path / name).write_bytes(b"{}")
    monkeypatch.setattr(embedding, "installed", lambda: tmp_path)
    with pytest.raises(EncoderAway, match="known"):
        Encoder(settings).warm()
    assert examined(settings).level == Level.ERROR


def test_without_the_package_there_is_a_next_step(settings, monkeypatch):
    monkeypatch.setattr(embedding, "installed", lambda: None)
    with pytest.raises(EncoderAway, match="not installed"):
        Encoder(settings).encode(["x"])
    assert "pip install" in examined(settings).hint()


def test_what_cannot_be_understood_is_refused_by_the_child(settings, tmp_path):
    folder = tmp_path / "encoder"
    folder.mkdir()
    for name in embedding.NEEDED:
        (folder / name).write_text("{}")
    (folder / "modules.json").write_text('[{"type": "sentence_transformers.models.Dense"}]')
    opened = Encoder(choosing(settings, folder))
    try:
        with pytest.raises(EncoderAway, match="Dense"):
            opened.encode(["x"])
    finally:
        opened.close()


@pytest.mark.slow
def test_meaning_is_near_and_a_killed_process_is_replaced(encoder):
    vectors = encoder.encode(TEXTS)
    near = vectors @ vectors.T
    assert vectors.shape == (3, 384)
    assert near.diagonal() == pytest.approx(1.0, abs=1e-5)
    assert near[0, 2] > near[0, 1] + 0.2
    assert encoder.encode([TEXTS[0]])[0] == pytest.approx(vectors[0], abs=1e-5)
    os.kill(encoder.pid, signal.SIGKILL)
    assert encoder.encode([TEXTS[0]])[0] == pytest.approx(vectors[0], abs=1e-5)


@pytest.mark.slow
def test_a_copy_of_the_folder_can_be_chosen_and_is_given_up_when_idle(settings, tmp_path):
    folder = tmp_path / "mine"
    shutil.copytree(embedding.installed(), folder)
    models = settings.models.model_copy(update={"runner_idle_s": 0.5})
    opened = Encoder(choosing(settings, folder).model_copy(update={"models": models}))
    try:
        assert opened.encode(["x"]).shape == (1, 384)
        assert str(folder) in opened.name
        until = time.monotonic() + 10
        while opened.ready and time.monotonic() < until:
            time.sleep(0.05)
        assert not opened.ready
    finally:
        opened.close()
