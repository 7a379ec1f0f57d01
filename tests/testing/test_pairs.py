"""Pairs that take turns, and what can be trusted of their ratios."""

import pytest

from benchmarks.pairs import in_turns, interval, ratio


def test_every_second_pair_begins_with_the_other_way() -> None:
    asked: list[str] = []

    def way(name: str):
        return lambda number: asked.append(f"{name}{number}") or number

    assert in_turns(way("a"), way("b"), range(3)) == [(0, 0), (1, 1), (2, 2)]
    assert asked == ["a0", "b0", "b1", "a1", "a2", "b2"]


@pytest.mark.parametrize(
    ("count", "expected"),
    [(1, (0, 0)), (3, (0, 2)), (6, (0, 5)), (9, (1, 7)), (20, (5, 14)), (100, (39, 60))],
)
def test_the_ranks_between_which_the_median_lies(count: int, expected: tuple[int, int]) -> None:
    """As in the tables of the sign test, for 95 %."""
    assert interval(list(range(count))) == expected


def test_a_ratio_with_its_interval() -> None:
    assert ratio("x", [1.1, 0.9, 1.0, 1.0]) == {"x": 1.0, "x_interval": [0.9, 1.1]}
