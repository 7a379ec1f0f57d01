"""The agents and their editor, without a browser."""

from __future__ import annotations

import io
import json
import time
from dataclasses import replace
from typing import Any

import pytest
from PIL import Image
from streamlit.testing.v1 import AppTest

from core.agents import Agent
from core.agents.files import LOOK_AGAIN_S
from core.errors import FileUnusable
from core.messages import ReplyStatus
from core.workbench import Workbench
from pages.ui import people
from pages.ui.markdown import plain
from pages.ui.state import TabState
from tests.pages.conftest import OpenScreen, texts


def field(test: AppTest, name: str) -> Any:
    """The widget of a field; its key begins with the draft's number."""
    kinds = ("text_input", "text_area", "multiselect", "selectbox", "number_input")
    found = [
        widget
        for kind in kinds
        for widget in getattr(test, kind)
        if (widget.key or "").startswith("agent-") and widget.key.endswith(f"-{name}")
    ]
    assert len(found) == 1, name
    return found[0]


def press(test: AppTest, label: str) -> AppTest:
    return next(button for button in test.button if button.label == label).click().run()


def choose(test: AppTest, action: str) -> AppTest:
    """An entry of the "More" menu."""
    return test.menu_button[0].click(action).run()


def tab_of(test: AppTest) -> TabState:
    return test.session_state["engawa"]


def coded(test: AppTest) -> str:
    return "\n".join(block.value for block in test.code)


def labels(test: AppTest) -> str:
    return "\n".join(button.label for button in test.button)


# --- the list ---------------------------------------------------------------------------------


def test_everybody_has_a_card(screen: OpenScreen, workbench: Workbench) -> None:
    test = screen("agents")
    for agent in workbench.agents.list():
        assert f"open-{agent.name}" in {button.key for button in test.button}
    primary = [button.label for button in test.button if button.proto.type == "primary"]
    assert primary == ["New agent"]


def test_typing_finds_them_by_what_they_are(screen: OpenScreen) -> None:
    test = screen("agents")
    test.text_input(key="agent-search").input("storyteller").run()
    assert "Aki" in labels(test)
    assert "Mizuho" not in labels(test)


def test_a_broken_file_is_named(screen: OpenScreen, workbench: Workbench) -> None:
    folder = workbench.settings.paths.agents
    (folder / "broken.md").write_text("no front matter", encoding="utf-8")
    time.sleep(LOOK_AGAIN_S)
    assert "broken" in screen("agents").error[0].value


# --- the form -----------------------------------------------------------------------------------


@pytest.mark.parametrize("language", ["en", "ja"])
@pytest.mark.parametrize("query", [{}, {"name": "Ren"}, {"name": "nobody"}])
def test_it_draws_first_by_its_address(
    screen: OpenScreen, workbench: Workbench, language: str, query: dict[str, str]
) -> None:
    workbench.preferences.set("language", language)
    test = screen("agent", **query)
    assert not test.exception
    assert test.title
    assert bool(test.error) == (query.get("name") == "nobody")


def test_a_new_agent_needs_only_a_name(screen: OpenScreen, workbench: Workbench) -> None:
    test = screen("agent")
    field(test, "name").input("  Hana   Sato ").run()
    field(test, "tones").set_value(["polite", "a tone of my own"]).run()
    press(test, "Save")
    assert not test.error
    saved = workbench.agents.get("Hana Sato")
    assert saved.tones == ("polite", "a tone of my own")
    assert saved.source == "user"
    assert test.query_params["name"] == "Hana Sato"
    assert test.title[0].value == "Hana Sato"


def test_every_field_is_kept(screen: OpenScreen, workbench: Workbench) -> None:
    given = {
        "name": "Complete",
        "description": "Has everything",
        "gender": "none of it",
        "background": "Two\nlines",
        "language": "ja",
        "roles": ["keeper"],
        "personalities": ["calm"],
        "tones": ["warm"],
        "body": "Say little.",
        "examples": "{{user}}: a\n{{char}}: b",
        "model": "starter",
        "adapter": "ad_1",
        "memory": "agent",
        "talkativeness": 0.4,
        "skills": ["tea"],
        "tools": ["clock"],
    }
    more = {
        "greetings": "Welcome.\n---\nAgain?\nYes.",
        "temperature": 0.7,
        "top_p": 0.9,
        "max_tokens": 200,
        "seed": 7,
        "introduction_en": "I am complete.",
        "introduction_ja": "全部あります。",
    }
    test = screen("agent")
    for name, value in {**given, **more}.items():
        field(test, name).set_value(value)
    press(test.run(), "Save")
    assert not test.error
    saved = workbench.agents.get("Complete")
    for name, value in given.items():
        assert getattr(saved, name) == (tuple(value) if isinstance(value, list) else value), name
    assert saved.greetings == ("Welcome.", "Again?\nYes.")
    assert saved.options == {"temperature": 0.7, "top_p": 0.9, "max_tokens": 200, "seed": 7}
    assert saved.introduction == {"en": "I am complete.", "ja": "全部あります。"}


