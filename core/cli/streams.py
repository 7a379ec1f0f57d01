"""Standard output and error that never trip: over a strange encoding, or a closed pipe."""

from __future__ import annotations

import codecs
import io
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stdout

# What a terminal without Unicode shows instead of our typography.
_PLAIN = str.maketrans(
    {"“": '"', "”": '"', "‘": "'", "’": "'", "…": "...", "–": "-", "—": "-", "·": "*", "→": "->"}
)


def prepare() -> None:
    """Let standard output and error replace what their encoding cannot show."""
    codecs.register_error("engawa", _replacement)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="engawa")


def unicode_output() -> bool:
    """Whether standard output can carry every character."""
    encoding = getattr(sys.stdout, "encoding", None) or "ascii"
    return codecs.lookup(encoding).name.startswith("utf")


@contextmanager
def quiet_output() -> Iterator[None]:
    """Let what is printed inside go to standard error instead of standard output."""
    sys.stdout.flush()
    with redirect_stdout(sys.stderr):
        yield


def abandon() -> None:
    """Forget what could not be written, so that Python does not complain while it ends."""
    try:
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, sys.stdout.fileno())
        os.close(nowhere)
    except (OSError, ValueError, io.UnsupportedOperation):
        return


def _replacement(error: UnicodeError) -> tuple[str | bytes, int]:
    if not isinstance(error, UnicodeEncodeError):
        raise error
    text = error.object[error.start : error.end].translate(_PLAIN)
    return "".join(letter if ord(letter) < 128 else "?" for letter in text), error.end
