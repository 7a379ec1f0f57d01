"""What people say in a room: stored, told to all who look on, and answered."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import Future

from sqlalchemy import Connection

from core.messages import Message
from core.rooms.care import Care
from core.rooms.log import Logs
from core.rooms.said import posting
from core.rooms.turns.engine import Engine
from core.settings import Settings
from core.store import Store


class Saying:
    """Takes in what people say, in all rooms. Thread-safe."""

    def __init__(
        self, store: Store, logs: Logs, engine: Engine, care: Care, settings: Settings
    ) -> None:
        self._store, self._logs, self._engine = store, logs, engine
        self._care, self._settings = care, settings

    def post_soon(
        self,
        ref: str,
        content: str,
        *,
        sender: str,
        owner: str = "local",
        key: str | None = None,
        reply_to: int | None = None,
        to: Sequence[str] = (),
    ) -> Future[Message]:
        """`Rooms.post` without waiting: several messages can share one commit, in the order given.

        What is wrong with the text itself is raised at once, all else by the future.
        """
        limit = self._settings.rooms.message_limit
        draft = posting.Draft.checked(content, sender, owner, key, reply_to, limit, to=to)
        charge = self._care.quotas.charge(owner)
        begun = False
        said: Future[Message] = Future()
        said.set_running_or_notify_cancel()  # what is on its way to the disk cannot be called back

        def work(conn: Connection) -> posting.Posted:
            nonlocal begun
            posted = posting.post(conn, ref, draft, charge.take)
            if posted.event is not None and posted.heard:
                begun = self._engine.begin(posted.message.room) or begun
            return posted

        def stored(future: Future[posting.Posted]) -> None:
            try:
                posted = future.result()
                self._announce(posted, begun=begun)
            except BaseException as error:
                charge.give_back()
                said.set_exception(error)
            else:
                said.set_result(posted.message)

        post = self._store.submit(work)
        post.add_done_callback(stored)
        return said

    def _announce(self, posted: posting.Posted, *, begun: bool) -> None:
        if posted.event is None:
            return
        self._logs.publish(posted.event)
        if begun:
            return
        if posted.heard:
            self._engine.kick(posted.message.room)
        else:
            self._engine.trim(posted.message.room)