def test_what_nobody_touched_stays_as_it_was(screen: OpenScreen, workbench: Workbench) -> None:
    before = Agent(
        name="Odd",
        greetings=("One\n\n---\n\nstill one", "Two"),
        options={"temperature": 1, "mirostat": 2},
        introduction={"en": "Odd.", "de": "Seltsam."},
        descriptions={"ja": "変わり者"},
    )
    workbench.agents.save(before, revision=None)
    test = screen("agent", name="Odd")
    field(test, "gender").input("new").run()
    press(test, "Save")
    saved = workbench.agents.get("Odd")
    assert saved.gender == "new"
    kept = replace(saved, gender="", revision="", file="")
    assert kept == before


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("name", "", "Expected 1 to 80 characters"),
        ("name", "x" * 81, "Expected 1 to 80 characters"),
        ("name", "ren", "already taken"),
        ("max_tokens", 0, "Expected 1"),
        ("body", "x" * 300_000, "larger than"),
    ],
)
def test_a_wrong_field_is_named_and_nothing_is_saved(
    screen: OpenScreen, workbench: Workbench, name: str, value: Any, said: str
) -> None:
    before = [agent.name for agent in workbench.agents.list()]
    test = screen("agent")
    if name != "name":
        field(test, "name").set_value("Wrong")
    field(test, name).set_value(value)
    press(test.run(), "Save")
    assert said in texts(test)
    assert [agent.name for agent in workbench.agents.list()] == before


def test_a_model_that_nobody_provides_is_named(screen: OpenScreen, workbench: Workbench) -> None:
    workbench.agents.save(Agent(name="Lost", model="nonsense:9b"), revision=None)
    test = screen("agent", name="Lost")
    assert "There is no model “nonsense" in texts(test)
    assert tab_of(test).trial is None


def test_a_bundled_one_becomes_the_users_own(screen: OpenScreen, workbench: Workbench) -> None:
    test = screen("agent", name="Ren")
    assert "It comes with Engawa" in texts(test)
    field(test, "background").input("Repairs clocks now.").run()
    press(test, "Save")
    ren = workbench.agents.get("Ren")
    assert (ren.source, ren.background) == ("user", "Repairs clocks now.")
    assert ren.roles == ("engineer",)


def test_a_new_name_keeps_file_and_chairs(screen: OpenScreen, workbench: Workbench) -> None:
    first = workbench.agents.save(Agent(name="Before"), revision=None)
    room = workbench.rooms.create("Chairs", ["Ren", "Before", "Aki"])
    workbench.rooms.set_model(room.id, "Before", "starter")
    test = screen("agent", name="Before")
    field(test, "name").input("After").run()
    press(test, "Save")
    assert workbench.agents.get("After").file == first.file
    assert "Before" not in {agent.name for agent in workbench.agents.list()}
    seated = workbench.rooms.get("Chairs").members
    assert [(one.name, one.model) for one in seated] == [
        ("Ren", None),
        ("After", "starter"),
        ("Aki", None),
    ]


def test_a_renamed_copy_leaves_the_bundled_one_its_chair(
    screen: OpenScreen, workbench: Workbench
) -> None:
    before = workbench.rooms.get("Engawa").agents
    test = screen("agent", name="Ren")
    field(test, "name").input("Renata").run()
    press(test, "Save")
    assert workbench.agents.get("Renata").source == "user"
    assert workbench.agents.get("Ren").source == "system"
    assert workbench.rooms.get("Engawa").agents == before


def test_changes_can_be_discarded(screen: OpenScreen) -> None:
    test = screen("agent", name="Ren")
    field(test, "gender").input("something else").run()
    assert "Not saved yet" in texts(test)
    choose(test, "discard")
    assert field(test, "gender").value == "male"
    assert "Not saved yet" not in texts(test)


# --- two editors --------------------------------------------------------------------------------


def both_changed(screen: OpenScreen, workbench: Workbench) -> AppTest:
    """An editor that has changed the gender, while somebody else has changed the background."""
    first = workbench.agents.save(
        Agent(name="Shared", gender="old", background="old"), revision=None
    )
    test = screen("agent", name="Shared")
    field(test, "gender").input("mine").run()
    workbench.agents.save(replace(first, background="theirs"), revision=first.revision)
    press(test, "Save")
    assert workbench.agents.get("Shared").gender == "old"
    return test


