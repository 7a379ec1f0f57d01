"""Settings: who wins, and what is said when a value is wrong."""

from __future__ import annotations

from pathlib import Path

import pytest
from pydantic import BaseModel

from core.errors import ConfigInvalid
from core.settings import RoomSettings, Settings, load_settings


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    root = tmp_path / "data"
    root.mkdir()
    return root


def test_argument_before_environment_before_file_before_default(folder, monkeypatch):
    assert load_settings().port == 8501
    (folder / "config.yaml").write_text("port: 9001\nrooms:\n  user_name: Yuki\n")
    assert load_settings().port == 9001
    assert load_settings().rooms.user_name == "Yuki"
    monkeypatch.setenv("ENGAWA_PORT", "9002")
    assert load_settings().port == 9002
    assert load_settings(port=9003).port == 9003
    assert load_settings(port=None).port == 9002
    monkeypatch.setenv("ENGAWA_ROOMS__FLUSH_MS", "100")
    assert load_settings().rooms.flush_ms == 100
    assert load_settings().rooms.user_name == "Yuki"


@pytest.mark.parametrize(
    ("content", "line", "field"),
    [
        ("host: 127.0.0.1\nport: many\n", 2, "port"),
        ("models:\n  default: starter\n  context_tokens: 3\n", 3, "models.context_tokens"),
        ("colour: blue\n", 1, "colour"),
        ("rooms:\n  colour: blue\n", 2, "rooms.colour"),
        ("rooms: [1\n", 2, "YAML"),
        ("- a\n- b\n", 1, "YAML"),
        ("lang: fr\n", 1, "lang"),
    ],
)
def test_a_wrong_file_is_refused_with_line_and_field(folder, content, line, field):
    (folder / "config.yaml").write_text(content)
    with pytest.raises(ConfigInvalid) as refused:
        load_settings()
    assert refused.value.params["line"] == line
    assert refused.value.params["field"] == field
    assert "config.yaml" in str(refused.value)


def test_a_file_that_is_no_text_is_refused(folder):
    (folder / "config.yaml").write_bytes(b"\xff\xfe\x00port")
    with pytest.raises(ConfigInvalid):
        load_settings()


@pytest.mark.parametrize("opening", ["[", "{a: ", "- "])
def test_a_file_nested_without_end_is_refused(folder, opening):
    (folder / "config.yaml").write_text(opening * 100_000)
    with pytest.raises(ConfigInvalid):
        load_settings()


def test_a_wrong_variable_is_named(monkeypatch):
    monkeypatch.setenv("ENGAWA_PORT", "0")
    with pytest.raises(ConfigInvalid) as refused:
        load_settings()
    assert "ENGAWA_PORT" in str(refused.value)


def test_every_setting_says_what_it_does():
    for model in (Settings, RoomSettings):
        for name, field in model.model_fields.items():
            assert isinstance(field.default, BaseModel) or field.description, name


@pytest.mark.parametrize(
    ("host", "words"),
    [
        ("box: {url: ftp://box}", "http"),
        ("box: {url: 'http://me:secret@box/v1'}", "without user"),
        ("box: {}", "a url"),
        ("box: {preset: nobody}", "preset"),
        ("box: {preset: openai, key_env: 'sk-1234 5'}", "key_env"),
        ("'a b': {preset: openai}", "hosts"),
        ("box: {preset: openai, key: x}", "key"),
    ],
)
def test_a_wrong_host_is_refused(folder, host, words):
    (folder / "config.yaml").write_text(f"models:\n  hosts:\n    {host}\n")
    with pytest.raises(ConfigInvalid, match=words) as refused:
        load_settings()
    assert "secret" not in str(refused.value)


def test_hosts_from_the_environment(monkeypatch):
    monkeypatch.setenv("ENGAWA_MODELS__HOSTS", '{"box": {"url": "http://box:8000/v1/"}}')
    assert load_settings().models.hosts["box"].url == "http://box:8000/v1"
