"""The whole engine opened, closed and opened again."""

from __future__ import annotations

import subprocess
import sys

import pytest

from core.errors import DataFolderInUse
from core.messages import ReplyStatus
from core.paths import PROJECT
from testing.scripted_model import Script, ScriptedProvider
from tests.conftest import OpenWorkbench

ROOM = "Engawa"
HEAVY = {"torch", "transformers", "chromadb", "langchain_core", "streamlit", "pandas", "alembic"}


def test_a_choice_survives_a_restart(open_workbench: OpenWorkbench):
    bench = open_workbench()
    bench.preferences.set("language", "ja")
    bench.preferences.set("banner", True)
    bench.preferences.set("banner", None)
    bench.close()
    bench = open_workbench()
    assert bench.preferences.get("language") == "ja"
    assert bench.preferences.get("banner", "unset") == "unset"


def test_closing_in_the_middle_of_a_reply_keeps_it_and_the_rest_of_the_round(
    open_workbench: OpenWorkbench,
):
    slow = ScriptedProvider({"starter": Script(["word "] * 200, pause_s=0.01)})
    bench = open_workbench(slow)
    with bench.rooms.watch(ROOM) as watch:
        bench.rooms.post(ROOM, "Hi", sender="Yuki")
        while (event := watch.get(5)) and event.type != "delta":
            pass
    bench.close()
    bench = open_workbench(ScriptedProvider())
    assert bench.rooms.wait_idle(ROOM, 5)
    lines = bench.rooms.messages(ROOM)
    assert [line.sender for line in lines] == ["Yuki", "Mizuho", "Ren", "Aki"]
    assert [line.status for line in lines[1:]] == [
        ReplyStatus.PARTIAL,
        ReplyStatus.COMPLETE,
        ReplyStatus.COMPLETE,
    ]
    assert lines[1].reason is not None
    assert lines[1].reason.code == "interrupted"


def test_a_chosen_default_model_counts_at_once(open_workbench: OpenWorkbench):
    other = ScriptedProvider({"other:m": Script(["other"])}, name="other")
    bench = open_workbench(ScriptedProvider(), other)
    bench.preferences.set("default_model", "other:m")
    bench.rooms.post(ROOM, "@Ren hi", sender="Yuki")
    assert bench.rooms.wait_idle(ROOM, 5)
    assert bench.rooms.messages(ROOM)[-1].model == "other:m"


def test_a_second_app_on_the_folder_is_refused(open_workbench: OpenWorkbench):
    open_workbench()
    with pytest.raises(DataFolderInUse):
        open_workbench()


def test_opening_the_engine_loads_no_heavy_library():
    program = (
        "import sys; from core.settings import load_settings; from core.workbench import Workbench;"
        "Workbench.open(load_settings()).close(); print(*sys.modules)"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=PROJECT, capture_output=True, text=True, check=True
    )
    assert set(done.stdout.split()) & HEAVY == set()
