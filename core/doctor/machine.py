"""Python, the packages, the port."""

from __future__ import annotations

import re
import socket
import sys
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from core.doctor.finding import Finding, Level
from core.errors import PortInUse
from core.paths import PROJECT
from core.settings import Settings
from core.store.lock import holder
from core.text import N_

OLDEST = (3, 11)
REQUIREMENTS = PROJECT / "requirements.txt"
_PINNED = re.compile(r"^([A-Za-z0-9._-]+)==([^\s;#]+)", re.MULTILINE)


def pip() -> str:
    """How this very Python's pip is called on a command line."""
    python = f'"{sys.executable}"' if " " in sys.executable else sys.executable
    return f"{python} -m pip"


def python(_settings: Settings) -> Finding:
    found = ".".join(map(str, sys.version_info[:3]))
    params = {"found": found, "oldest": ".".join(map(str, OLDEST))}
    if sys.version_info[:2] < OLDEST:
        text = N_("Python {found} is too old; {oldest} or newer is needed.")
        hint = N_("Install a newer Python and set Engawa up again with it.")
        return Finding("python", Level.ERROR, text, hint, params)
    return Finding("python", Level.OK, N_("Python {found}."), params=params)


def packages(_settings: Settings) -> Finding:
    """Those of requirements.txt, by what is installed; nothing is imported."""
    return compare_packages(REQUIREMENTS)


def compare_packages(requirements: Path) -> Finding:
    pinned = _PINNED.findall(requirements.read_text(encoding="utf-8"))
    found = {name: _installed(name) for name, _wanted in pinned}
    missing = [name for name, _wanted in pinned if found[name] is None]
    other = [
        f"{name} {found[name]} ({wanted})"
        for name, wanted in pinned
        if found[name] is not None and str(found[name]).split("+")[0] != wanted
    ]
    params = {
        "n": len(pinned),
        "missing": _few(missing),
        "other": _few(other),
        "command": f"{pip()} install -r requirements.txt",
    }
    hint = N_("Run: {command}")
    if missing:
        text = N_("Packages are missing: {missing}.")
        return Finding("packages", Level.ERROR, text, hint, params)
    if other:
        text = N_("Packages of other versions than tested: {other}.")
        return Finding("packages", Level.WARNING, text, hint, params)
    text = N_("All {n} packages are here, in the versions that were tested.")
    return Finding("packages", Level.OK, text, params=params)


def port(settings: Settings) -> Finding:
    params = {"port": settings.port, "host": settings.host}
    held = holder(settings.paths)
    if held is not None and held.port is not None:
        params |= {"pid": held.pid or "?", "port": held.port}
        text = N_("Engawa is running on port {port} (process {pid}).")
        return Finding("port", Level.OK, text, params=params)
    if not _free(settings.host, settings.port):
        return Finding("port", Level.ERROR, cause=PortInUse(port=settings.port))
    return Finding("port", Level.OK, N_("Port {port} is free."), params=params)


def _installed(name: str) -> str | None:
    try:
        return version(name)
    except PackageNotFoundError:
        return None


def _few(names: list[str]) -> str:
    return ", ".join(names[:5]) + (", …" if len(names) > 5 else "")


def _free(host: str, number: int) -> bool:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        if sys.platform != "win32":  # there it would allow to take a port that is in use
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, number))
        except OSError:
            return False
    return True
