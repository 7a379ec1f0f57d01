"""When nobody could answer: a sentence in character beside the real reason, and in no room."""

from __future__ import annotations

import json

import pytest

from core.agents.notices import all_notices, notice
from core.agents.spec import Agent
from core.errors import (
    FellBack,
    Interrupted,
    ModelNotFound,
    ServerAway,
    StorageError,
    TokenTimeout,
    WorkbenchError,
)
from core.messages import ReplyStatus
from core.rooms.people import hearing
from core.rooms.transfer.writing import document
from core.rooms.troubles import kind_of, nobody_answered
from core.workbench import Workbench
from testing.scripted_model import Script, ScriptedProvider
from tests.conftest import OpenWorkbench

ROOM = "Engawa"
AWAY = ServerAway(model="starter", server="nowhere")


@pytest.fixture
def broken(open_workbench: OpenWorkbench) -> Workbench:
    """Two rounds in which no model answered."""
    model = ScriptedProvider({"starter": Script(error=AWAY)})
    bench = open_workbench(model)
    for text in ("Hello", "@Ren are you there?"):
        bench.rooms.post(ROOM, text, sender="Yuki")
        assert bench.rooms.wait_idle(ROOM, 10)
    return bench


TONES = [
    (("polite", "warm"), "en", "sorry"),
    (("Casual", "dry"), "en", "Huh"),
    (("cheerful",), "en", "Oops"),
    (("terse",), "en", "No answer"),
    (("丁寧",), "ja", "申し訳ございません"),
    (("casual",), "ja", "出てこないや"),
    (("never heard of",), "en", "cannot find my words"),
    ((), "ja", "言葉が出てきません"),
]


@pytest.mark.parametrize(("tones", "language", "words"), TONES)
def test_the_sentence_is_in_tone_and_language(
    tones: tuple[str, ...], language: str, words: str
) -> None:
    assert words in notice(Agent("Ren", tones=tones), language, 0)


def test_an_agents_own_language_wins() -> None:
    assert "言葉" in notice(Agent("Ren", language="ja"), "en", 0)


def test_a_line_keeps_its_sentence_and_the_next_has_another() -> None:
    agent = Agent("Ren", tones=("polite",))
    said = [notice(agent, "en", seq) for seq in (4, 4, 5)]
    assert said[0] == said[1] != said[2]


def test_every_bundled_agent_has_one_in_both_languages(workbench: Workbench) -> None:
    for agent in workbench.agents.list():
        assert notice(agent, "en", 1)
        assert notice(agent, "ja", 1)


ENDS: list[tuple[ReplyStatus, WorkbenchError | None, bool]] = [
    (ReplyStatus.FAILED, AWAY, True),
    (ReplyStatus.FAILED, ModelNotFound(model="x"), True),
    (ReplyStatus.FAILED, Interrupted(), False),
    (ReplyStatus.FAILED, StorageError(detail="d"), False),
    (ReplyStatus.FAILED, None, False),
    (ReplyStatus.PARTIAL, TokenTimeout(model="x", seconds=1), False),
    (ReplyStatus.COMPLETE, FellBack(wanted="a", used="starter", cause=AWAY), False),
]


@pytest.mark.parametrize(("status", "error", "wanted"), ENDS)
def test_it_is_for_replies_that_nobody_gave(
    status: ReplyStatus, error: WorkbenchError | None, wanted: bool
) -> None:
    assert nobody_answered(status, error.reason() if error else None) is wanted


def test_it_is_never_stored_as_the_agents_words(broken: Workbench) -> None:
    replies = [line for line in broken.rooms.messages(ROOM) if line.sender != "Yuki"]
    assert [line.content for line in replies] == [""] * 4
    assert all(nobody_answered(line.status, line.reason) for line in replies)
    room = broken.rooms.get(ROOM)
    with broken.store.read() as conn:
        heard = hearing.transcript(conn, room.id, "Mizuho", 100)
    assert {line.sender for line in heard} == {"Yuki"}
    everything = json.dumps(document(broken.store, room.id), ensure_ascii=False)
    assert not [sentence for sentence in all_notices() if sentence in everything]


def test_no_model_ever_hears_it(broken: Workbench) -> None:
    provider = broken.registry.provider("starter")
    assert isinstance(provider, ScriptedProvider)
    asked = "\n".join(one.content for _ref, prompt in provider.asked for one in prompt)
    assert "are you there?" in asked
    assert not [sentence for sentence in all_notices() if sentence in asked]


# --- what went wrong, by name ---------------------------------------------------------------------


def test_an_agents_errors_are_named_counted_and_the_newest_come_first(broken: Workbench) -> None:
    troubles = broken.rooms.record.troubles("Ren")
    assert troubles.kinds == {"server_away": 2}
    assert [(one.code, one.seq, one.status) for one in troubles.last] == [
        ("server_away", 6, ReplyStatus.FAILED),
        ("server_away", 3, ReplyStatus.FAILED),
    ]
    assert len(broken.rooms.record.troubles("Ren", limit=1).last) == 1
    assert broken.rooms.record.troubles("Nobody").last == ()


def test_a_fallback_counts_as_what_kept_the_wanted_model_from_answering(
    open_workbench: OpenWorkbench,
) -> None:
    away = ServerAway(model="ollama:tiny", server="x")
    server = ScriptedProvider({"ollama:tiny": Script(error=away)}, name="ollama")
    bench = open_workbench(ScriptedProvider(), server)
    bench.rooms.set_model(ROOM, "Ren", "ollama:tiny")
    bench.rooms.post(ROOM, "@Ren hi", sender="Yuki")
    assert bench.rooms.wait_idle(ROOM, 10)
    trouble = bench.rooms.record.troubles("Ren").last[0]
    assert (trouble.code, trouble.model, trouble.status) == (
        "server_away",
        "ollama:tiny",
        ReplyStatus.COMPLETE,
    )
    assert kind_of(trouble.reason) == "server_away"


def test_what_went_well_is_no_trouble(workbench: Workbench) -> None:
    workbench.rooms.post(ROOM, "@Ren hi", sender="Yuki")
    assert workbench.rooms.wait_idle(ROOM, 10)
    assert workbench.rooms.record.troubles("Ren").last == ()
