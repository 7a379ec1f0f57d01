"""A command that found the database damaged says what became of it, in one line."""

from __future__ import annotations

import sys

from core.cli.output import one_line
from core.store import OpenReport
from core.text import _

MOST_NAMED = 3


def tell(report: OpenReport) -> None:
    """Write the line to standard error; nothing when nothing was mended."""
    if report.recovered:
        sys.stderr.write(one_line(f"warning: {' '.join(_sentences(report))}") + "\n")
        sys.stderr.flush()


def _sentences(report: OpenReport) -> list[str]:
    said = [_("The database was damaged and has been repaired.")]
    if report.restored_from is not None:
        said.append(_("It is the backup {file}.", file=report.restored_from.name))
    if report.kept is not None:
        said.append(_("The damaged files are kept in {folder}.", folder=report.kept))
    return [*said, _missing(report.missing)]


def _missing(missing: tuple[str, ...]) -> str:
    if not missing:
        return _("Nothing is missing.")
    things = "; ".join(missing[:MOST_NAMED])
    rest = len(missing) - MOST_NAMED
    if rest > 0:
        return _("Missing: {things}; and {n} more, listed there.", things=things, n=rest)
    return _("Missing: {things}.", things=things)
