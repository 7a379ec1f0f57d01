"""Tables, terminals and the live transcript."""

from __future__ import annotations

import io
from typing import Any

import pytest

from core.cli import streams
from core.cli.live import Transcript
from core.cli.output import harmless, one_line, table, width
from core.providers.defaults import default_providers
from core.settings import load_settings


@pytest.mark.parametrize(
    ("text", "columns"), [("abc", 3), ("縁側", 4), ("ｱ", 1), ("é", 1), ("e\u0301", 1), ("", 0)]
)
def test_width(text: str, columns: int) -> None:
    assert width(text) == columns


def test_table_lines_up_full_width_names() -> None:
    head, first, second = table([("縁側", 1), ("Tea", 22)], ("Name", "N"))
    assert width(head[: head.index("N", 1)]) == 6
    assert first == "縁側  1"
    assert second == "Tea   22"


@pytest.mark.parametrize(
    ("text", "line", "lines"),
    [
        ("a\nb", "a b", "a\nb"),
        ("a\x1b[31mb", "a[31mb", "a[31mb"),
        ("a\u202eb", "ab", "ab"),
        ("\x07\x00\x9b", "", ""),
        ("a\tb", "a b", "a\tb"),
    ],
)
def test_nothing_drives_the_terminal(text: str, line: str, lines: str) -> None:
    assert one_line(text) == line
    assert harmless(text) == lines


@pytest.mark.parametrize(
    ("encoding", "shown"),
    [("ascii", '"caf?" - ... ??'), ("latin-1", '"café" - ... ??'), ("utf-8", "“café” – … 縁側")],
)
def test_a_terminal_without_unicode(
    encoding: str, shown: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    raw = io.BytesIO()
    monkeypatch.setattr("sys.stdout", io.TextIOWrapper(raw, encoding=encoding))
    streams.prepare()
    print("“café” – … 縁側", flush=True, end="")  # noqa: T201
    assert raw.getvalue().decode(encoding) == shown
    assert streams.unicode_output() is (encoding == "utf-8")


def message(seq: int, content: str, status: str = "pending", **given: Any) -> dict[str, Any]:
    kind = "status" if given.pop("end", False) else "message"
    return {
        "type": kind,
        "seq": seq,
        "sender": f"A{seq}",
        "content": content,
        "status": status,
        **given,
    }


def delta(seq: int, offset: int, text: str) -> dict[str, Any]:
    return {"type": "delta", "seq": seq, "offset": offset, "text": text}


STORIES: list[tuple[str, list[dict[str, Any]], str]] = [
    ("whole", [message(1, "hello", "complete")], "A1: hello\n"),
    (
        "streamed",
        [
            message(1, ""),
            delta(1, 0, "he"),
            delta(1, 2, "llo"),
            message(1, "hello", "complete", end=True),
        ],
        "A1: hello\n",
    ),
    (
        "resumed in the middle",
        [message(1, "he"), delta(1, 2, "llo"), message(1, "hello", "complete", end=True)],
        "A1: hello\n",
    ),
    (
        "heard twice",
        [message(1, "he"), delta(1, 0, "he"), delta(1, 2, "llo"), message(1, "hello", "complete")],
        "A1: hello\n",
    ),
    (
        "two at once take turns",
        [
            message(1, ""),
            message(2, ""),
            delta(2, 0, "b"),
            delta(1, 0, "a"),
            delta(2, 1, "b"),
            message(2, "bb", "complete", end=True),
            delta(1, 1, "a"),
            message(1, "aa", "complete", end=True),
        ],
        "A2: bb\nA1: aa\n",
    ),
    (
        "broken off",
        [
            message(1, ""),
            delta(1, 0, "he"),
            message(1, "he", "partial", end=True, reason="It went."),
        ],
        "A1: he [broken off: It went.]\n",
    ),
    ("failed", [message(1, ""), message(1, "", "failed", end=True)], "A1:  [failed]\n"),
    ("deleted", [message(1, "", "complete", deleted=True)], "A1: [deleted]\n"),
    (
        "an edit of what is printed changes nothing",
        [
            message(1, "hello", "complete"),
            {**message(1, "", "complete", deleted=True), "type": "edit"},
        ],
        "A1: hello\n",
    ),
    ("presence says nothing", [{"type": "presence", "event": 1, "members": []}], ""),
    ("control signs", [message(1, "a\x1b[2Jb", "complete")], "A1: a[2Jb\n"),
    ("cut off by the end", [message(1, "he")], "A1: he\n"),
]


@pytest.mark.parametrize(
    ("frames", "shown"), [row[1:] for row in STORIES], ids=[row[0] for row in STORIES]
)
def test_transcript(
    frames: list[dict[str, Any]], shown: str, capsys: pytest.CaptureFixture[str]
) -> None:
    transcript = Transcript()
    for frame in frames:
        transcript.show(frame)
    transcript.close()
    assert capsys.readouterr().out == shown


def test_commands_know_the_names_of_all_providers() -> None:
    from core.cli.later import NAMES

    assert list(NAMES) == [provider.name for provider in default_providers(load_settings())]
