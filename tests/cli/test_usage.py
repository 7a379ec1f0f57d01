"""Bad usage: exit code 2, one line that says what to do, nothing on standard output."""

from __future__ import annotations

import pytest
from typer.testing import CliRunner

from core.cli import failures
from core.cli.app import app, command, main
from core.errors import NameTaken
from tests.cli.conftest import Run

BAD: list[tuple[tuple[str, ...], str]] = [
    (("nothing",), "nothing"),
    (("--nothing",), "--nothing"),
    (("rooms", "lst"), "list"),
    (("rooms", "list", "extra"), "extra"),
    (("rooms", "list", "--format", "x"), "--format"),
    (("rooms", "create"), "NAME is missing"),
    (("rooms", "say", "Engawa"), "TEXT is missing"),
    (("rooms", "tail", "Engawa", "-n", "many"), "--lines"),
    (("rooms", "tail", "Engawa", "-n", "-1"), "--lines"),
    (("rooms", "tail", "Engawa", "-n"), "-n"),
    (("rooms", "export", "Engawa", "--format", "pdf"), "json"),
    (("serve", "--port", "0"), "--port"),
    (("serve", "--port", "70000"), "--port"),
    (("serve", "--port", "http"), "--port"),
    (("agent-client",), "--agents is missing"),
    (("bench",), "NAME is missing"),
    (("bench", "nothing"), "chat"),
    (("bench", "../chat"), "chat"),
    (("bench", "chat", "--runs", "0"), "--runs"),
]


@pytest.mark.parametrize(("arguments", "said"), BAD, ids=[" ".join(row[0]) for row in BAD])
def test_bad_usage(run: Run, arguments: tuple[str, ...], said: str) -> None:
    result = run(*arguments)
    assert (result.code, result.out) == (2, "")
    assert result.err.startswith("error: ")
    assert result.err.count("\n") == 1
    assert said in result.err
    assert "--help" in result.err


@pytest.mark.parametrize("arguments", [(), ("rooms",), ("agents",), ("models",)])
def test_a_bare_group_shows_its_help(run: Run, arguments: tuple[str, ...]) -> None:
    result = run(*arguments)
    assert (result.code, result.err) == (0, "")
    assert "Commands:" in result.out


def test_help_of_everything_by_typers_own_runner() -> None:
    def walk(group: object, path: list[str]) -> list[list[str]]:
        children = getattr(group, "commands", {})
        return [path, *(one for name in children for one in walk(children[name], [*path, name]))]

    paths = walk(command(), [])
    assert len(paths) > 15
    for path in paths:
        result = CliRunner().invoke(app, [*path, "--help"])
        assert result.exit_code == 0
        assert "Usage:" in result.output


def test_typers_own_runner_knows_bad_usage() -> None:
    assert CliRunner().invoke(app, ["rooms", "nothing"]).exit_code == 2


def test_what_nobody_foresaw_is_one_line_and_its_details_are_kept(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(_settings: object) -> None:
        raise ZeroDivisionError("a private value")

    monkeypatch.setattr("core.cli.door.opening._door", broken)
    result = run("rooms", "list")
    assert result.code == 1
    assert result.err.count("\n") == 1
    assert "ZeroDivisionError" in result.err
    assert "private" not in result.err
    log = result.err.split("The details are in ")[1].split(": please")[0]
    with open(log, encoding="utf-8") as file:
        kept = file.read()
    assert "test_usage.py" in kept
    assert "private" not in kept


@pytest.mark.parametrize(("error", "code"), [(BrokenPipeError(), 0), (KeyboardInterrupt(), 130)])
def test_ends_that_are_no_failures(
    run: Run, monkeypatch: pytest.MonkeyPatch, error: BaseException, code: int
) -> None:
    def ended(_settings: object) -> None:
        raise error

    monkeypatch.setattr("core.cli.app.streams.abandon", lambda: None)
    monkeypatch.setattr("core.cli.door.opening._door", ended)
    result = run("rooms", "list")
    assert (result.code, result.out, result.err) == (code, "", "")


def test_an_error_with_several_lines_is_still_one() -> None:
    line = failures.failure_line(NameTaken(name="two\nlines\x1b[31m"))
    assert "\n" not in line
    assert "\x1b" not in line


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("port: many\n", "line 1"),
        ("\nrooms:\n  flush_ms: 5\n", "line 3"),
        ("nonsense: 1\n", "nonsense"),
        ("rooms: [\n", "YAML"),
    ],
)
def test_a_broken_config_is_named_with_its_line(
    run: Run, tmp_path: object, content: str, said: str
) -> None:
    from core.settings import load_settings

    folder = load_settings().paths.root
    folder.mkdir(parents=True)
    (folder / "config.yaml").write_text(content)
    for arguments in (("rooms", "list"), ("doctor",), ("serve", "--no-browser")):
        result = run(*arguments)
        assert result.code == 1
        assert said in result.err
        assert result.err.count("\n") == 1


def test_the_language_of_the_environment(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    english = run("rooms", "say", "Engawa").err
    monkeypatch.setenv("ENGAWA_LANG", "ja")
    japanese = run("rooms", "say", "Engawa").err
    assert japanese.startswith("error: ")
    assert japanese != english
    monkeypatch.setenv("ENGAWA_LANG", "en")
    assert run("rooms", "say", "Engawa").err == english


def test_main_gives_the_code() -> None:
    assert main(["rooms", "nothing"]) == 2
