"""What changes from one snapshot to the next is told once, and only what is known."""

from __future__ import annotations

from dataclasses import replace

import pytest

from core.hardware.event_log import KEPT, EventLog
from core.hardware.events import TEXTS, Event, between
from core.hardware.snapshot import Gpu, Resident, Snapshot
from core.paths import DataPaths
from core.store import Store

CARD = Gpu(0, name="RTX")
TINY = Resident("ollama:tiny", memory_bytes=5, vram_bytes=7)
CALM = Snapshot(at=1000.0, cpu_percent=1.0, memory_used_bytes=1, memory_total_bytes=2)


def told(before: Snapshot, **changes: object) -> list[tuple[str, str]]:
    now = replace(before, at=before.at + 1, **changes)
    return [(event.kind, event.subject) for event in between(before, now)]


WITH_CARD = replace(CALM, gpus=(CARD,))
WITHOUT_CARD = replace(CALM, gpus=(replace(CARD, lost=True),))
SILENT = replace(WITH_CARD, gpus_stale=True, gpus_at=900.0)
WITH_MODEL = replace(CALM, models=(TINY,))


@pytest.mark.parametrize(
    ("before", "changes", "expected"),
    [
        (CALM, {}, []),
        (CALM, {"cpu_percent": 90.0}, []),
        (WITH_CARD, {"gpus": (replace(CARD, lost=True),)}, [("gpu_lost", "RTX")]),
        (WITH_CARD, {"gpus": ()}, [("gpu_lost", "RTX")]),
        (WITHOUT_CARD, {"gpus": (CARD,)}, [("gpu_back", "RTX")]),
        (WITHOUT_CARD, {}, []),
        (CALM, {"gpus": (CARD,)}, []),
        (WITH_CARD, {"gpus_stale": True, "gpus_at": 999.0}, []),  # for a moment only
        (WITH_CARD, {"gpus_stale": True, "gpus_at": 990.0}, [("gpu_silent", "")]),
        (SILENT, {}, []),
        (SILENT, {"gpus_stale": False, "gpus_at": 1001.0}, [("gpu_answers", "")]),
        (replace(SILENT, gpus_at=None), {"gpus_stale": False, "gpus_at": 1001.0}, []),
        (CALM, {"models": (TINY,)}, [("model_loaded", "ollama:tiny")]),
        (WITH_MODEL, {"models": ()}, [("model_unloaded", "ollama:tiny")]),
        (WITH_MODEL, {"models": (replace(TINY, vram_bytes=9),)}, []),
        # Its server does not answer: nobody knows, and what comes back is no news.
        (WITH_MODEL, {"models": (), "silent": ("ollama",)}, []),
        (replace(CALM, silent=("ollama",)), {"models": (TINY,), "silent": ()}, []),
    ],
)
def test_what_is_told(
    before: Snapshot, changes: dict[str, object], expected: list[tuple[str, str]]
) -> None:
    assert told(before, **changes) == expected


def test_a_machine_that_slept() -> None:
    (event,) = between(CALM, replace(CALM, at=CALM.at + 3600))
    assert (event.kind, event.detail) == ("gap", {"seconds": 3600})
    assert event.text("en") == "Nothing was measured for 3600 s."


@pytest.mark.parametrize("kind", TEXTS)
def test_every_kind_is_a_sentence_in_both_languages(kind: str) -> None:
    told = ("rule", "action", "number", "shown", "what", "before", "after", "percent", "cause")
    given = dict.fromkeys(told, "x")
    event = Event(0.0, kind, "Card", {"seconds": 7, **given})
    english, japanese = event.text("en"), event.text("ja")
    assert english != japanese
    assert "{" not in english + japanese


def test_the_newest_come_first_and_the_oldest_go(data_paths: DataPaths) -> None:
    store = Store.open(data_paths)
    log = EventLog(store)
    log.add([Event(float(number), "gap", detail={"seconds": number}) for number in range(KEPT)])
    log.add([Event(2e9, "model_loaded", "ollama:tiny", {"vram_bytes": None})])
    log.add([])
    store.write(lambda _connection: None)
    newest, second = log.read(2)
    assert (newest.kind, newest.subject, newest.at) == ("model_loaded", "ollama:tiny", 2e9)
    assert newest.detail == {"vram_bytes": None}
    assert [event.id for event in log.read(2, before=second.id)] == [KEPT - 1, KEPT - 2]
    assert len(log.read(10 * KEPT)) == KEPT
    store.close()
