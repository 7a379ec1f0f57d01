"""One outside agent in one room: waits until it is asked, answers, makes sure it arrived."""

from __future__ import annotations

import threading
import time
from collections.abc import Generator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field

from core.client.backoff import Backoff
from core.client.link import Link, Report
from core.client.notes import Asked, Ballot
from core.client.socket import Socket
from core.client.voice import Voice
from core.errors import AppNotRunning, ModelNotFound, ProviderError
from core.providers.chain import Chosen
from core.rooms.rules import name_key

TRIES = 3
PIECE_S = 0.04  # text is sent at most this often: a fast model would flood the socket
ARRIVE_S = 30.0


@dataclass
class _Answer:
    """What is being said to what was `asked`. `begun`: a part of it is in the room already."""

    asked: Asked
    socket: Socket
    text: str = ""
    sent: int = 0
    begun: bool = False
    last: float = field(default_factory=lambda: float("-inf"))


class Speaker:
    """Runs in a thread of its own."""

    def __init__(
        self,
        name: str,
        voice: Voice,
        link: Link,
        report: Report,
        *,
        history_limit: int,
        delay_s: float,
    ) -> None:
        self._name, self._voice, self._link, self._report = name, voice, link, report
        self._history_limit, self._delay_s = history_limit, delay_s
        self._unsent: tuple[Asked, str] | None = None  # an answer that may not have arrived

    def run(self) -> None:
        """Answer until the link is stopped."""
        self._voice.warm()
        while (question := self._wait_for_question()) is not None:
            socket, asked = question
            if isinstance(asked, Ballot):
                self._vote(socket, asked)
                continue
            if self._link.stopping.wait(self._delay_s):
                return
            with self._link.changed:
                # More may have been said meanwhile; one answer is for all of it.
                asked = self._link.notes.due(self._name) or asked
                lost = self._link.current() is not socket
            if not lost:
                self._answer(_Answer(asked, socket))

    def _wait_for_question(self) -> tuple[Socket, Asked | Ballot] | None:
        """The open socket and what to answer, votes first; `None` when it is time to go."""
        link = self._link
        with link.changed:
            while not link.stopping.is_set():
                socket = link.current()
                asked: Asked | Ballot | None = None
                if socket is not None:
                    asked = link.notes.ballot(self._name) or link.notes.due(self._name)
                if socket is not None and asked is not None:
                    return socket, asked
                link.changed.wait(1.0)
        return None

    def _vote(self, socket: Socket, ballot: Ballot) -> None:
        """Say whom it wants to hear; a model that does not answer abstains."""
        with self._link.changed:
            history = self._link.notes.history(self._name, self._history_limit)
        with self._there(socket) as cancel:
            choice = self._voice.choose(history, ballot.choices, cancel)
        vote = {"type": "vote", "agent": self._name, "ballot": ballot.id, "choice": choice}
        with suppress(AppNotRunning):
            socket.send(vote)

    def _answer(self, answer: _Answer) -> None:
        try:
            if self._unsent is not None and self._unsent[0] == answer.asked:
                answer.text = self._unsent[1]
            elif not self._speak(answer):
                return
            self._finish(answer)
        except AppNotRunning:
            # What had begun is in the room as far as it got, and counts as the answer; what
            # had not is due again when the connection is back.
            if answer.begun:
                self._settle(answer.asked)

    def _speak(self, answer: _Answer) -> bool:
        """Find the words and stream them; false when there is nothing to say."""
        backoff = Backoff(0.5, 8.0)
        for attempt in range(1, TRIES + 1):
            try:
                self._stream(answer)
                break
            except (ProviderError, ModelNotFound) as error:
                self._tell("failed", answer.asked, error=error.as_dict())
                if answer.text or attempt == TRIES:
                    break
                if self._link.stopping.wait(backoff.next_s()):
                    return False
        if self._link.stopping.is_set():
            self._push(answer)
            return False
        if not answer.text.strip():
            if answer.asked.turn is not None:
                answer.socket.send({"type": "pass", "agent": self._name})
            self._settle(answer.asked)
            return False
        return True

    def _stream(self, answer: _Answer) -> None:
        with self._link.changed:
            history = self._link.notes.history(self._name, self._history_limit)
            members = self._link.notes.members
        with self._there(answer.socket) as cancel:
            for piece in self._voice.speak(history, members, cancel, answer.asked.task):
                if isinstance(piece, Chosen):
                    if piece.reason is not None:
                        self._tell("fallback", answer.asked, model=piece.ref)
                    continue
                answer.text += piece
                if time.monotonic() - answer.last >= PIECE_S:
                    self._push(answer)
            lost = cancel.is_set() and not self._link.stopping.is_set()
        if lost:
            raise AppNotRunning(address="")

    @contextmanager
    def _there(self, socket: Socket) -> Generator[threading.Event, None, None]:
        """An event that is set when the connection is lost, or it is time to go."""
        cancel = threading.Event()
        watching = threading.Thread(target=self._cancel_when_lost, args=(socket, cancel))
        watching.start()
        try:
            yield cancel
        finally:
            cancel.set()
            watching.join()

    def _cancel_when_lost(self, socket: Socket, cancel: threading.Event) -> None:
        link = self._link
        while not cancel.wait(0.05):
            with link.changed:
                if link.current() is not socket or link.stopping.is_set():
                    cancel.set()

    def _push(self, answer: _Answer) -> None:
        fresh = answer.text[answer.sent :]
        # The room keeps no leading blanks, so an answer does not begin with them.
        if not fresh or not answer.text.strip():
            return
        answer.begun = True
        answer.socket.send(
            {"type": "delta", "agent": self._name, "reply_to": answer.asked.seq, "text": fresh}
        )
        answer.sent, answer.last = len(answer.text), time.monotonic()

    def _finish(self, answer: _Answer) -> None:
        """Send the whole answer and wait until the room shows it."""
        link, asked = self._link, answer.asked
        self._unsent = None if answer.begun else (asked, answer.text)
        frame = {
            "type": "message",
            "agent": self._name,
            "content": answer.text.strip(),
            "reply_to": asked.seq,
            "idempotency_key": f"agent-client:{link.room_id}:{asked.key}:{name_key(self._name)}",
        }
        answer.socket.send(frame)
        if link.wait(answer.socket, lambda: self._stored(asked), ARRIVE_S):
            self._unsent = None
            self._tell("answered", asked)
        elif answer.begun or asked.turn is not None:
            self._settle(asked)

    def _stored(self, asked: Asked) -> bool:
        return self._link.notes.finished(self._name, asked)

    def _settle(self, asked: Asked) -> None:
        with self._link.changed:
            self._link.notes.settle(self._name, asked)

    def _tell(self, event: str, asked: Asked, **fields: object) -> None:
        seq = asked.turn or asked.seq
        self._report(event, room=self._link.room_name, agent=self._name, seq=seq, **fields)
