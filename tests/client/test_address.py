"""Where a server is, and which token it may be shown."""

from __future__ import annotations

from pathlib import Path

import pytest

from core.client.address import Address, find_token
from core.errors import InvalidInput, TokenMissing
from core.paths import DataPaths

HERE = Address("127.0.0.1", 8501)
ELSEWHERE = Address("10.0.0.7", 8501)


@pytest.mark.parametrize(
    ("url", "text", "socket"),
    [
        ("http://127.0.0.1:8501", "http://127.0.0.1:8501", "ws://127.0.0.1:8501/ws"),
        ("127.0.0.1:8501", "http://127.0.0.1:8501", "ws://127.0.0.1:8501/ws"),
        ("ws://localhost:9000/", "http://localhost:9000", "ws://localhost:9000/ws"),
        ("https://box.lan", "https://box.lan:443", "wss://box.lan:443/ws"),
        ("http://[::1]:8501", "http://[::1]:8501", "ws://[::1]:8501/ws"),
    ],
)
def test_addresses(url: str, text: str, socket: str) -> None:
    address = Address.parse(url)
    assert str(address) == text
    assert address.socket == socket


@pytest.mark.parametrize(
    "url",
    [
        "",
        "ftp://a",
        "http://",
        "http://a:99999",
        "http://a:b",
        "http://u:p@a:1",
        "http://a/api",
        "http://[::1",
        "file:///etc/passwd",
    ],
)
def test_no_addresses(url: str) -> None:
    with pytest.raises(InvalidInput, match="http://HOST:PORT"):
        Address.parse(url)


@pytest.mark.parametrize(
    ("host", "here"),
    [
        ("127.0.0.1", True),
        ("127.9.9.9", True),
        ("::1", True),
        ("localhost", True),
        ("127.0.0.1.evil.example", False),
        ("10.0.0.1", False),
        ("0.0.0.0", False),
    ],
)
def test_what_is_here(host: str, here: bool) -> None:
    assert Address(host, 1).here is here


def test_file_then_environment_then_local(
    data_paths: DataPaths, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    data_paths.local_token.write_text("local\n")
    file = tmp_path / "token"
    file.write_text("from-file\n")
    assert find_token(HERE, data_paths) == "local"
    monkeypatch.setenv("ENGAWA_TOKEN", " from-env ")
    assert find_token(HERE, data_paths) == "from-env"
    assert find_token(HERE, data_paths, file) == "from-file"


def test_the_local_token_stays_on_this_machine(
    data_paths: DataPaths, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("ENGAWA_TOKEN", raising=False)
    data_paths.local_token.write_text("local\n")
    with pytest.raises(TokenMissing):
        find_token(ELSEWHERE, data_paths)


@pytest.mark.parametrize("content", ["", "two words", "line\nline", "schlüssel", "\x00"])
def test_a_file_without_a_token(data_paths: DataPaths, tmp_path: Path, content: str) -> None:
    file = tmp_path / "token"
    file.write_text(content, encoding="utf-8")
    with pytest.raises(TokenMissing, match="token"):
        find_token(HERE, data_paths, file)
