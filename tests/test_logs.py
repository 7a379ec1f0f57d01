"""The log says what happened, never what was said."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator

import pytest

from core import logs
from core.errors import DiskFull
from core.paths import DataPaths

SECRET = "my cat is called Momiji"
TOKEN = "ab12cd34ef56" * 4


@pytest.fixture
def lines(data_paths: DataPaths) -> Iterator[object]:
    hook = threading.excepthook
    logs.configure(data_paths)

    def read() -> list[dict[str, object]]:
        text = (data_paths.logs / "engawa.log").read_text(encoding="utf-8")
        return [json.loads(line) for line in text.splitlines()]

    yield read
    logs.close()
    threading.excepthook = hook


def test_a_line_has_time_level_part_event_ids_duration_and_code(lines) -> None:  # type: ignore[no-untyped-def]
    log = logs.part_logger("rooms")
    log.error("reply.failed", ids={"room": "r1", "message": "m1"}, duration_ms=12.5, error="busy")
    (line,) = lines()
    assert line.pop("time").endswith("+00:00")
    assert line == {
        "level": "ERROR",
        "part": "rooms",
        "event": "reply.failed",
        "ids": {"room": "r1", "message": "m1"},
        "duration_ms": 12.5,
        "error": "busy",
    }


def test_only_named_fields_get_in(lines) -> None:  # type: ignore[no-untyped-def]
    log = logs.part_logger("rooms")
    log.info(
        "message.stored",
        ids={"room": "r1", "token": TOKEN, "content": SECRET, "message": SECRET},
        content=SECRET,
        prompt=SECRET,
        authorization=TOKEN,
        cookie=TOKEN,
        name="Mizuho",
        error=SECRET,
    )
    log.info(f"user wrote {SECRET}")
    text = json.dumps(lines())
    assert SECRET not in text
    assert TOKEN not in text
    assert "Mizuho" not in text
    allowed = {"time", "level", "part", "event", "ids", "trace"} | logs.FIELDS
    for line in lines():
        assert set(line) <= allowed
        assert set(line["ids"]) <= logs.IDS


def test_the_allow_list_has_no_field_for_what_people_write() -> None:
    banned = {"content", "text", "prompt", "token", "name", "sender", "password", "key", "cookie"}
    assert not banned & (logs.FIELDS | logs.IDS)


def test_an_error_is_its_code_and_its_places_without_text_or_values(lines) -> None:  # type: ignore[no-untyped-def]
    log = logs.part_logger("store")

    def fail() -> None:
        secret = SECRET
        raise ValueError(f"could not store {secret}")

    try:
        try:
            fail()
        except ValueError as error:
            raise DiskFull(folder=SECRET) from error
    except DiskFull:
        log.exception("write.failed", ids={"room": "r1"})
    (line,) = lines()
    assert line["error"] == "disk_full"
    assert [step["type"] for step in line["trace"]] == ["DiskFull", "ValueError"]
    assert any("test_logs.py" in place and "fail" in place for place in line["trace"][1]["at"])
    assert SECRET not in json.dumps(line)


def test_an_uncaught_error_of_a_thread_goes_into_the_log_not_on_the_screen(  # type: ignore[no-untyped-def]
    lines, capsys: pytest.CaptureFixture[str]
) -> None:
    def fail() -> None:
        raise RuntimeError(SECRET)

    thread = threading.Thread(target=fail)
    thread.start()
    thread.join()
    (line,) = lines()
    assert line["event"] == "uncaught"
    assert line["error"] == "RuntimeError"
    assert SECRET not in json.dumps(line)
    assert capsys.readouterr() == ("", "")


def test_debug_lines_only_when_asked(data_paths: DataPaths, lines) -> None:  # type: ignore[no-untyped-def]
    logs.part_logger("x").debug("quiet")
    logs.part_logger("x").info("loud")
    assert [line["event"] for line in lines()] == ["loud"]
    logs.configure(data_paths, debug=True)
    logs.part_logger("x").debug("quiet")
    assert [line["event"] for line in lines()] == ["loud", "quiet"]


def test_nothing_is_written_before_it_is_configured(capsys: pytest.CaptureFixture[str]) -> None:
    logs.part_logger("x").error("early")
    assert capsys.readouterr() == ("", "")


def test_five_files_of_ten_megabytes(
    data_paths: DataPaths,
    lines: object,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert (logs.FILE_BYTES, logs.FILES) == (10_000_000, 5)
    monkeypatch.setattr(logs, "FILE_BYTES", 1000)
    logs.configure(data_paths)
    for number in range(100):
        logs.part_logger("x").info("again", count=number)
    files = sorted(data_paths.logs.iterdir())
    assert len(files) == 5
    assert all(file.stat().st_size <= 1000 for file in files)


def test_a_full_disk_does_not_stop_the_app_or_write_on_the_screen(
    data_paths: DataPaths, lines: object, capsys: pytest.CaptureFixture[str]
) -> None:
    data_paths.logs.rmdir() if not any(data_paths.logs.iterdir()) else None
    data_paths.logs.touch()  # no file can be made below a file
    logs.part_logger("x").info("lost")
    assert capsys.readouterr() == ("", "")
