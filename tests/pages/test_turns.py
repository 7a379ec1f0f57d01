"""How turns are shown and set: who is next and why, what a round saved, the form of a policy."""

from __future__ import annotations

import threading
from dataclasses import replace

import pytest
from streamlit.testing.v1 import AppTest

from core.rooms.model import Coming, Presence, RoundFigures
from core.text import set_language
from core.workbench import Workbench
from pages.ui import queue
from testing.scripted_model import Script
from tests.pages.conftest import OpenScreen, texts

ROOM = "Engawa"
ROUND = RoundFigures(1, "in_order", "done", 3, loads=1, naive_loads=3, saved_s=12.3)
CALLED = {"code": "called", "params": {}}
NEXT = [
    ([("Ren", "a", False), ("Aki", "a", False)], "Ren, then Aki: same model, no load"),
    ([("Ren", "a", False), ("Aki", "b", True)], ""),
    ([("Ren", "a", True), ("Aki", "a", False)], ""),
    ([("Ren", "a", None)], ""),
    ([], ""),
]
SAVED = [
    (ROUND, "Last round: 1 loads instead of 3, 12.3 s saved."),
    (replace(ROUND, saved_s=None), "Last round: 1 loads instead of 3."),
    (replace(ROUND, loads=3), "Last round: 3 loads, the fewest there could be."),
    (replace(ROUND, loads=0, naive_loads=0), ""),
    (replace(ROUND, loads=None), ""),
]


@pytest.mark.parametrize(("coming", "said"), NEXT)
def test_who_comes_without_a_load_stands_in_one_line(coming, said: str) -> None:
    set_language("en")
    turns = [Coming(name, CALLED, model, loads) for name, model, loads in coming]
    assert queue.in_one_line(turns) == said


@pytest.mark.parametrize(("figures", "said"), SAVED)
def test_what_a_round_saved_is_said_where_it_is_known(figures: RoundFigures, said: str) -> None:
    set_language("en")
    assert queue.saved(figures) == said


def test_a_room_in_which_somebody_speaks_shows_who_is_next_and_why(
    workbench: Workbench, screen: OpenScreen
) -> None:
    hold, bench = threading.Event(), workbench
    bench.registry.provider("starter").scripts = {"starter": Script(hold=hold)}
    assert "Who is next" not in texts(screen("room"))
    bench.rooms.post(ROOM, "@Ren @Aki what do you think?", sender="You")
    while bench.rooms.presence(ROOM) == Presence() or not bench.rooms.presence(ROOM).seq:
        hold.wait(0.02)
    shown = texts(screen("room")).replace("\\", "")
    hold.set()
    assert bench.rooms.wait_idle(ROOM, 10)
    assert "Who is next" in shown
    assert "you called with @" in shown
    assert "Who is next" not in texts(screen("room"))


def form(policy: str) -> AppTest:
    """What can be set about a policy in the first room."""

    def script(policy: str) -> None:
        import streamlit as st

        from pages.ui import turn_form
        from pages.ui.engine import workbench

        room = workbench().rooms.get("Engawa")
        st.session_state["chosen"] = turn_form.policy_choice(policy, "policy")
        st.session_state["options"] = turn_form.option_choices(room, policy)

    return AppTest.from_function(script, args=(policy,)).run()


def test_the_form_begins_with_the_rooms_own_options(workbench: Workbench) -> None:
    workbench.rooms.set_policy(ROOM, "moderator", {"moderator": "Aki"})
    test = form("moderator")
    assert not test.exception
    assert test.session_state["options"]["moderator"] == "Aki"
    test.selectbox(key="moderator-moderator").set_value("Ren").run()
    assert test.session_state["options"]["moderator"] == "Ren"
    workbench.rooms.set_policy(ROOM, "moderator", test.session_state["options"])
    assert workbench.rooms.get(ROOM).policy_options["moderator"] == "Ren"


@pytest.mark.parametrize(
    "policy",
    ["in_order", "named", "natural", "selector", "moderator", "vote", "manual", "debate"],
)
def test_what_the_form_of_every_policy_gives_can_be_saved(
    workbench: Workbench, policy: str
) -> None:
    test = form(policy)
    assert not test.exception
    assert test.session_state["chosen"] == policy
    saved = workbench.rooms.set_policy(ROOM, policy, test.session_state["options"])
    assert saved.policy == policy


def test_another_policy_is_chosen_in_the_form(workbench: Workbench) -> None:
    test = form("in_order")
    test.selectbox(key="policy").set_value("debate").run()
    assert test.session_state["chosen"] == "debate"
