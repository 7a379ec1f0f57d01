"""`python -m core serve`: the whole app in this process, as `streamlit run` serves it."""

from __future__ import annotations

import errno
import logging
import os
import socket
import sys
import threading
import webbrowser
from collections.abc import Callable
from typing import Any

from core.api.lifespan import check_bind
from core.errors import DataFolderInUse, InvalidInput, PortInUse
from core.imports import no_collecting, without
from core.paths import PROJECT
from core.settings import Settings
from core.store import holder
from core.text import _

GRACE_S = 2  # how long open requests may finish when the app is ended
_BACKLOG = 2048
_SOCKET_BYTES = 52_000_000  # Streamlit's own uploads and messages; rooms take far less

failure: Exception | None = None  # why the start did not succeed, told by the lifespan
_in_charge = False


def serve(
    settings: Settings,
    *,
    open_browser: bool = True,
    announce: Callable[[str], None] | None = None,
) -> None:
    """Serve until Ctrl+C or a signal ends it.

    `announce` is told the address once it answers; without it, one line is printed.

    Raises:
        BindNeedsAccounts: `settings.host` can be reached from other machines.
        PortInUse: somebody listens there already.
        StorageError: the data folder cannot be used.
    """
    with without("watchfiles"), no_collecting():
        import uvicorn  # only `serve` needs it, and it is not quick to load

    global _in_charge
    check_bind(settings.host)
    if held := holder(settings.paths):  # told at once; opening the folder asks again
        raise DataFolderInUse(folder=settings.paths.root, pid=held.pid)
    listener = _listen(settings.host, settings.port)
    _hand_over(settings)
    _in_charge = True

    class Server(uvicorn.Server):
        async def startup(self, sockets: list[socket.socket] | None = None) -> None:
            await super().startup(sockets=sockets)
            if self.started:
                _opened(settings, announce or _print_address, open_browser)

    config = uvicorn.Config(
        "streamlit_app:app",
        ws="websockets-sansio",
        ws_max_size=_SOCKET_BYTES,
        ws_ping_interval=30.0,
        ws_ping_timeout=30.0,
        ws_per_message_deflate=False,  # costs more time than it saves on one machine
        proxy_headers=False,  # who asks is who is connected
        server_header=False,
        access_log=False,
        log_config=None,
        timeout_graceful_shutdown=GRACE_S,
    )
    _errors_only()
    try:
        with no_collecting():
            config.load()  # imports the app
        Server(config).run(sockets=[listener])
    except SystemExit:
        pass  # uvicorn's way to end after a failed start; `failure` says more
    finally:
        listener.close()
    if failure is not None:
        raise failure


def in_charge() -> bool:
    """Whether this process was started by `serve`, which turns a failure into one line."""
    return _in_charge


def note_failure(error: Exception) -> None:
    """Called by the lifespan when the start does not succeed."""
    global failure
    failure = error
    logging.getLogger("uvicorn.error").disabled = True  # `serve` reports it


def _listen(host: str, port: int) -> socket.socket:
    try:
        family, kind, _protocol, _name, address = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM
        )[0]
        listener = socket.socket(family, kind)
        if os.name != "nt":
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(address)
        listener.listen(_BACKLOG)
        listener.setblocking(False)
    except OSError as error:
        if error.errno == errno.EADDRINUSE or (os.name == "nt" and error.errno == errno.EACCES):
            raise PortInUse(port=port) from None
        expected = "an address and a port that this user may open"
        raise InvalidInput(field="--port", expected=expected, found=f"{host}:{port}") from None
    return listener


def _hand_over(settings: Settings) -> None:
    """Streamlit and the lifespan read the environment, as under `streamlit run`."""
    given: dict[str, Any] = {
        "ENGAWA_DATA_DIR": settings.data_dir.resolve(),
        "ENGAWA_HOST": settings.host,
        "ENGAWA_PORT": settings.port,
        "ENGAWA_DEBUG": settings.debug,
        "STREAMLIT_SERVER_ADDRESS": settings.host,
        "STREAMLIT_SERVER_PORT": settings.port,
        "STREAMLIT_SERVER_HEADLESS": "true",
    }
    os.environ.update({name: str(value) for name, value in given.items()})
    if str(PROJECT) not in sys.path:
        sys.path.insert(0, str(PROJECT))


def _errors_only() -> None:
    handler = logging.StreamHandler()
    handler.setFormatter(logging.Formatter("%(message)s"))
    logger = logging.getLogger("uvicorn.error")
    logger.setLevel(logging.WARNING)
    if not logger.handlers:
        logger.addHandler(handler)


def _opened(settings: Settings, announce: Callable[[str], None], open_browser: bool) -> None:
    host = f"[{settings.host}]" if ":" in settings.host else settings.host
    address = f"http://{host}:{settings.port}"
    announce(address)
    if open_browser:
        threading.Thread(target=webbrowser.open, args=(address,), daemon=True).start()


def _print_address(address: str) -> None:
    sys.stdout.write(_("Engawa is open at {address} (Ctrl+C ends it)", address=address) + "\n")
    sys.stdout.flush()
