"""Templates: what they may do, what they may not, and that everything in them ends."""

from __future__ import annotations

import os
import resource
import time
from pathlib import Path

import pytest

from core.agents.template import MAX_CHARS, VARIABLES, Templates
from core.paths import STARTER_MODEL, TEMPLATES, DataPaths
from tests.agents.injections import injections

VALUES = dict.fromkeys(VARIABLES, "") | {
    "name": "Ren", "role": "engineer", "tone": "casual, dry", "body": "b" * 20_000,
    "others": "Aki, Mizuho",
}  # fmt: skip
BUNDLED = (
    "casual", "customer_support", "customer_support_casual", "default", "engineer",
    "engineer_casual", "teacher", "teacher_casual",
)  # fmt: skip


@pytest.fixture
def folder(data_paths: DataPaths) -> Path:
    data_paths.templates.mkdir()
    return data_paths.templates


@pytest.fixture
def templates(folder: Path) -> Templates:
    return Templates(TEMPLATES, folder)


def written(templates: Templates, folder: Path, source: str) -> str:
    """What a user's template writes; the trouble in words when it could not be used."""
    (folder / "mine.j2").write_text(source)
    os.utime(folder / "mine.j2", ns=(time.time_ns(), time.time_ns()))
    rendered = templates.render("mine", VALUES)
    return str(rendered.trouble) if rendered.trouble else rendered.text


def test_the_bundled_ones(templates: Templates) -> None:
    assert tuple(templates.names()) == BUNDLED
    assert templates.errors() == []
    texts = {name: templates.render(name, VALUES).text for name in BUNDLED}
    assert len(set(texts.values())) == len(BUNDLED)
    for text in texts.values():
        assert text.startswith("You are Ren, engineer")
        assert "Way of speaking: casual, dry." in text
        assert "Also in the room: Aki, Mizuho." in text
        assert "Answer as Ren only" in text


@pytest.mark.parametrize("name", BUNDLED)
def test_what_is_not_known_leaves_no_gap(templates: Templates, name: str) -> None:
    text = templates.render(name, dict.fromkeys(VARIABLES, "") | {"name": "Ren"}).text
    assert "  " not in text
    assert "\n\n\n" not in text
    assert ": ." not in text


@pytest.mark.parametrize(
    ("source", "text"),
    [
        ("Arr, {{ name }}!", "Arr, Ren!"),
        ("{% if gender %}x{% elif role == 'engineer' %}e{% else %}y{% endif %}", "e"),
        ("{{ 'a' if tone else 'b' }} {{ gender or 'unknown' }}", "a unknown"),
        ("{% for t in tone|split %}{{ loop.index }}{{ t|upper }} {% endfor %}", "1CASUAL 2DRY"),
        ("{% for n in range(3) %}{{ n }}{% endfor %}", "012"),
        ("{{ name|lower|capitalize }} {{ body|truncate(5, true, '…') }}", "Ren bbbb…"),
        ("{{ others|split|length }} {{ 'Aki' in others }} {{ gender is none }}", "2 True False"),
        ("{# nothing #}{% raw %}{{ name }}{% endraw %}", "{{ name }}"),
        ("{% include 'room.j2' %}", "Also in the room"),
    ],
)
def test_what_a_template_can_do(templates: Templates, folder: Path, source: str, text: str) -> None:
    assert written(templates, folder, source).startswith(text)


@pytest.mark.parametrize(
    ("source", "line", "reason"),
    [
        ("a\n{{ name.upper() }}", 2, "calling"),
        ("{{ name.__class__ }}", 1, "__class__"),
        ("{{ name['x'] }}", 1, "getitem"),
        ("\n\n{{ nobody }}", 3, "nobody"),
        ("{{ 'a' * 1000000000 }}", 1, "mul"),
        ("{{ 10 ** 10 ** 10 }}", 1, "pow"),
        ("{{ name ~ name }}", 1, "concat"),
        ("{{ name + name }}", 1, "add"),
        ("{{ '%s' % name }}", 1, "mod"),
        ("{% set x = name %}", 1, "assign"),
        ("{% set x %}{{ name }}{% endset %}", 1, "assignblock"),
        ("{{ name|center(1000000000) }}", 1, "center"),
        ("{{ name|indent(1000000000) }}", 1, "indent"),
        ("{{ '%1000000000d'|format(1) }}", 1, "format"),
        ("{{ name|replace('R', body) }}", 1, "replace"),
        ("{{ body|join(body) }}", 1, "join"),
        ("{{ name|attr('x') }}", 1, "attr"),
        ("{{ body|wordwrap(1, true, body) }}", 1, "wordwrap"),
        ("{{ name|map('upper')|list }}", 1, "list"),
        ("{{ name is callable }}", 1, "callable"),
        ("{% include 'default.j2' %}", 1, "including"),
        ("{% include name %}", 1, "including"),
        ("{% include ['room.j2'] %}", 1, "including"),
        ("{% import 'room.j2' as x %}", 1, "import"),
        ("{% extends 'room.j2' %}", 1, "extends"),
        ("{% macro f() %}{% endmacro %}", 1, "macro"),
        ("{% for _meter in name %}{% endfor %}", 1, "_meter"),
        ("{{ _meter }}", 1, "_meter"),
        ("{% for x in name recursive %}{{ loop(x) }}{% endfor %}", 1, "recursive"),
        ("{{ loop.cycle('a') }}", 1, "calling"),
        ("{{ self }}", 1, "self"),
        ("{{ namespace(x=1) }}", 1, "calling"),
        ("{% if name %}", 1, "Unexpected end"),
    ],
)
def test_what_it_cannot_is_refused_with_its_line(
    templates: Templates, folder: Path, source: str, line: int, reason: str
) -> None:
    (folder / "mine.j2").write_text(source)
    rendered = templates.render("mine", VALUES)
    assert rendered.trouble is not None
    assert rendered.trouble.params["line"] == line
    assert reason in str(rendered.trouble)
    assert rendered.template == "default"
    assert rendered.text.startswith("You are Ren")
    assert [error.params["file"] for error in templates.errors()] == ["mine.j2"]


