"""`doctor`: looks at every part of the installation."""

from __future__ import annotations

import typer

from core.cli.door import settings_for
from core.cli.options import Json, Storage
from core.cli.output import one_line, show
from core.errors import ChecksFailed
from core.text import N_


def add_to(app: typer.Typer) -> None:
    app.command(help=N_("Check Python, packages, data folder, models, graphics card and port."))(
        doctor
    )


def doctor(storage: Storage = None, as_json: Json = False) -> None:
    settings = settings_for(storage)
    from core.doctor import Level, examine

    findings = examine(settings)
    lines = []
    for finding in findings:
        lines.append(f"{finding.level:<8} " + one_line(f"{finding.title()}: {finding.message()}"))
        lines += [" " * 9 + one_line(finding.hint())] if finding.hint() else []
    failed = [finding.title() for finding in findings if finding.level is Level.ERROR]
    body = {"ok": not failed, "findings": [finding.as_dict() for finding in findings]}
    show(body, as_json, lines)
    if failed:
        raise ChecksFailed(parts=", ".join(failed))
