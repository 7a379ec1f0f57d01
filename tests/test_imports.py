"""Who may import whom: docs and DESIGN draw the table, this walks the source.

Imports point down only, and parts on one line never import each other. Read from the syntax
tree, so that imports inside functions count, too.
"""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

from core.paths import PROJECT

# Top to bottom. `doctor` examines what stands below the workbench; `client` is the other side of
# the port, so it stands beside `api`.
LAYERS: tuple[tuple[str, ...], ...] = (
    ("streamlit_app", "pages", "cli"),
    ("api", "client"),
    ("workbench", "doctor"),
    ("rooms", "preferences", "tuning"),
    ("agents", "tools", "models"),
    ("memory", "routing", "lora", "providers", "starter"),
    ("hardware", "jobs"),
    ("embedding",),
    ("store", "runner"),
    ("logs", "metrics"),
    ("rule_file",),
    (
        *("errors", "hosts", "messages", "settings", "settings_files", "paths", "text", "imports"),
        "yaml_loader",
    ),
)
LEVEL = {part: level for level, parts in enumerate(LAYERS) for part in parts}
FOUNDATION = LAYERS[-1]

# The entry point starts the screens, and hands their error page to Streamlit.
ALLOWED = {("streamlit_app", "pages")}

HEAVY = {"torch", "transformers", "peft", "sentence_transformers", "bitsandbytes", "accelerate"}
# Where the heavy ones live: processes of their own.
OWN_PROCESS = ("core/runner/host", "core/starter/")


def sources() -> list[Path]:
    roots = [PROJECT / "core", PROJECT / "pages"]
    return [PROJECT / "streamlit_app.py", *(file for root in roots for file in root.rglob("*.py"))]


def part_of(module: str) -> str | None:
    """The part that a module belongs to; `None` when it is none of ours."""
    names = module.split(".")
    if names[0] == "core":
        return names[1] if len(names) > 1 and names[1] not in ("__main__",) else None
    return names[0] if names[0] in LEVEL else None


def module_of(file: Path) -> str:
    return ".".join(file.relative_to(PROJECT).with_suffix("").parts)


def _imports(file: Path) -> Iterator[tuple[int, str]]:
    tree = ast.parse(file.read_text(encoding="utf-8"))
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, name.name) for name in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{file}:{node.lineno}: relative import"
            module = node.module or ""
            yield node.lineno, module
            if module == "core":
                names = (name.name for name in node.names)
                yield from ((node.lineno, f"core.{name}") for name in names if _is_part(name))


def _is_part(name: str) -> bool:
    folder = PROJECT / "core"
    return (folder / name).is_dir() or (folder / f"{name}.py").is_file()


@cache
def imports(file: Path) -> tuple[tuple[int, str], ...]:
    """(line, module) of every import, those for type checkers and inside functions included."""
    return tuple(_imports(file))


def roots(under: str) -> Iterator[tuple[str, str]]:
    """(file:line, first name of what is imported) of every import below a folder."""
    for file in sources():
        place = file.relative_to(PROJECT).as_posix()
        if place.startswith(under):
            yield from ((f"{place}:{line}", name.split(".")[0]) for line, name in imports(file))


def offences(file: Path) -> Iterator[str]:
    own = part_of(module_of(file))
    if own is None:
        return
    for line, module in imports(file):
        other = part_of(module)
        if other is None or other == own or {own, other} <= set(FOUNDATION):
            continue
        where = f"{file.relative_to(PROJECT)}:{line}"
        if other not in LEVEL:
            yield f"{where}: {module} is on no line of the table"
        elif LEVEL[other] <= LEVEL[own] and (own, other) not in ALLOWED:
            yield f"{where}: {own} must not import {other} ({module})"


def test_imports_point_down() -> None:
    assert [offence for file in sources() for offence in offences(file)] == []


def test_every_part_is_on_the_table() -> None:
    parts = {part_of(module_of(file)) for file in sources()} - {None, "__init__"}
    assert parts <= LEVEL.keys()


def test_screens_stay_out_of_core() -> None:
    away = {"streamlit", "streamlit_chat", "pages", "tests", "testing", "benchmarks"}
    assert not [place for place, root in roots("core/") if root in away]


def test_heavy_libraries_stay_in_their_own_processes() -> None:
    found = [place for place, root in roots("") if root in HEAVY]
    assert not [place for place in found if not place.startswith(OWN_PROCESS)]


def test_the_walk_sees_an_offence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A check that cannot fail is none."""
    file = tmp_path / "core" / "store" / "bad.py"
    file.parent.mkdir(parents=True)
    file.write_text("def late():\n    from core.rooms import book\n    return book\n")
    monkeypatch.setattr(sys.modules[__name__], "PROJECT", tmp_path)
    assert list(offences(file)) == ["core/store/bad.py:2: store must not import rooms (core.rooms)"]


def test_opening_the_server_side_loads_nothing_heavy() -> None:
    """Also what libraries bring along: the process that serves stays small."""
    code = (
        "import sys, core.workbench, core.api.app, core.providers.defaults;"
        "print(sorted(set(sys.modules) & set(sys.argv[1:])))"
    )
    watched = [*HEAVY, "streamlit", "chromadb", "langchain", "pandas"]
    done = subprocess.run(
        [sys.executable, "-c", code, *watched],
        cwd=PROJECT,
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.strip() == "[]"


def test_commands_that_ask_no_model_load_no_server() -> None:
    code = (
        "import sys, core.cli.app, core.cli.door.local, core.cli.door.remote;"
        "print(sorted(set(sys.modules) & set(sys.argv[1:])))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, "fastapi", "httpx", "uvicorn", "websockets", "rich"],
        cwd=PROJECT,
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.strip() == "[]"
