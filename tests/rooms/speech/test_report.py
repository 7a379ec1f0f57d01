"""What a message's `speech` says, and the sums over an agent's replies."""

from __future__ import annotations

import pytest

from core.rooms.speech import Report, ToneRecord, tone_record
from core.rooms.speech.report import Cut
from core.rooms.speech.tone import Heard
from core.workbench import Workbench
from testing.scripted_model import Script, ScriptedProvider
from tests.conftest import OpenWorkbench


def test_it_is_read_back() -> None:
    report = Report.of(
        {
            "cut": {"kind": "speaker", "name": "Yuki"},
            "masked": {"mail": 2},
            "slow": ["x"],
            "tone": {"expected": "polite", "held": 5, "of": 6},
        }
    )
    assert report == Report(Cut("speaker", "Yuki"), {"mail": 2}, ("x",), Heard("polite", 5, 6))
    assert Report.of(None) == Report()


@pytest.mark.parametrize(
    "speech",
    [
        {"cut": "x", "masked": [], "slow": "x", "tone": 3},
        {"cut": {"kind": "?"}, "masked": {"a": "b"}, "tone": {"expected": "x", "held": 9, "of": 1}},
        {"tone": {"expected": "x", "held": 0, "of": 0}},
        {"cut": {}, "masked": {"a": -1}, "tone": {"expected": 1, "held": 1, "of": 1}},
    ],
)
def test_what_was_imported_cannot_mislead(speech: dict[str, object]) -> None:
    assert Report.of(speech) == Report()


def test_an_agents_tone_is_summed(open_workbench: OpenWorkbench) -> None:
    bench = open_workbench(ScriptedProvider({"starter": Script(["Please sit. Yeah, dude."])}))
    for number in range(3):
        _asked(bench, f"@Mizuho {number}")
    _asked(bench, "@Ren hello")
    with bench.store.read() as conn:
        assert tone_record(conn, "Mizuho") == [ToneRecord("polite", 3, 3, 6)]
        assert tone_record(conn, "Ren") == [ToneRecord("casual", 1, 2, 2)]
        assert tone_record(conn, "Nobody") == []


def _asked(bench: Workbench, text: str) -> None:
    bench.rooms.post("Engawa", text, sender="Yuki")
    assert bench.rooms.wait_idle("Engawa", 10)
