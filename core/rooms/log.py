"""Live events: from the writer to everybody who listens, in order, without waiting for anyone.

Events are stored before they come here. Writers may bring them out of order (their threads
race after the commit), so each room's log holds an event back until its predecessors came.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Iterable
from types import TracebackType

from core.messages import StreamEvent

MAX_WAITING = 10_000


class Watch:
    """One subscriber. Thread-safe; a reader slower than 10,000 events is cut off."""

    def __init__(self, log: RoomLog) -> None:
        self._log = log
        self._events: deque[StreamEvent] = deque()
        self._changed = threading.Condition()
        self._wake: Callable[[], None] | None = None
        self._closed = False
        self.overflowed = False
        self.replay: list[StreamEvent] = []
        self._seen = 0

    def start(self, replay: list[StreamEvent], seen: int) -> None:
        """Set what comes first; live events up to number `seen` are part of it already."""
        with self._changed:
            self.replay = replay
            self._seen = seen
            self._events = deque(event for event in self._events if event.event > seen)

    def listen(self, wake: Callable[[], None]) -> None:
        """Call `wake` from any thread whenever `take` would give something. It must not block."""
        with self._changed:
            self._wake = wake
            waiting = bool(self._events)
        if waiting:
            wake()

    def take(self) -> list[StreamEvent]:
        """All events that came since the last call; empty when none did."""
        with self._changed:
            taken = list(self._events)
            self._events.clear()
            return taken

    def get(self, timeout_s: float | None = None) -> StreamEvent | None:
        """The next event; `None` after `timeout_s` or once closed."""
        with self._changed:
            self._changed.wait_for(lambda: self._events or self._closed, timeout_s)
            return self._events.popleft() if self._events else None

    @property
    def closed(self) -> bool:
        return self._closed

    def close(self) -> None:
        """Stop listening. Safe to call twice."""
        self._log.remove(self)
        with self._changed:
            self._closed = True
            self._changed.notify_all()

    def deliver(self, events: list[StreamEvent]) -> None:
        """Called by the log, events in order."""
        with self._changed:
            if self._closed:
                return
            self._events.extend(event for event in events if event.event > self._seen)
            if len(self._events) > MAX_WAITING:
                self._events.clear()
                self.overflowed = self._closed = True
            self._changed.notify_all()
            wake = self._wake
        if wake is not None:
            wake()

    def __enter__(self) -> Watch:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()


class RoomLog:
    """The live end of one room's events."""

    def __init__(self, last_event: int) -> None:
        self._lock = threading.Lock()
        self._next = last_event + 1
        self._held: dict[int, StreamEvent] = {}
        self._watches: list[Watch] = []

    def watch(self) -> Watch:
        """A new subscriber that collects from now on; give it its replay with `start`."""
        watch = Watch(self)
        with self._lock:
            self._watches.append(watch)
        return watch

    def remove(self, watch: Watch) -> None:
        with self._lock:
            if watch in self._watches:
                self._watches.remove(watch)

    def publish(self, event: StreamEvent) -> None:
        """Give a stored event to all subscribers, as soon as those before it were given."""
        with self._lock:
            self._held[event.event] = event
            ready: list[StreamEvent] = []
            while self._next in self._held:
                ready.append(self._held.pop(self._next))
                self._next += 1
            # Delivered under the lock, or two publishers could swap what they took in order.
            for watch in tuple(self._watches) if ready else ():
                watch.deliver(ready)

    @property
    def last_event(self) -> int:
        """The number of the last event that was given out."""
        return self._next - 1

    @property
    def watchers(self) -> int:
        return len(self._watches)


class Logs:
    """The logs of all rooms, made when a room is first seen."""

    def __init__(self, last_events: Iterable[tuple[str, int]]) -> None:
        """`last_events`: what is stored of each room before anything is written."""
        self._lock = threading.Lock()
        self._logs = {room_id: RoomLog(last) for room_id, last in last_events}

    def of(self, room_id: str) -> RoomLog:
        """The log of a room; one that was not there at the start has no events yet."""
        with self._lock:
            return self._logs.setdefault(room_id, RoomLog(0))

    def publish(self, event: StreamEvent) -> None:
        self.of(event.room).publish(event)
