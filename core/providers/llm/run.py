"""One run of a command-line tool: its output as it comes, its end whenever nobody wants more."""

from __future__ import annotations

import codecs
import os
import queue
import signal
import subprocess
import threading
from collections.abc import Iterator, Sequence
from contextlib import suppress
from types import TracebackType

from core.errors import ServerFault, StreamBroken
from core.providers.watch import Watch

SAID_BYTES = 64 << 10  # of its errors; more is not kept
END_S = 5.0
OUTPUT_LIMIT = 8_000_000


class Run:
    """A context manager: leaving it ends the process and its children."""

    def __init__(self, command: Sequence[str], text: str) -> None:
        self._command, self._text = list(command), text
        self._pieces: queue.Queue[bytes] = queue.Queue()
        self._said = bytearray()

    def __enter__(self) -> Run:
        pipe = subprocess.PIPE
        try:
            self._process = subprocess.Popen(
                self._command, stdin=pipe, stdout=pipe, stderr=pipe, start_new_session=True
            )
        except OSError as error:
            raise ServerFault(model=self._command[0], detail=str(error)) from None
        work = (self._write, self._read, self._listen)
        self._threads = [
            threading.Thread(target=each, name="llm-run", daemon=True) for each in work
        ]
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._kill()
        self._process.wait(END_S)
        for thread in self._threads:
            thread.join(1.0)

    def pieces(self, watch: Watch) -> Iterator[str]:
        """Its output, in whole characters.

        Raises:
            Cancelled, FirstTokenTimeout, TokenTimeout: as `watch` says.
            StreamBroken: it writes without end.
        """

        def come(slice_s: float) -> bytes:
            try:
                return self._pieces.get(timeout=slice_s)
            except queue.Empty:
                raise TimeoutError from None

        decoder = codecs.getincrementaldecoder("utf-8")("replace")
        size = 0
        while data := watch.wait(come):
            size += len(data)
            if size > OUTPUT_LIMIT:
                raise StreamBroken(model=watch.model, detail="the answer does not end")
            if text := decoder.decode(data):
                yield text
        if rest := decoder.decode(b"", final=True):
            yield rest

    def ended(self) -> tuple[int, str]:
        """Its exit status, and what it wrote beside its output."""
        try:
            code = self._process.wait(END_S)
        except subprocess.TimeoutExpired:  # it closed its output and goes on
            code = -1
        self._threads[-1].join(1.0)
        return code, self._said.decode("utf-8", "replace")

    def _write(self) -> None:
        assert self._process.stdin is not None
        with suppress(OSError), self._process.stdin as pipe:
            pipe.write(self._text.encode("utf-8"))

    def _read(self) -> None:
        assert self._process.stdout is not None
        with self._process.stdout as pipe:
            while data := os.read(pipe.fileno(), 65_536):
                self._pieces.put(data)
        self._pieces.put(b"")

    def _listen(self) -> None:
        assert self._process.stderr is not None
        with self._process.stderr as pipe:
            while data := os.read(pipe.fileno(), 65_536):
                if len(self._said) < SAID_BYTES:
                    self._said += data

    def _kill(self) -> None:
        if self._process.poll() is not None:
            return
        with suppress(OSError):
            if os.name == "posix":
                os.killpg(self._process.pid, signal.SIGKILL)
            else:
                self._process.kill()
