"""The circuit breaker: a server that failed again and again is left alone for a while.

Closed: it is asked. After `failures` failures within `window_s` it opens: nobody waits for that
server any more, the chain goes on at once. After a pause one answer may try (half-open); if that
fails too the next pause is twice as long, and the first sign of life closes the circuit.

Only what is the server's counts: away, too slow, 5xx, a broken stream. A missing model or a
refused prompt is a sign of life. A provider's own repeats are inside one attempt, and a trying
answer has none, so repeats and pauses do not multiply.
"""

from __future__ import annotations

import math
import random
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from enum import StrEnum

from core.errors import (
    CircuitOpen,
    FirstTokenTimeout,
    RunnerGone,
    ServerAway,
    ServerBusy,
    ServerFault,
    StreamBroken,
    TokenTimeout,
    WorkbenchError,
)
from core.logs import part_logger
from core.providers.base import GenerationOptions

Clock = Callable[[], float]

SERVER_FAILURES = (
    ServerAway,
    FirstTokenTimeout,
    TokenTimeout,
    ServerBusy,
    ServerFault,
    RunnerGone,
    StreamBroken,
)
JITTER = (0.75, 1.25)

log = part_logger("providers")


class Circuit(StrEnum):
    """Whether a server is asked (`CLOSED`), tried with one answer, or left alone (`OPEN`)."""

    CLOSED = "closed"
    HALF_OPEN = "half_open"
    OPEN = "open"


@dataclass(frozen=True, slots=True)
class BreakerRules:
    """When a circuit opens and for how long. `failures` 0: never."""

    failures: int = 3
    window_s: float = 600.0
    pause_s: float = 5.0
    longest_pause_s: float = 60.0


@dataclass(frozen=True, slots=True)
class Server:
    """What fails together: a provider's server, or a model that is a process of its own.

    `host` is the machine when it is not this one.
    """

    name: str
    host: str | None = None


@dataclass(frozen=True, slots=True)
class CircuitState:
    """One circuit at one moment. `retry_in_s`: until it is tried again; `None` when it is not
    open. `cause` is the last failure's code. `opened` counts since the start.
    """

    server: Server
    circuit: Circuit
    failures: int
    retry_in_s: float | None = None
    cause: str | None = None
    opened: int = 0


@dataclass(eq=False, slots=True)
class Attempt:
    """One answer that is asked of a server. `probe`: it is the one that tries."""

    breaker: Breaker
    probe: bool

    def options(self, options: GenerationOptions) -> GenerationOptions:
        """What to ask with: a trying answer is not repeated."""
        return replace(options, retries=0) if self.probe else options

    def heard(self) -> None:
        """The server says something."""
        self.breaker.heard(self)

    def completed(self) -> None:
        """It said everything."""
        self.breaker.completed()


@dataclass(eq=False)
class Breaker:
    """The circuit of one server. Thread-safe; `clock` gives seconds."""

    server: Server
    rules: BreakerRules = BreakerRules()
    clock: Clock = time.monotonic
    jitter: Callable[[float, float], float] = random.uniform
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _failed: deque[float] = field(default_factory=deque)
    _pauses: int = 0  # in a row
    _until: float | None = None  # open, or to be tried from then on; None: closed
    _probe: Attempt | None = None
    _cause: str | None = None
    _opened: int = 0

    @contextmanager
    def attempt(self, model: str) -> Iterator[Attempt]:
        """Around one answer of `model`; what leaves the block is counted.

        Raises:
            CircuitOpen: at once, when the server is left alone just now.
        """
        attempt = self._enter(model)
        try:
            yield attempt
        except SERVER_FAILURES as error:
            self._fail(attempt, error)
            raise
        except WorkbenchError:
            self.heard(attempt)
            raise
        finally:
            self._leave(attempt)

    def heard(self, attempt: Attempt) -> None:
        """A sign of life: the trying answer closes the circuit."""
        if not attempt.probe:
            return
        with self._lock:
            if self._probe is attempt:
                self._close()

    def completed(self) -> None:
        """A whole answer: the server is well, what was before is forgotten."""
        with self._lock:
            self._failed.clear()
            self._pauses = 0
            self._close()

    def try_again(self) -> None:
        """Let the next answer try, whatever is left of the pause."""
        with self._lock:
            if self._until is not None:
                self._until = self.clock()

    def state(self) -> CircuitState:
        with self._lock:
            self._forget_old()
            left = None if self._until is None else max(0.0, self._until - self.clock())
            known = (self.server, self._circuit(), len(self._failed), left, self._cause)
            return CircuitState(*known, self._opened)

    # --- with the lock held -----------------------------------------------------------------

    def _circuit(self) -> Circuit:
        if self._until is None:
            return Circuit.CLOSED
        trying = self._probe is not None or self.clock() >= self._until
        return Circuit.HALF_OPEN if trying else Circuit.OPEN

    def _close(self) -> None:
        if self._until is not None:
            log.info("circuit.closed", ids={"model": self.server.name})
        self._until = self._probe = self._cause = None

    def _open(self) -> None:
        longest = self.rules.longest_pause_s
        pause = min(longest, self.rules.pause_s * 2.0 ** min(self._pauses, 30))
        self._until = self.clock() + min(longest, pause * self.jitter(*JITTER))
        self._pauses += 1
        self._opened += 1
        log.warning("circuit.opened", ids={"model": self.server.name}, error=self._cause)

    def _forget_old(self) -> None:
        oldest = self.clock() - self.rules.window_s
        while self._failed and self._failed[0] < oldest:
            self._failed.popleft()

    # --- inside -----------------------------------------------------------------------------

    def _enter(self, model: str) -> Attempt:
        with self._lock:
            match self._circuit():
                case Circuit.CLOSED:
                    return Attempt(self, probe=False)
                case Circuit.HALF_OPEN if self._probe is None:
                    self._probe = Attempt(self, probe=True)
                    return self._probe
            assert self._until is not None
            left = max(1, math.ceil(self._until - self.clock()))
            raise CircuitOpen(model=model, failures=len(self._failed), seconds=left)

    def _fail(self, attempt: Attempt, error: WorkbenchError) -> None:
        with self._lock:
            late = self._until is not None and self._probe is not attempt
            if late or not self.rules.failures:
                return  # it began before the circuit opened: the pause is running already
            self._failed.append(self.clock())
            self._forget_old()
            self._cause = error.code
            if self._probe is attempt or len(self._failed) >= self.rules.failures:
                self._open()

    def _leave(self, attempt: Attempt) -> None:
        """A trying answer that was stopped says nothing: the next one may try."""
        with self._lock:
            if self._probe is attempt:
                self._probe = None


class Breakers:
    """The circuits of all servers, made when a server is first asked. Thread-safe."""

    def __init__(self, rules: BreakerRules | None = None, *, clock: Clock = time.monotonic) -> None:
        self._rules, self._clock = rules or BreakerRules(), clock
        self._lock = threading.Lock()
        self._breakers: dict[Server, Breaker] = {}

    def of(self, server: Server) -> Breaker:
        with self._lock:
            known = self._breakers.get(server)
            if known is None:
                known = self._breakers[server] = Breaker(server, self._rules, self._clock)
            return known

    def states(self) -> list[CircuitState]:
        """How each server that was asked so far is thought of."""
        return [breaker.state() for breaker in self._all()]

    def try_again(self) -> None:
        """Let each circuit be tried with the next answer."""
        for breaker in self._all():
            breaker.try_again()

    def _all(self) -> list[Breaker]:
        with self._lock:
            return list(self._breakers.values())
