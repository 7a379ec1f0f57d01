"""A room waits when it has cost what it may, or goes in circles, says why, and can go on."""

from __future__ import annotations

import pytest

from core.errors import InvalidInput
from core.workbench import Workbench
from testing.scripted_model import Script, ScriptedProvider
from tests.conftest import OpenWorkbench

ROOM = "Engawa"


def say(bench: Workbench, text: str) -> list[str]:
    seq = bench.rooms.post(ROOM, text, sender="Yuki").seq
    assert bench.rooms.wait_idle(ROOM, 10)
    return [line.sender for line in bench.rooms.messages(ROOM, after=seq)]


@pytest.mark.parametrize(
    ("name", "limit", "code"),
    [("turns", 2, "turns_spent"), ("tokens", 5, "tokens_spent")],
)
def test_a_room_waits_at_its_limit_and_goes_on_when_let(
    open_workbench: OpenWorkbench, name: str, limit: float, code: str
) -> None:
    bench = open_workbench()
    bench.rooms.editing.limit(ROOM, {name: limit})
    assert say(bench, "hello") == ["Mizuho", "Ren"]
    halted = bench.rooms.get(ROOM).halted
    assert halted is not None
    assert halted.code == code
    assert say(bench, "anybody?") == []
    bench.rooms.editing.let_go_on(ROOM)
    assert bench.rooms.wait_idle(ROOM, 10)
    assert [one.sender for one in bench.rooms.messages(ROOM, after=4)][0] == "Aki"


def test_a_restart_does_not_lift_a_limit(open_workbench: OpenWorkbench) -> None:
    bench = open_workbench()
    bench.rooms.editing.limit(ROOM, {"turns": 1})
    say(bench, "hello")
    bench.close()
    bench = open_workbench()
    assert bench.rooms.wait_idle(ROOM, 5)
    assert bench.rooms.get(ROOM).last_seq == 2


def test_energy_is_counted_where_power_is_known(open_workbench: OpenWorkbench) -> None:
    bench = open_workbench(ScriptedProvider({"starter": Script(["a ", "b"], pause_s=0.05)}))
    say(bench, "@Ren hi")
    assert "joules" not in bench.rooms.editing.budget(ROOM).spent
    bench.rooms.measure_power(lambda: 40.0)
    say(bench, "@Ren hi")
    joules = bench.rooms.editing.budget(ROOM).spent["joules"]
    assert 40 * 0.1 <= joules < 40 * 5


def test_the_same_answer_of_everybody_to_two_lines_of_people_is_no_circle(
    open_workbench: OpenWorkbench,
) -> None:
    words = Script(["I ", "am ", "only ", "the ", "starter."], pause_s=0.02)
    bench = open_workbench(ScriptedProvider({"starter": words}))
    with bench.rooms.watch(ROOM) as watch:
        bench.rooms.post(ROOM, "hello", sender="Yuki")
        while (event := watch.get(10)) is not None and event.type != "delta":
            pass
    assert len(say(bench, "and the moon?")) == 5
    assert bench.rooms.get(ROOM).halted is None


@pytest.mark.parametrize(("damper", "spoke"), [("words", 6), ("never", 7)])
def test_agents_may_go_in_circles_where_the_damper_never_looks(
    open_workbench: OpenWorkbench, damper: str, spoke: int
) -> None:
    bench = open_workbench(rooms={"damper": damper})
    bench.rooms.set_policy(ROOM, "debate", {"rounds": 3})
    assert len(say(bench, "cats or dogs?")) == spoke
    assert (bench.rooms.get(ROOM).halted is None) == (damper == "never")


def test_agents_that_only_thank_each_other_are_stopped(open_workbench: OpenWorkbench) -> None:
    model = ScriptedProvider({"starter": Script(["@Ren @Aki thank you, that is wonderful!"])})
    bench = open_workbench(model)
    bench.rooms.set_policy(ROOM, "named", {"turns": 20})
    spoke = say(bench, "@Ren start")
    assert 4 <= len(spoke) <= 6
    halted = bench.rooms.get(ROOM).halted
    assert halted is not None
    assert halted.code == "in_circles"
    assert say(bench, "@Aki something new") != []


@pytest.mark.parametrize("limits", [{"turns": 0}, {"turns": -1}, {"wishes": 3}])
def test_a_limit_is_a_number_above_nothing(workbench: Workbench, limits: dict[str, float]) -> None:
    with pytest.raises(InvalidInput, match="limits"):
        workbench.rooms.editing.limit(ROOM, limits)
