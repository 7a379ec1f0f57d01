"""Reads values of files and servers that may lie: every one is looked at before it is believed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

LARGEST = 2**40  # no dimension of a model is larger


class Fields:
    """A mapping of untrusted values. `None` where there is none of the wanted kind."""

    def __init__(self, content: Mapping[str, Any]) -> None:
        self._content = content

    def count(self, *names: str) -> int | None:
        """The first of `names` that holds a whole number of at least 0."""
        for name in names:
            found = whole(self._content.get(name))
            if found is not None:
                return found
        return None

    def counts(self, *names: str) -> list[int] | None:
        """The first of `names` that holds a list of such numbers."""
        for name in names:
            found = self._content.get(name)
            if isinstance(found, list | tuple) and found:
                numbers = [whole(int(one) if isinstance(one, bool) else one) for one in found]
                known = [number for number in numbers if number is not None]
                if len(known) == len(numbers):
                    return known
        return None

    def words(self, *names: str) -> list[str] | None:
        """The first of `names` that holds a list of texts."""
        for name in names:
            found = self._content.get(name)
            if isinstance(found, list) and found and all(isinstance(one, str) for one in found):
                return found
        return None

    def word(self, name: str) -> str:
        found = self._content.get(name)
        return found if isinstance(found, str) else ""

    def flag(self, name: str) -> bool | None:
        found = self._content.get(name)
        return found if isinstance(found, bool) else None

    def group(self, name: str) -> Mapping[str, Any]:
        """The mapping under `name`; an empty one when there is none."""
        found = self._content.get(name)
        return found if isinstance(found, Mapping) else {}

    def groups(self, name: str) -> list[Mapping[str, Any]]:
        """The mappings of a list under `name`; what is none becomes an empty one."""
        found = self._content.get(name)
        entries = found if isinstance(found, list) else []
        return [entry if isinstance(entry, Mapping) else {} for entry in entries]

    def has(self, name: str) -> bool:
        return self._content.get(name) is not None


def whole(value: Any) -> int | None:
    """`value` when it is a whole number that can be a dimension."""
    if isinstance(value, bool) or not isinstance(value, int):
        return None
    return value if 0 <= value <= LARGEST else None
