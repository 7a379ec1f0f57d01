"""Waiting longer and longer, never in step with others."""

from __future__ import annotations

import random

from core.client.backoff import Backoff


def test_doubles_up_to_the_longest() -> None:
    waits = [Backoff(0.5, 8.0, random.Random(1)) for _client in range(200)]
    for expected in (0.5, 1.0, 2.0, 4.0, 8.0, 8.0, 8.0):
        found = [backoff.next_s() for backoff in waits]
        assert all(expected / 2 <= wait <= expected for wait in found)


def test_many_clients_do_not_come_at_once() -> None:
    first = {round(Backoff(chance=random.Random(seed)).next_s(), 3) for seed in range(100)}
    assert len(first) > 60


def test_success_begins_anew() -> None:
    backoff = Backoff(0.5, 30.0)
    for _try in range(2_000):
        assert backoff.next_s() <= 30.0
    backoff.reset()
    assert backoff.next_s() <= 0.5
