"""A room that talks until it is killed: the child of the kill tests.

`python -m testing.talking_child FOLDER START` posts messages with the keys k<START>, k<START+1>,
… and prints each key after it was acknowledged. Its members stream the words of `PIECES`.
A third word names the turn policy.
`python -m testing.talking_child FOLDER watched` posts once to Ren and prints each piece of the
answer that a subscriber saw.
"""

from __future__ import annotations

import sys
from itertools import count
from pathlib import Path

from core.settings import load_settings
from core.workbench import Workbench
from testing.scripted_model import Script, ScriptedProvider

ROOM = "Engawa"
PIECES = [f"word{number} " for number in range(12)]


def main(folder: str, start: str, policy: str = "in_order") -> None:
    """Post and answer for ever."""
    watched = start == "watched"
    model = ScriptedProvider({"starter": Script(PIECES, pause_s=0.03 if watched else 0.004)})
    settings = load_settings(data_dir=Path(folder), rooms={"flush_ms": 10})
    bench = Workbench.open(settings, providers=[model])
    if bench.rooms.get(ROOM).policy != policy:
        bench.rooms.set_policy(ROOM, policy, {"rounds": 1} if policy == "debate" else None)
    print("open", flush=True)  # noqa: T201
    if watched:
        _show(bench)
        return
    for number in count(int(start)):
        key = f"k{number}"
        bench.rooms.post(ROOM, f"message {key}", sender="Yuki", key=key)
        print(key, flush=True)  # noqa: T201
        bench.rooms.wait_idle(ROOM, 0.05 if number % 3 else 5)


def _show(bench: Workbench) -> None:
    with bench.rooms.watch(ROOM) as watch:
        bench.rooms.post(ROOM, "@Ren go on", sender="Yuki")
        while (event := watch.get(10)) is not None:
            if event.type == "delta":
                print(event.text, flush=True)  # noqa: T201


if __name__ == "__main__":
    main(*sys.argv[1:])