def test_a_conflict_shows_both_sides(screen: OpenScreen, workbench: Workbench) -> None:
    test = both_changed(screen, workbench)
    assert "Somebody else has saved" in texts(test)
    assert "+background: theirs" in coded(test)
    assert "+gender: mine" in coded(test)


@pytest.mark.parametrize(
    ("choice", "gender", "background"),
    [
        ("Take theirs", "old", "theirs"),
        ("Save mine as it is", "mine", "old"),
        ("Put mine onto theirs", "mine", "theirs"),
    ],
)
def test_each_way_out_of_a_conflict(
    screen: OpenScreen, workbench: Workbench, choice: str, gender: str, background: str
) -> None:
    test = press(both_changed(screen, workbench), choice)
    press(test, "Save")
    saved = workbench.agents.get("Shared")
    assert (saved.gender, saved.background) == (gender, background)
    assert "Somebody else has saved" not in texts(test)
    assert any("theirs" in one.content for one in workbench.agents.versions("Shared"))


def test_an_untouched_form_follows_the_file(screen: OpenScreen, workbench: Workbench) -> None:
    first = workbench.agents.save(Agent(name="Followed"), revision=None)
    test = screen("agent", name="Followed")
    workbench.agents.save(replace(first, gender="new"), revision=first.revision)
    assert field(test.run(), "gender").value == "new"


def test_who_was_deleted_elsewhere_can_be_saved_again(
    screen: OpenScreen, workbench: Workbench
) -> None:
    workbench.agents.save(Agent(name="Gone"), revision=None)
    test = screen("agent", name="Gone")
    field(test, "gender").input("still here").run()
    workbench.agents.delete("Gone")
    press(test, "Save")
    assert workbench.agents.get("Gone").gender == "still here"


# --- duplicate, delete, versions ----------------------------------------------------------------


def test_a_duplicate_is_opened(screen: OpenScreen, workbench: Workbench) -> None:
    test = screen("agent", name="Ren")
    choose(test, "duplicate")
    assert workbench.agents.get("Ren 2").roles == ("engineer",)
    assert test.query_params["name"] == "Ren 2"


def test_a_deleted_agent_comes_back(screen: OpenScreen, workbench: Workbench) -> None:
    workbench.agents.save(Agent(name="Brief", gender="x"), revision=None)
    test = screen("agent", name="Brief")
    choose(test, "delete")
    assert tab_of(test).screen == ("agents", {})
    assert "Brief" not in {agent.name for agent in workbench.agents.list()}
    shown = screen("agents")
    shown.session_state["engawa"] = tab_of(test)
    press(shown.run(), "Bring it back")
    assert workbench.agents.get("Brief").gender == "x"


def test_an_earlier_version_is_compared_and_brought_back(
    screen: OpenScreen, workbench: Workbench
) -> None:
    first = workbench.agents.save(Agent(name="Old", gender="first"), revision=None)
    workbench.agents.save(replace(first, gender="second"), revision=first.revision)
    test = screen("agent", name="Old")
    test.session_state["agent-tabs"] = "Versions"
    field(test.run(), "version").set_value(1).run()
    assert "-gender: second" in coded(test)
    assert "+gender: first" in coded(test)
    press(test, "Bring this version back")
    assert workbench.agents.get("Old").gender == "first"
    assert field(test, "gender").value == "first"


# --- how it speaks ------------------------------------------------------------------------------


def test_a_sample_is_spoken_and_again_after_a_change(
    screen: OpenScreen, workbench: Workbench
) -> None:
    test = screen("agent", name="Ren")
    first = tab_of(test).trial
    assert first is not None
    assert first.runs[0].wait(10)
    assert "Hello from the script" in texts(test.run())
    field(test, "gender").input("other").run()
    second = tab_of(test).trial
    assert second is not None
    assert second is not first
    assert second.asked.agent.gender == "other"
    assert second.runs[0].wait(10)


def test_an_invalid_draft_does_not_speak(screen: OpenScreen) -> None:
    test = screen("agent")
    assert tab_of(test).trial is None
    field(test, "name").input("x" * 81).run()
    assert tab_of(test).trial is None


def test_the_prompt_of_the_draft_is_shown(screen: OpenScreen, workbench: Workbench) -> None:
    test = screen("agent", name="Ren")
    assert "by the rule" in texts(test)
    field(test, "tones").set_value(["solemn"])
    test.session_state["agent-tabs"] = "Prompt"
    test.run()
    assert "solemn" in coded(test)
    assert "You: Hello! Who are you?" in coded(test)
    assert "tokens" in texts(test)
    assert tab_of(test).trial.runs[0].wait(10)


