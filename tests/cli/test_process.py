"""Commands as processes: exit codes, signals, pipes, terminals. No traceback, ever."""

from __future__ import annotations

import json
import os
import resource
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from core.paths import PROJECT
from testing.scripted_ollama import ScriptedOllama
from testing.served import ServedApp, command, free_port

PATIENCE_S = 60


def run(
    *arguments: str, folder: Path, standard_input: str | None = None, **environment: str
) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(
        command(*arguments),
        cwd=PROJECT,
        env={**os.environ, "ENGAWA_DATA_DIR": str(folder), **environment},
        capture_output=True,
        timeout=PATIENCE_S,
        input=None if standard_input is None else standard_input.encode(),
    )


def start(*arguments: str, folder: Path) -> subprocess.Popen[str]:
    return subprocess.Popen(
        command(*arguments),
        cwd=PROJECT,
        env={**os.environ, "ENGAWA_DATA_DIR": str(folder)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def cpu_seconds(arguments: Sequence[str], folder: Path) -> float:
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    assert run(*arguments, folder=folder).returncode == 0
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


@pytest.fixture(autouse=True)
def interruptible() -> Iterator[None]:
    """Ctrl-C reaches what a test starts, also when the tests run where a shell has it ignored."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


def test_codes_and_lines(tmp_path: Path) -> None:
    good = run("rooms", "list", "--json", folder=tmp_path / "d")
    assert good.returncode == 0
    assert json.loads(good.stdout)["rooms"][0]["name"] == "Engawa"
    wrong = run("rooms", "nothing", folder=tmp_path / "d")
    assert (wrong.returncode, wrong.stdout, wrong.stderr.count(b"\n")) == (2, b"", 1)
    failed = run("rooms", "tail", "nothing", folder=tmp_path / "d")
    assert (failed.returncode, failed.stdout, failed.stderr.count(b"\n")) == (1, b"", 1)


def test_a_folder_that_cannot_be(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    for arguments in (("rooms", "list"), ("serve", "--no-browser", "--port", str(free_port()))):
        done = run(*arguments, folder=tmp_path / "file" / "data")
        assert done.returncode == 1
        assert done.stderr.startswith(b"error: ")
        assert done.stderr.count(b"\n") == 1


@pytest.mark.slow
@pytest.mark.parametrize("encoding", ["ascii", "cp1252", "utf-8"])
def test_any_terminal(tmp_path: Path, encoding: str) -> None:
    folder = tmp_path / "d"
    assert run("rooms", "create", "縁側 “tea”", folder=folder).returncode == 0
    shown = run("rooms", "list", folder=folder, PYTHONIOENCODING=encoding)
    assert (shown.returncode, shown.stderr) == (0, b"")
    found = run("rooms", "list", "--json", folder=folder, PYTHONIOENCODING=encoding)
    names = [room["name"] for room in json.loads(found.stdout.decode(encoding))["rooms"]]
    assert "縁側 “tea”" in names
    exported = run("rooms", "export", "縁側 “tea”", folder=folder, PYTHONIOENCODING=encoding)
    assert json.loads(exported.stdout.decode(encoding))["room"]["name"] == "縁側 “tea”"
    failed = run("rooms", "tail", "縁", folder=folder, PYTHONIOENCODING=encoding)
    assert failed.returncode == 1
    assert b"Traceback" not in failed.stderr


@pytest.mark.slow
def test_a_pipe(tmp_path: Path) -> None:
    folder = tmp_path / "d"
    document = run("rooms", "export", "Engawa", folder=folder).stdout.decode()
    done = run("rooms", "import", "-", "--name", "Copy", folder=folder, standard_input=document)
    assert done.returncode == 0


def test_a_reader_that_has_seen_enough(tmp_path: Path) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    with os.fdopen(writing, "w") as closed:
        done = subprocess.run(
            command("--help"),
            cwd=PROJECT,
            stdout=closed,
            stderr=subprocess.PIPE,
            timeout=PATIENCE_S,
        )
    assert (done.returncode, done.stderr) == (0, b"")


def test_ctrl_c_ends_a_tail_quietly(tmp_path: Path) -> None:
    folder = tmp_path / "d"
    run("rooms", "create", "Quiet", folder=folder)
    run("rooms", "say", "Quiet", "hello", folder=folder)
    with start("rooms", "tail", "Quiet", "--follow", folder=folder) as tail:
        assert tail.stdout is not None
        assert tail.stdout.readline().startswith("You: hello")
        tail.send_signal(signal.SIGINT)
        out, err = tail.communicate(timeout=PATIENCE_S)
    assert tail.returncode == 130
    assert err == ""
    assert run("rooms", "list", folder=folder).returncode == 0


@pytest.mark.slow
def test_two_commands_at_once_wait_for_each_other(tmp_path: Path) -> None:
    folder = tmp_path / "d"
    done: list[int] = []

    def one(number: int) -> None:
        done.append(run("rooms", "create", f"room {number}", folder=folder).returncode)

    threads = [threading.Thread(target=one, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert done == [0] * 4
    rooms = json.loads(run("rooms", "list", "--json", folder=folder).stdout)["rooms"]
    assert len(rooms) == 5


@pytest.mark.slow
def test_follow_shows_what_others_say(app: ServedApp, ollama: ScriptedOllama) -> None:
    app.http.post("/api/v1/rooms", {"name": "Followed", "members": ["Ren"]})
    with start("rooms", "tail", "Followed", "--follow", "--json", folder=app.folder) as tail:
        assert tail.stdout is not None
        said = run("rooms", "say", "Followed", "hello", folder=app.folder)
        assert said.returncode == 0
        frames = []
        while not frames or frames[-1].get("status") != "complete" or frames[-1]["kind"] != "agent":
            frames.append(json.loads(tail.stdout.readline()))
        tail.send_signal(signal.SIGINT)
        tail.communicate(timeout=PATIENCE_S)
    assert frames[0]["content"] == "hello"
    assert frames[-1]["content"]


@pytest.mark.slow
def test_who_follows_as_somebody_hears_what_that_one_hears(folder: Path) -> None:
    """Alone on the folder, and through the app that runs on it."""
    run("rooms", "create", "Followed as", folder=folder)
    run("rooms", "say", "Followed as", "hello", "--as", "Yuki", folder=folder)
    run("rooms", "say", "Followed as", "good evening", "--as", "Taro", folder=folder)
    said = run("rooms", "say", "Followed as", "the canary", "--to", "Yuki", folder=folder)
    assert said.returncode == 0
    for name, last in (("Yuki", "the canary"), ("Taro", "")):
        given = ("rooms", "tail", "Followed as", "--follow", "--json", "--as", name)
        with start(*given, folder=folder) as tail:
            assert tail.stdout is not None
            frames = [json.loads(tail.stdout.readline()) for _ in range(3)]
            tail.send_signal(signal.SIGINT)
            tail.communicate(timeout=PATIENCE_S)
        assert [one["content"] for one in frames] == ["hello", "good evening", last], name


@pytest.mark.slow
def test_the_app_goes_while_a_tail_follows(tmp_path: Path) -> None:
    with ServedApp(tmp_path / "d") as app:
        run("rooms", "say", "Engawa", "hello", folder=app.folder)
        tail = start("rooms", "tail", "Engawa", "--follow", folder=app.folder)
        assert tail.stdout is not None
        tail.stdout.readline()
        app.kill()
        _out, err = tail.communicate(timeout=PATIENCE_S)
    assert tail.returncode == 1
    assert err.startswith("error: Engawa does not answer")
    assert err.count("\n") == 1


@pytest.mark.slow
def test_a_killed_say_loses_nothing_that_was_acknowledged(tmp_path: Path) -> None:
    folder = tmp_path / "d"
    with start("rooms", "say", "Engawa", "hello", "--json", folder=folder) as say:
        assert say.stdout is not None
        stored = json.loads(say.stdout.readline())
        say.kill()
        say.communicate()
    found = [
        json.loads(line)
        for line in run("rooms", "tail", "Engawa", "--json", folder=folder).stdout.splitlines()
    ]
    assert found[0]["id"] == stored["id"]


@pytest.mark.slow
def test_commands_are_quick(tmp_path: Path) -> None:
    """Processor time, since a test machine is never idle; 0.6 s on the clock of an idle one."""
    run("rooms", "list", folder=tmp_path / "d")
    times = sorted(cpu_seconds(("rooms", "list"), tmp_path / "d") for _run in range(5))
    assert times[2] < 0.75, times


@pytest.mark.slow
def test_bench_prints_one_object_with_the_machine(tmp_path: Path) -> None:
    done = run("bench", "chat", "--runs", "2", folder=tmp_path / "d")
    assert done.returncode == 0
    found = json.loads(done.stdout)
    assert found["machine"]["cores"] >= 1
    assert found["all_stored"] is True
    assert found["tokens_per_s"] > 0
    assert {"added_first_token_ms", "bare_first_token_ms", "tokens_ratio"} <= found.keys()


@pytest.mark.slow
def test_serve_says_where_it_is_and_ends_cleanly(tmp_path: Path) -> None:
    with ServedApp(tmp_path / "d") as app:
        pid = app.pid
        second = run("serve", "--no-browser", "--port", str(app.port), folder=tmp_path / "other")
        assert second.returncode == 1
        assert str(app.port).encode() in second.stderr
        began = time.monotonic()
        same = run("serve", "--no-browser", "--port", str(app.port + 1), folder=app.folder)
        assert same.returncode == 1
        assert str(pid).encode() in same.stderr
        assert same.stderr.count(b"\n") == 1
        assert time.monotonic() - began < 20


def test_serve_as_json_is_one_object(tmp_path: Path) -> None:
    port = free_port()
    arguments = ("serve", "--no-browser", "--json", "--port", str(port))
    with start(*arguments, folder=tmp_path / "d") as app:
        assert app.stdout is not None
        told = json.loads(app.stdout.readline())
        app.send_signal(signal.SIGTERM)
        rest, errors = app.communicate(timeout=PATIENCE_S)
    assert told["url"] == f"http://127.0.0.1:{port}"
    assert (app.returncode, rest, errors) == (0, "", "")


@pytest.mark.slow
def test_outside_addresses_are_refused(tmp_path: Path) -> None:
    for host in ("0.0.0.0", "::", "192.0.2.1"):
        done = run("serve", "--no-browser", "--host", host, folder=tmp_path / "d")
        assert done.returncode == 1
        assert done.stderr.startswith(b"error: ")
        assert done.stderr.count(b"\n") == 1


if sys.platform == "win32":  # signals and pipes work otherwise there
    pytestmark = pytest.mark.skip("POSIX signals")
