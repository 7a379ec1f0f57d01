"""The place of one base model: who waits for it, its process, its deaths, its idle time."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable, Generator
from contextlib import closing
from pathlib import Path

from core.errors import FirstTokenTimeout, ProviderError, RunnerGone, TokenTimeout
from core.logs import part_logger
from core.runner.hearing import Limits, Spoken, fresh, next_reply
from core.runner.line import Line
from core.runner.loading import AS_IT_COMES, LoadOptions
from core.runner.process import GONE, HOST, RunnerProcess, as_error
from core.runner.protocol import CANCELLED, DONE, FAILED, Adapter, Status, Wanted

log = part_logger("runner")

QUICK_S = 30.0  # a process that dies younger, before any answer, died quickly
STORM_DEATHS = 3
STORM_PAUSE_S = 30.0


class Slot:
    """Keeps at most one process for one base model. Usable from several threads."""

    def __init__(
        self,
        ref: str,
        folder: Path,
        stderr_file: Path,
        idle_s: float,
        on_load: Callable[[str, float], None],
        module: str = HOST,
    ) -> None:
        self.ref = ref
        self.folder = folder
        self._stderr_file = stderr_file
        self._idle_s = idle_s
        self._on_load = on_load
        self._module = module
        self._line = Line()
        self._lock = threading.Lock()
        self._process: RunnerProcess | None = None
        self._closed = False
        self._deaths: deque[float] = deque(maxlen=STORM_DEATHS)
        self._last_error: ProviderError | None = None
        self._tried = AS_IT_COMES
        self._forced: RunnerProcess | None = None  # the last one that was ended in its answer
        self._timer: threading.Timer | None = None
        self._used_at = time.monotonic()

    @property
    def process(self) -> RunnerProcess | None:
        """The one that is there, loading or ready."""
        process = self._process
        return None if process is None or process.ended else process

    @property
    def busy(self) -> bool:
        return self._line.length > 0

    def warm(self, load: LoadOptions | None = None, adapter: Path | None = None) -> None:
        """Begin to load, unless it is there in whatever way; returns at once."""
        with self._lock:
            if self._closed or self._paused_for() is not None:
                return
            process = self._running(load)
        if adapter is not None:
            number, _inbox = process.ask(Adapter(str(adapter)))
            process.finish(number, cancel=False)  # an answer will tell what is wrong with it

    def load(self, load: LoadOptions, limit_s: float, cancel: threading.Event) -> bool:
        """Load as wanted, anew if it is there in another way; whether it is there now.

        Raises:
            ProviderError: it cannot be loaded so.
            FirstTokenTimeout: it took longer than `limit_s` seconds; it goes on.
        """
        limits = Limits(first_token_s=limit_s)
        with closing(self.stream(Status(), limits, cancel, load)) as pieces:
            there = any(piece.done is not None for piece in pieces)
        process = self.process
        if there and process is not None:
            process.load = load  # its context and cache are those of the answers to come
        return there

    def unload(self, cancel: threading.Event, *, force: bool) -> bool:
        """End the process after the answer under way, at once with `force`; whether it is gone.

        Waits for that; those who wait for an answer have it loaded again.
        """
        process = self.process
        if process is not None and force:
            self._forced = process
            self._let_go(process, "it was unloaded")
            return True
        with self._line.place(cancel, next_one=True) as mine:
            process = self.process
            if mine and process is not None:
                self._let_go(process, "it was unloaded")
        return self.process is None

    def stream(
        self,
        ask: Wanted,
        limits: Limits,
        cancel: threading.Event,
        load: LoadOptions | None = None,
    ) -> Generator[Spoken]:
        """Answer when it is this request's turn; ends early when `cancel` is set.

        `load` is how it must be loaded; `None` takes it as it is.

        Raises:
            RunnerGone: the process ended, or has ended too often just now.
            FirstTokenTimeout, TokenTimeout: it took too long.
            ProviderError: what the runner reported.
        """
        with self._line.place(cancel) as mine:
            try:
                if mine:
                    yield from self._answer(ask, limits, cancel, load)
            finally:
                self._touch()

    def close(self) -> None:
        """End the process and take no more requests."""
        with self._lock:
            self._closed = True
            process = self._process
            if self._timer is not None:
                self._timer.cancel()
        if process is not None:
            process.end()

    def _answer(
        self, ask: Wanted, limits: Limits, cancel: threading.Event, load: LoadOptions | None
    ) -> Generator[Spoken]:
        for attempt in (1, 2):
            process = self._take_process(load)
            was_ready = process.ready
            spoke = False
            try:
                with closing(self._ask(process, ask, limits, cancel)) as pieces:
                    for spoken in pieces:
                        spoke = spoke or spoken.done is None
                        yield spoken
                return
            except RunnerGone:
                # A process that was killed while it sat idle is found out only now.
                if spoke or attempt == 2 or not was_ready or process is self._forced:
                    raise

    def _ask(
        self, process: RunnerProcess, ask: Wanted, limits: Limits, cancel: threading.Event
    ) -> Generator[Spoken]:
        asked = time.monotonic()
        loading = not process.ready
        number, inbox = process.ask(ask)
        done = False
        error: type[FirstTokenTimeout | TokenTimeout] = FirstTokenTimeout
        limit_s = limits.first_token_s
        try:
            while (reply := next_reply(inbox, limit_s, cancel)) is not None:
                done = reply["say"] in (DONE, FAILED, GONE)
                if reply["say"] == FAILED:
                    raise as_error(reply, self.ref)
                if reply["say"] == GONE:
                    raise fresh(process.error or RunnerGone(model=self.ref, detail="closed"))
                if done:
                    load_s = process.begun + (process.load_s or 0.0) - asked if loading else None
                    if reply["reason"] != CANCELLED:
                        yield Spoken(done=reply, load_s=load_s)
                    return
                yield Spoken(reply["text"], reply["thought"])
                error, limit_s = TokenTimeout, limits.between_tokens_s
            if not cancel.is_set():
                if process.ready:
                    process.kill()  # it hangs; loading, on the other hand, may go on
                raise error(model=self.ref, seconds=round(limit_s))
        finally:
            process.finish(number, cancel=not done)

    def _take_process(self, load: LoadOptions | None) -> RunnerProcess:
        process = self.process
        if load and process and process.load.weights() != load.weights():
            self._let_go(process, "it is loaded in another way")
        with self._lock:
            if self._closed:
                raise RunnerGone(model=self.ref, detail="Engawa is closing")
            error = self._paused_for()
            if error is not None:
                raise fresh(error)
            return self._running(load)

    def _running(self, load: LoadOptions | None) -> RunnerProcess:
        self._used_at = time.monotonic()
        if self._process is None or self._process.ended:
            wanted = load or AS_IT_COMES
            if wanted.weights() != self._tried.weights():
                self._deaths.clear()
            self._tried = wanted
            self._process = RunnerProcess(
                self.ref,
                self.folder,
                self._stderr_file,
                self._loaded,
                self._died,
                self._module,
                wanted,
            )
        return self._process

    def _let_go(self, process: RunnerProcess, why: str) -> None:
        """End `process` because that is wanted; returns when it is gone."""
        process.answered = True  # an end that is wanted is no death
        process.error = process.error or RunnerGone(model=self.ref, detail=why)
        process.end()

    def _paused_for(self) -> ProviderError | None:
        """Why no new process is started now, after several that died at once."""
        if len(self._deaths) < STORM_DEATHS or self._deaths[-1] - self._deaths[0] > 3 * QUICK_S:
            return None
        return self._last_error if time.monotonic() - self._deaths[-1] < STORM_PAUSE_S else None

    def _loaded(self, process: RunnerProcess) -> None:
        self._touch()
        try:
            self._on_load(self.ref, process.load_s or 0.0)
        except Exception as error:  # somebody's bookkeeping must not end a healthy runner
            log.error("runner.on_load", error=type(error).__name__, ids={"model": self.ref})

    def _died(self, process: RunnerProcess) -> None:
        with self._lock:
            now = time.monotonic()
            if process.answered:
                self._deaths.clear()
            elif not self._closed and now - process.begun < QUICK_S:
                self._deaths.append(now)
                self._last_error = process.error
            if self._process is process:
                self._process = None

    # --- giving it up when nobody needs it: one sleeping timer, none when nothing is loaded ---

    def _touch(self) -> None:
        with self._lock:
            self._used_at = time.monotonic()
            if self._timer is None and self._process is not None and not self._closed:
                self._sleep(self._idle_s)

    def _sleep(self, seconds: float) -> None:
        self._timer = threading.Timer(seconds, self._look)
        self._timer.daemon = True
        self._timer.start()

    def _look(self) -> None:
        with self._lock:
            self._timer = None
            process = self._process
            if process is None or self._closed:
                return
            if self.busy:
                return  # the end of the answer sets the timer anew
            left = self._used_at + self._idle_s - time.monotonic()
            if left > 0:
                self._sleep(left)
                return
            self._process = None
        self._let_go(process, "it was idle")