def test_its_record_has_tones_and_errors(screen: OpenScreen, workbench: Workbench) -> None:
    workbench.rooms.post("Engawa", "@Mizuho hello", sender="You")
    assert workbench.rooms.wait_idle("Engawa", 10)
    test = screen("agent", name="Mizuho")
    test.session_state["agent-tabs"] = "Record"
    test.run()
    assert "Every reply so far went as wanted." in texts(test)
    assert not test.exception


def test_two_models_answer_side_by_side(screen: OpenScreen) -> None:
    test = screen("agent", name="Ren")
    before = tab_of(test).trial
    assert before is not None
    test.session_state["agent-tabs"] = "Compare"
    press(test.run(), "Ask both")
    trial = tab_of(test).trial
    assert trial is not None
    assert len(trial.runs) == 2
    assert all(run.wait(10) for run in (*trial.runs, *before.runs))
    assert texts(test.run()).count("Hello from the script") == 2
    assert all(run.status is ReplyStatus.COMPLETE for run in trial.runs)


# --- pictures and files -------------------------------------------------------------------------


def picture(colour: str = "red") -> bytes:
    made = io.BytesIO()
    Image.new("RGB", (300, 200), colour).save(made, "JPEG")
    return made.getvalue()


def test_a_picture_is_the_face_everywhere(screen: OpenScreen, workbench: Workbench) -> None:
    workbench.agents.save(Agent(name="Seen"), revision=None)
    test = screen("agent", name="Seen")
    drawn = people.face("Seen")
    test.file_uploader[0].upload("me.jpg", picture(), "image/jpeg").run()
    assert "Not saved yet" in texts(test)
    assert people.face("Seen") == drawn
    press(test, "Save")
    assert not test.error
    stored = workbench.agents.avatar("Seen")
    assert stored is not None
    assert stored.startswith(b"\x89PNG")
    assert people.face("Seen").startswith("data:image/webp;base64,")
    press(test, "Use the drawn face")
    press(test, "Save")
    assert workbench.agents.avatar("Seen") is None
    assert people.face("Seen") == drawn


def test_what_is_no_picture_is_refused(screen: OpenScreen, workbench: Workbench) -> None:
    test = screen("shell")
    workbench.agents.save(Agent(name="Unseen"), revision=None)
    test = screen("agent", name="Unseen")
    test.file_uploader[0].upload("me.png", b"<svg onload=x()>", "image/png").run()
    assert isinstance(tab_of(test).problem, FileUnusable)
    assert "Not saved yet" not in texts(test)


def imported(screen: OpenScreen, file: str, data: bytes) -> AppTest:
    test = screen("agents")
    test.file_uploader(key="agent-file").upload(file, data, "text/plain").run()
    return test


def test_an_agent_file_is_imported_and_opened(screen: OpenScreen, workbench: Workbench) -> None:
    test = imported(screen, "x.md", b"---\nname: Ren\ngender: other\n---\nHello\n")
    assert tab_of(test).screen == ("agent", {"name": "Ren 2"})
    assert workbench.agents.get("Ren 2").gender == "other"
    assert workbench.agents.get("Ren").gender == "male"


def test_a_card_is_imported(screen: OpenScreen, workbench: Workbench) -> None:
    data = {"name": "Seraphina", "description": "A guardian", "first_mes": "You are awake."}
    card = {"spec": "chara_card_v2", "spec_version": "2.0", "data": data}
    test = imported(screen, "s.json", json.dumps(card).encode())
    assert tab_of(test).screen == ("agent", {"name": "Seraphina"})
    assert workbench.agents.get("Seraphina").greetings == ("You are awake.",)


@pytest.mark.parametrize(
    ("file", "data"),
    [("x.md", b"no front matter"), ("x.json", b"{"), ("x.png", b"not a png"), ("x.charx", b"PK")],
)
def test_a_broken_file_is_refused_with_its_reason(
    screen: OpenScreen, workbench: Workbench, file: str, data: bytes
) -> None:
    before = len(workbench.agents.list())
    test = imported(screen, file, data)
    assert plain(file) in test.error[0].value
    assert tab_of(test).screen is None
    assert len(workbench.agents.list()) == before


def test_it_can_be_exported_in_every_format(screen: OpenScreen) -> None:
    test = screen("agent", name="Ren")
    offered = [button.proto.label for button in test.get("download_button")]
    assert offered == [
        "Agent file (Markdown)",
        "Character card (JSON)",
        "Character card (PNG)",
        "Character card (charx)",
    ]
    assert not screen("agent").get("download_button")
