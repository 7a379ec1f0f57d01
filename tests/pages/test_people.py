"""Several people at one room, and agents of other programs in it."""

from __future__ import annotations

from core.workbench import Workbench
from tests.pages.conftest import OpenScreen, texts

ROOM = "Engawa"
KEY = "tab-name-column"


def test_each_tab_writes_under_its_own_name(screen: OpenScreen, workbench: Workbench) -> None:
    yuki, taro = screen("room"), screen("room", me="Taro")
    yuki.text_input(key=KEY).set_value(" Yuki  Mori ").run()
    for tab, words in ((yuki, "@Ren hello"), (taro, "@Aki hello")):
        tab.chat_input[0].set_value(words).run()
        assert workbench.rooms.wait_idle(ROOM, 10)
    senders = [one.sender for one in workbench.rooms.messages(ROOM) if one.kind == "human"]
    assert senders == ["Yuki Mori", "Taro"]
    assert yuki.query_params["me"] == "Yuki Mori"
    yuki.text_input(key=KEY).set_value("").run()
    assert "me" not in yuki.query_params


def test_what_an_outside_agent_can_do_and_that_it_is_away(
    screen: OpenScreen, workbench: Workbench
) -> None:
    agents = [{"name": "Hana", "capabilities": ["turns", "ballots", "**tea**"]}]
    workbench.rooms.outside.join(ROOM, agents, "c1")
    assert "from outside: takes turns, votes, " in texts(screen("room"))
    assert "**tea**" not in texts(screen("room"))
    workbench.rooms.outside.lost("c1")
    assert "away" in texts(screen("room"))
