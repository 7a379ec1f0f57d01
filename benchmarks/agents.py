"""What a thousand agents cost: at start, in a search by meaning, in a prompt.

`start_added_s` is how much longer opening a data folder and listing its agents takes with 1,000
agent files than with none, each in a process of its own; `first_start_added_s` is the same for
the first time, when every file also becomes a version. `search_ms` is one search among them with
the encoder loaded, the encoding of the question included; `index_s` is how long it took to read
all of them once, in the background. `prompt_ms` is a prompt of 200 messages and 50 lorebook
entries without counting tokens, `turn_ms` the same with tokens counted as in a room.
"""

from __future__ import annotations

import random
import re
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median

from benchmarks.agents_prompt import run_prompts
from core.agents import Agent, Agents
from core.agents.serialising import to_text
from core.embedding import Encoder
from core.paths import PROJECT, SYSTEM_AGENTS, DataPaths
from core.settings import load_settings
from core.store import Store

AGENTS = 1_000
PATIENCE_S = 900.0
QUESTION = "somebody who can repair an old radio"
WORDS = re.findall(
    r"\w+",
    "garden radio kettle engine river lantern paper bridge cedar violin harbour winter ledger "
    "compass orchard signal kitchen archive thread morning granite sparrow market canvas",
)
OPENING = """
import sys, time
from core.settings import load_settings
from core.workbench import Workbench
began = time.perf_counter()
with Workbench.open(load_settings(data_dir=sys.argv[1]), providers=(), serving=False) as bench:
    count = len(bench.agents.list())
    print(count, time.perf_counter() - began)
"""


def run(runs: int) -> dict[str, object]:
    """Medians over `runs` openings and searches."""
    with tempfile.TemporaryDirectory() as folder:
        none, many = Path(folder, "none"), Path(folder, "many")
        write_agents(DataPaths(many).agents, AGENTS)
        first = _opened(many) - _opened(none)
        empty = median(_opened(none) for _ in range(runs))
        full = median(_opened(many) for _ in range(runs))
        return {
            "start_added_s": round(full - empty, 3),
            "first_start_added_s": round(first, 3),
            "start_s": round(full, 3),
            **_search(many, max(runs, 20)),
            **run_prompts(load_settings(data_dir=none)),
        }


def write_agents(folder: Path, count: int) -> None:
    """As many people as that, each with all that a careful author fills in."""
    folder.mkdir(parents=True, exist_ok=True)
    chance = random.Random(1)

    def some(least: int, most: int) -> str:
        return " ".join(chance.choices(WORDS, k=chance.randint(least, most)))

    for number in range(count):
        agent = Agent(
            f"Person {number}",
            description=some(8, 16),
            gender="unspecified",
            background=some(20, 40),
            personalities=(some(1, 1), some(1, 1)),
            roles=(some(1, 2),),
            tones=("casual", "dry"),
            skills=(some(1, 2), some(1, 2)),
            introduction={"en": some(6, 10), "ja": "こんにちは。よろしくお願いします。"},
            greetings=(some(6, 10), some(6, 10)),
            examples=f"You: {some(4, 8)}\nPerson {number}: {some(8, 12)}",
            options={"temperature": 0.7, "max_tokens": 200},
            body="\n\n".join(some(40, 60) for _ in range(3)),
        )
        (folder / f"person-{number}.md").write_text(to_text(agent), encoding="utf-8")


def _opened(folder: Path) -> float:
    """Seconds to open the folder and list its agents, in a fresh process."""
    command = [sys.executable, "-c", OPENING, str(folder)]
    done = subprocess.run(command, cwd=PROJECT, capture_output=True, text=True, check=True)
    count, seconds = done.stdout.split()
    if int(count) < AGENTS and folder.name == "many":
        raise RuntimeError(f"only {count} agents were read")
    return float(seconds)


def _search(folder: Path, times: int) -> dict[str, object]:
    settings = load_settings(data_dir=folder)
    store = Store.open(settings.paths)
    folders = {"system": SYSTEM_AGENTS, "user": settings.paths.agents}
    agents = Agents(folders, store, Encoder(settings))
    try:
        began = time.perf_counter()
        agents.search(QUESTION, wait_s=PATIENCE_S)
        index_s = time.perf_counter() - began
        if problem := agents.search_problem():
            raise problem
        taken = sorted(_timed(agents) for _ in range(times))
    finally:
        agents.close()
        store.close()
    return {
        "search_ms": round(median(taken), 2),
        "search_p95_ms": round(taken[int((len(taken) - 1) * 0.95)], 2),
        "index_s": round(index_s, 1),
        "agents": AGENTS,
    }


def _timed(agents: Agents) -> float:
    began = time.perf_counter()
    agents.search(QUESTION)
    return (time.perf_counter() - began) * 1000