@pytest.mark.parametrize(
    "source",
    [
        "{% for a in body %}{% for b in body %}{% for c in body %}{% endfor %}{% endfor %}"
        "{% endfor %}",
        "{% for a in body %}{{ body }}{% endfor %}",
        "{% for a in range(1000) %}{% for b in range(1000) %}x{% endfor %}{% endfor %}",
        "{% for a in range(1000000000) %}x{% endfor %}",
        "{% for a in range(1, 1000000000, 0) %}{% endfor %}",
        "{% for a in body if a == 'c' %}x{% endfor %}",
        "{% for a in body %}{% for b in body if b in body %}{% endfor %}{% endfor %}",
        "{{ body|split('')}}",
        "{{ " + "body|split|lower|" * 30 + "trim }}",
        "{{ body" + "|split" * 60 + " }}",
        "{{ " + "(" * 4_000 + "name" + ")" * 4_000 + " }}",
        "{{ " + "not " * 3_000 + "name }}",
        "{% if name %}" * 600 + "{% endif %}" * 600,
        "{% for a in name %}" * 150 + "{% endfor %}" * 150,
        "{{ name }}" * 1_500,
        "{{ body }}" * 1_600,
        "{% if body in background %}{% endif %}" * 400,
        "{{ [" + "body," * 3_000 + "] }}",
        "{{ body|truncate(3, end=body) }}",
        "{% include 'room.j2' %}" * 600,
        "x" * 20_000,
        "\x00\ufeff{{ name }}",
    ],
    ids=range(22),
)
def test_everything_ends_soon_and_stays_small(
    templates: Templates, folder: Path, source: str
) -> None:
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    began = time.thread_time()
    (folder / "mine.j2").write_text(source)
    rendered = templates.render("mine", VALUES | {"background": "b" * 20_000 + "c"})
    assert time.thread_time() - began < 1.5
    assert len(rendered.text) <= MAX_CHARS
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 120_000  # KB


def test_hostile_templates_reach_nothing(
    templates: Templates, folder: Path, tmp_path: Path
) -> None:
    canary = tmp_path / "canary"
    canary.write_text("alive")
    for hostile in injections(canary):
        text = written(templates, folder, hostile)
        assert "<class" not in text
        assert "root:" not in text
        assert "49" not in text
    assert canary.read_text() == "alive"


def test_a_change_is_seen_and_a_broken_one_costs_nothing(
    templates: Templates, folder: Path
) -> None:
    assert written(templates, folder, "one {{ name }}") == "one Ren"
    assert written(templates, folder, "two {{ name }}") == "two Ren"
    (folder / "mine.j2").unlink()
    assert "no such template" in str(templates.render("mine", VALUES).trouble)


def test_the_users_copy_stands_before_the_bundled_one(templates: Templates, folder: Path) -> None:
    bundled = templates.render("teacher", VALUES).text
    (folder / "teacher.j2").write_text("Mine: {{ name }}")
    assert templates.render("teacher", VALUES).text == "Mine: Ren"
    (folder / "teacher.j2").write_text("{{ broken")
    rendered = templates.render("teacher", VALUES)
    assert (rendered.text, rendered.template) == (bundled, "teacher")
    assert rendered.trouble is not None


def test_the_starter_keeps_what_it_has_learnt(templates: Templates, folder: Path) -> None:
    bundled = templates.render("starter", VALUES).text
    (folder / "starter.j2").write_text("Something else")
    assert templates.render("starter", VALUES).text == bundled
    assert STARTER_MODEL.is_dir()


@pytest.mark.parametrize(
    "name", ["../default", "/etc/passwd", "a/b", "", ".", "default\x00", "x" * 500, "CON", "a\nb"]
)
def test_a_name_is_never_a_path(templates: Templates, folder: Path, name: str) -> None:
    (folder.parent / "default.j2").write_text("outside")
    rendered = templates.render(name, VALUES)
    assert rendered.template == "default"
    assert rendered.text.startswith("You are Ren")
