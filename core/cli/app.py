"""The root of all commands: builds them, runs one, and turns every failure into one line."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence

import typer
from typer.exceptions import TyperException

from core.cli import (
    agents,
    bench,
    client,
    doctor,
    hardware,
    jobs,
    models,
    openapi,
    rooms,
    serve,
    streams,
)
from core.cli.failures import failure_line, usage_line
from core.errors import WorkbenchError
from core.text import N_, choose_language, set_language, translate

OK, FAILED, BAD_USAGE, INTERRUPTED = 0, 1, 2, 130

app = typer.Typer(
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    add_completion=False,
    no_args_is_help=True,
    help=N_("A room on your own machine where your agents meet, answer, remember and learn."),
)
app.add_typer(rooms.app, name="rooms")
app.add_typer(agents.app, name="agents")
app.add_typer(models.app, name="models")
app.add_typer(hardware.app, name="hardware")
app.add_typer(jobs.app, name="jobs")
for part in (serve, doctor, bench, client, openapi):
    part.add_to(app)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and give its exit code: 0, 2 for bad usage, 1 for any other failure."""
    streams.prepare()
    set_language(_language())
    try:
        code = command().main(
            list(sys.argv[1:] if arguments is None else arguments),
            prog_name="python -m core",
            standalone_mode=False,
        )
        return code if isinstance(code, int) else OK
    except (BrokenPipeError, SystemExit):  # the reader has seen enough: `… | head`
        # Typer turns the former into the latter on its way.
        streams.abandon()
        return OK
    except KeyboardInterrupt:
        return INTERRUPTED
    except TyperException as error:
        return _usage(error)
    except WorkbenchError as error:
        return _fail(failure_line(error))
    except Exception as error:
        return _fail(failure_line(error))


def command() -> typer.core.TyperGroup:
    """The command tree, with its help in the current language."""
    root = typer.main.get_command(app)
    assert isinstance(root, typer.core.TyperGroup)
    _translate(root)
    return root


def _language() -> str:
    """ENGAWA_LANG, else what the terminal's locale says."""
    locale = os.environ.get("LC_ALL") or os.environ.get("LC_MESSAGES") or os.environ.get("LANG")
    return choose_language(os.environ.get("ENGAWA_LANG"), locale)


def _translate(node: typer.core.TyperGroup | typer.core.TyperCommand) -> None:
    from core.text import language

    for described in (node, *node.params):
        text = getattr(described, "help", None)
        if text:
            described.help = translate(text, language())  # type: ignore[union-attr]
    for child in getattr(node, "commands", {}).values():
        _translate(child)


def _usage(error: TyperException) -> int:
    if type(error).__name__ == "NoArgsIsHelpError":  # a bare group: its help is the answer
        sys.stdout.write(error.format_message() + "\n")
        return OK
    _write_error(usage_line(error))
    return error.exit_code


def _fail(line: str) -> int:
    _write_error(line)
    return FAILED


def _write_error(line: str) -> None:
    try:
        sys.stdout.flush()
        sys.stderr.write(line + "\n")
        sys.stderr.flush()
    except OSError:
        streams.abandon()
