"""Whoever closes a tab in the middle of an answer changes nothing: it is said to its end."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack

from core.messages import ReplyStatus
from core.workbench import Workbench
from testing.scripted_model import Script, ScriptedProvider
from tests.api.conftest import Served
from tests.api.wire import send, until

PIECES = [f"word {number} " for number in range(14)]
TABS = 20
TIMES = 5


def test_a_hundred_closed_tabs_stop_no_reply(
    open_workbench: Callable[..., Workbench], serve: Callable[..., Served]
) -> None:
    """FAULTS 35, the chat part: the tab that asked goes as soon as it sees the first word."""
    script = Script(PIECES, pause_s=0.03)
    served = serve(open_workbench(ScriptedProvider({"starter": script})))
    rooms = [served.bench.rooms.create(f"talk {number}", ["Ren"]).id for number in range(TABS)]
    closed_early = sum(_ask_and_close(served, rooms) for _time in range(TIMES))
    assert closed_early >= TABS * TIMES * 0.9, "the tabs were closed too late to prove anything"
    for room in rooms:
        said = served.bench.rooms.messages(room)
        assert [line.sender for line in said] == ["You", "Ren"] * TIMES
        assert {line.status for line in said} == {ReplyStatus.COMPLETE}
        assert {line.content.strip() for line in said[1::2]} == {"".join(PIECES).strip()}


def _ask_and_close(served: Served, rooms: list[str]) -> int:
    """Ask in every room, close each tab in the middle; how many answers were unfinished then."""
    closed_early = 0
    with ExitStack() as tabs:
        opened = [tabs.enter_context(served.socket(room)) for room in rooms]
        for tab in opened:
            send(tab, type="message", content="Tell me")
        for number, (tab, room) in enumerate(zip(opened, rooms, strict=True)):
            answer = until(tab, lambda frame: frame["type"] in ("delta", "status"))[-1]
            status = served.bench.rooms.message(room, answer["seq"]).status
            closed_early += status is ReplyStatus.PENDING
            if number % 2:
                tab.socket.close()  # the machine went away: no goodbye
            else:
                tab.close()
    for room in rooms:
        assert served.bench.rooms.wait_idle(room, 20)
    return closed_early
