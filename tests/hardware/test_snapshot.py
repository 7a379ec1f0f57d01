"""A machine is read without exceptions, and what is unknown is `None`."""

from __future__ import annotations

import pytest

from core.hardware import read_snapshot, snapshot


def test_the_host_is_always_there():
    seen = read_snapshot()
    assert 0 < seen.memory_used_bytes < seen.memory_total_bytes
    assert seen.cpu_percent is None or 0 <= seen.cpu_percent <= 100


class _BrokenCard:
    """An NVML whose every answer is an error, as after a lost device."""

    def __getattr__(self, name):
        def fail(*args):
            raise RuntimeError(name)

        return fail


def test_a_card_that_refuses_to_answer_is_unknown_not_zero(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(snapshot, "_cards", lambda: (_BrokenCard(), ("handle",)))
    (card,) = read_snapshot().gpus
    assert (card.name, card.memory_used_bytes, card.memory_total_bytes) == (None, None, None)


@pytest.mark.gpu
def test_a_real_card_tells_its_memory():
    (card, *_others) = read_snapshot().gpus
    assert card.memory_total_bytes
    assert card.memory_used_bytes
