"""The answer cache in a room: what is kept, what is said again, what erasing takes away."""

from __future__ import annotations

import pytest

from core.errors import TokenTimeout
from core.messages import Message, ReplyStatus
from core.rooms.care import CACHE_WANTED
from core.workbench import Workbench
from testing.scripted_model import Script, ScriptedProvider
from tests.conftest import OpenWorkbench


def bench_with(open_workbench: OpenWorkbench, script: Script | None = None) -> Workbench:
    bench = open_workbench(ScriptedProvider({"starter": script or Script()}), care={"cache": True})
    for name in ("one", "two"):
        bench.rooms.create(name, ["Ren"])
    return bench


def said(bench: Workbench, room: str, text: str = "Hello") -> Message:
    bench.rooms.post(room, text, sender="Yuki")
    assert bench.rooms.wait_idle(room, 10)
    return bench.rooms.messages(room)[-1]


def kept(bench: Workbench) -> int:
    return bench.rooms.care.cache.counts().rows


def test_the_same_question_in_another_room_is_answered_from_the_cache(
    open_workbench: OpenWorkbench,
) -> None:
    bench = bench_with(open_workbench)
    first, again = said(bench, "one"), said(bench, "two")
    assert first.reason is None
    assert again.reason is not None
    assert (again.content, again.reason.code) == (first.content, "from_cache")
    assert again.usage is not None
    assert again.usage.completion_tokens == 0
    assert again.timings is not None
    assert again.timings.total_ms is not None
    # Nothing was generated, so nothing is paid.
    assert bench.rooms.care.quotas.state("local").tokens.used == 4


def test_it_is_off_by_default_and_the_switch_counts_at_once(open_workbench: OpenWorkbench) -> None:
    bench = open_workbench()
    for name in ("one", "two", "three"):
        bench.rooms.create(name, ["Ren"])
    said(bench, "one")
    assert kept(bench) == 0
    bench.preferences.set(CACHE_WANTED, True)
    said(bench, "two")
    assert kept(bench) == 1
    bench.preferences.set(CACHE_WANTED, False)
    assert said(bench, "three").reason is None


@pytest.mark.parametrize("how", ["broken", "failed", "stopped"])
def test_only_complete_answers_are_kept(open_workbench: OpenWorkbench, how: str) -> None:
    error = TokenTimeout(model="starter", seconds=1)
    scripts = {
        "broken": Script(("Once ", "upon "), error=error, fail_after=1),
        "failed": Script(error=error),
        "stopped": Script(["word "] * 500, pause_s=0.01),
    }
    bench = bench_with(open_workbench, scripts[how])
    with bench.rooms.watch("one", after=0) as watch:
        bench.rooms.post("one", "Hello", sender="Yuki")
        if how == "stopped":
            while (event := watch.get(5)) and event.type != "delta":
                pass
            bench.rooms.stop("one")
    assert bench.rooms.wait_idle("one", 10)
    assert bench.rooms.messages("one")[-1].status is not ReplyStatus.COMPLETE
    assert kept(bench) == 0


def test_erasing_a_reply_takes_it_out_of_the_cache(open_workbench: OpenWorkbench) -> None:
    bench = bench_with(open_workbench)
    first = said(bench, "one")
    assert kept(bench) == 1
    bench.rooms.delete_message("one", first.seq)
    assert kept(bench) == 0
    assert said(bench, "two").reason is None


def test_deleting_a_room_takes_its_replies_out_of_the_cache(open_workbench: OpenWorkbench) -> None:
    bench = bench_with(open_workbench)
    said(bench, "one")
    said(bench, "two", "Something else")
    bench.rooms.delete("one")
    assert kept(bench) == 0
