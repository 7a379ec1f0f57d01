"""The local owner's token: one file in the data folder that only its owner can read."""

from __future__ import annotations

import os
import secrets

from core.errors import DataFolderUnwritable
from core.paths import DataPaths

TOKEN_BYTES = 32
_LEAST_CHARACTERS = 32


def read_token(paths: DataPaths) -> str | None:
    """The token as it is stored, `None` when there is none yet (the app writes it)."""
    try:
        token = paths.local_token.read_text(encoding="ascii").strip()
    except (OSError, UnicodeDecodeError):
        return None
    return token if len(token) >= _LEAST_CHARACTERS else None


def ensure_token(paths: DataPaths) -> str:
    """The token, written first (mode 0600) when there is none.

    Raises:
        DataFolderUnwritable: it cannot be written.
    """
    token = read_token(paths)
    try:
        if token is not None:
            _close_to_others(paths)
            return token
        return _write(paths)
    except OSError as error:
        raise DataFolderUnwritable(folder=paths.root) from error


def _write(paths: DataPaths) -> str:
    token = secrets.token_urlsafe(TOKEN_BYTES)
    fresh = paths.local_token.with_name("local-token.new")
    fresh.unlink(missing_ok=True)
    handle = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "w", encoding="ascii") as file:
        file.write(token + "\n")
        file.flush()
        os.fsync(file.fileno())
    fresh.replace(paths.local_token)
    return token


def _close_to_others(paths: DataPaths) -> None:
    # A copy of the folder (a backup, another disk) may have lost the mode.
    if os.name == "posix" and paths.local_token.stat().st_mode & 0o077:
        paths.local_token.chmod(0o600)
