"""Finds the way into a data folder: through the app that runs on it, else by opening it here."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from core.cli.door.protocols import Door
from core.errors import AppNotRunning, DataFolderInUse
from core.settings import Settings, load_settings
from core.text import choose_language, language, set_language

PATIENCE_S = 10.0
_STEP_S = 0.1


def settings_for(storage: Path | None, **overrides: Any) -> Settings:
    """The settings of a command; the language is theirs from here on."""
    settings = load_settings(data_dir=storage, **overrides)
    set_language(choose_language(settings.lang, language()))
    return settings


@contextmanager
def open_door(storage: Path | None = None) -> Iterator[Door]:
    """A door to the data folder of the settings, or of `storage`."""
    door = _door(settings_for(storage))
    try:
        yield door
    finally:
        door.close()


def _door(settings: Settings) -> Door:
    from core.store.lock import holder

    deadline = time.monotonic() + PATIENCE_S
    while True:
        found = holder(settings.paths)
        if found is None:
            try:
                return _local(settings)
            except DataFolderInUse:  # another command was faster
                if time.monotonic() > deadline:
                    raise
        elif found.port is not None and (door := _remote(settings, found.port)) is not None:
            return door
        if time.monotonic() > deadline:
            pid = found.pid if found and found.pid else "?"
            raise DataFolderInUse(folder=settings.paths.root, pid=pid)
        time.sleep(_STEP_S)


def _local(settings: Settings) -> Door:
    from core.cli.door.local import LocalDoor

    return LocalDoor(settings)


def _remote(settings: Settings, port: int) -> Door | None:
    """The door of the app on `port`; `None` while it does not answer (it starts or ends)."""
    from core.cli.door.remote import RemoteDoor
    from core.client.address import Address, find_token
    from core.client.http import Http

    # Wherever the app listens, it can be reached from this machine; only then a local token fits.
    host = settings.host if settings.host in ("localhost", "::1") else "127.0.0.1"
    address = Address(host, port)
    try:
        http = Http(address, find_token(address, settings.paths))
        http.get("/health")
    except AppNotRunning:
        return None
    return RemoteDoor(http)
