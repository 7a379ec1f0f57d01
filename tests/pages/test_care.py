"""What the screens say of the cache, of quotas, of servers left alone, and when nobody answered."""

from __future__ import annotations

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from core.agents.notices import all_notices
from core.errors import ServerAway
from core.paths import PROJECT
from core.rooms.care import CACHE_WANTED
from core.workbench import Workbench
from testing.scripted_model import Script, ScriptedProvider
from tests.conftest import OpenWorkbench
from tests.pages.conftest import TIMEOUT_S, OpenScreen, texts


def screens(name: str) -> AppTest:
    """One screen over the workbench that a test has opened itself."""
    st.cache_resource.clear()
    file = PROJECT / "pages" / f"{name}.py"
    return AppTest.from_file(str(file), default_timeout=TIMEOUT_S).run()


@pytest.fixture
def limited(open_workbench: OpenWorkbench) -> Workbench:
    return open_workbench(care={"requests_a_minute": 1, "tokens_a_day": 1_000})


def test_the_cache_is_switched_counted_and_cleared(
    screen: OpenScreen, workbench: Workbench
) -> None:
    test = screen("settings")
    assert test.button(key="clear-cache").disabled
    test.toggle(key="answer-cache").set_value(True).run()
    assert workbench.preferences.get(CACHE_WANTED) is True
    workbench.rooms.post("Engawa", "@Ren hello", sender="You")
    assert workbench.rooms.wait_idle("Engawa", 10)
    test.run()
    assert "1 answer is kept" in texts(test)
    test.button(key="clear-cache").click().run()
    assert workbench.rooms.care.cache.counts().rows == 0
    assert "0 answers are kept" in texts(test)


def test_what_was_used_is_shown_without_limits_too(
    screen: OpenScreen, workbench: Workbench
) -> None:
    workbench.rooms.post("Engawa", "@Ren hello", sender="You")
    assert workbench.rooms.wait_idle("Engawa", 10)
    test = screen("settings")
    assert "Messages within the last minute: 1" in texts(test)
    assert "Tokens of replies today (UTC): 4" in texts(test)


def test_a_reached_quota_is_said_in_words_and_the_draft_stays(
    limited: Workbench,
) -> None:
    test = screens("room")
    assert "messages a minute" not in texts(test)
    test.chat_input[0].set_value("@Ren one").run()
    assert limited.rooms.wait_idle("Engawa", 10)
    test.chat_input[0].set_value("@Ren two").run()
    assert "messages a minute" in test.error[0].value
    assert "It goes on in" in test.error[0].value
    assert "messages a minute" in texts(test)
    assert [line.sender for line in limited.rooms.messages("Engawa")] == ["You", "Ren"]
    assert "1 / 1" in screens("settings").get("progress")[0].proto.text


def test_a_server_that_is_left_alone_is_named(
    open_workbench: OpenWorkbench,
) -> None:
    away = ServerAway(model="ollama:tiny", server="x")
    server = ScriptedProvider({"ollama:tiny": Script(error=away)}, name="ollama")
    bench = open_workbench(ScriptedProvider(), server)
    bench.rooms.set_model("Engawa", "Ren", "ollama:tiny")
    for _ in range(3):
        bench.rooms.post("Engawa", "@Ren hello", sender="You")
        assert bench.rooms.wait_idle("Engawa", 10)
    test = screens("models")
    assert "is tried again in" in test.warning[0].value


def test_when_nobody_answered_the_line_has_a_notice_and_the_reason(
    open_workbench: OpenWorkbench,
) -> None:
    error = ServerAway(model="starter", server="nowhere")
    bench = open_workbench(ScriptedProvider({"starter": Script(error=error)}))
    bench.rooms.post("Engawa", "@Ren hello", sender="You")
    assert bench.rooms.wait_idle("Engawa", 10)
    said = texts(screens("room"))
    assert len([sentence for sentence in all_notices() if sentence.split(".")[0] in said]) >= 1
    assert "nowhere does not answer" in said
    assert bench.rooms.messages("Engawa")[-1].content == ""


def test_an_answer_from_the_cache_says_so(screen: OpenScreen, workbench: Workbench) -> None:
    workbench.preferences.set(CACHE_WANTED, True)
    for name in ("one", "two"):
        workbench.rooms.create(name, ["Ren"])
        workbench.rooms.post(name, "hello", sender="You")
        assert workbench.rooms.wait_idle(name, 10)
    assert "From the cache" not in texts(screen("room", room="one"))
    assert "From the cache" in texts(screen("room", room="two"))
