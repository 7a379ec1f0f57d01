"""A server of this machine behind TLS, with a certificate made for it by openssl."""

from __future__ import annotations

import socket
import ssl
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest


@contextmanager
def tls_front(port: int, folder: Path) -> Iterator[tuple[str, ssl.SSLContext]]:
    """The base URL of the server on `port` behind TLS, and a context that trusts it."""
    serving, trusting = _contexts(folder)
    listener = socket.create_server(("127.0.0.1", 0))
    ended = threading.Event()
    thread = threading.Thread(target=_serve, args=(listener, serving, port, ended), daemon=True)
    thread.start()
    try:
        yield f"https://127.0.0.1:{listener.getsockname()[1]}/v1", trusting
    finally:
        ended.set()
        thread.join(2)
        listener.close()


def _contexts(folder: Path) -> tuple[ssl.SSLContext, ssl.SSLContext]:
    key, certificate = folder / "key.pem", folder / "cert.pem"
    command = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2"]
    command += ["-keyout", str(key), "-out", str(certificate), "-subj", "/CN=127.0.0.1"]
    command += ["-addext", "subjectAltName=IP:127.0.0.1"]
    try:
        subprocess.run(command, check=True, capture_output=True)
    except FileNotFoundError:
        pytest.skip("openssl is not installed")
    serving = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    serving.load_cert_chain(certificate, key)
    return serving, ssl.create_default_context(cafile=str(certificate))


def _serve(listener: socket.socket, tls: ssl.SSLContext, port: int, ended: threading.Event) -> None:
    listener.settimeout(0.2)
    while not ended.is_set():
        try:
            raw, _address = listener.accept()
            raw.settimeout(5)
            outer = tls.wrap_socket(raw, server_side=True)
        except OSError:  # nobody came, or one who does not trust the certificate
            continue
        inner = socket.create_connection(("127.0.0.1", port))
        for pair in ((outer, inner), (inner, outer)):
            threading.Thread(target=_pump, args=pair, daemon=True).start()


def _pump(source: socket.socket, sink: socket.socket) -> None:
    try:
        while data := source.recv(65536):
            sink.sendall(data)
    except OSError:
        pass
    finally:
        for one in (source, sink):
            one.close()
