"""What a model is sent: the agent's view of the room."""

from __future__ import annotations

from pathlib import Path

import pytest

from core.agents import Agent
from core.agents.face import COLOURS, colour, face
from core.agents.prompt import WINDOW_STEP, build_prompt, estimate_tokens, render_system
from core.messages import Line

REN = Agent("Ren", roles=("engineer",), tones=("casual", "dry"), body="You fix radios.")


def test_others_are_heard_by_name_and_own_words_are_the_assistants():
    talk = [
        Line(1, "Yuki", "Hi"),
        Line(2, "Aki", "Hello Yuki!"),
        Line(3, "Ren", "Hey."),
        Line(4, "Yuki", "How are you?"),
    ]
    prompt = build_prompt(REN, talk, model="ollama:m", members=["Ren", "Aki"])
    assert [line.role for line in prompt] == ["system", "user", "assistant", "user"]
    assert prompt[1].content == "Yuki: Hi\nAki: Hello Yuki!"
    assert prompt[2].content == "Hey."
    assert "You fix radios." in prompt[0].content
    assert "Also in the room: Aki." in prompt[0].content


def test_the_starter_gets_its_own_template_whatever_the_agent_uses():
    system = build_prompt(REN, [Line(1, "Yuki", "Hi")], model="starter")[0].content
    assert system == render_system(REN, "starter")
    assert "You fix radios." not in system
    for word in ("Ren", "engineer", "casual, dry"):
        assert word in system


def test_the_window_keeps_the_end_and_a_steady_beginning():
    talk = [Line(seq, "Yuki", "word " * 40) for seq in range(1, 101)]
    starts = set()
    for end in range(90, 98):
        prompt = build_prompt(REN, talk[:end], model="ollama:m", budget_tokens=1_500)
        assert prompt[-1].content.endswith(("word " * 40).rstrip() + " ")
        assert sum(estimate_tokens(line.content) for line in prompt) <= 1_500
        starts.add(prompt[1].content.count("Yuki:") - end)
    assert len(starts) <= 8 // WINDOW_STEP + 1


def test_a_single_endless_message_keeps_its_end():
    talk = [Line(1, "Yuki", "x" * 50_000 + " and the question?")]
    prompt = build_prompt(REN, talk, model="ollama:m", budget_tokens=500)
    assert prompt[-1].content.endswith("and the question?")
    assert estimate_tokens(prompt[-1].content) < 600


@pytest.mark.parametrize(
    "hostile",
    [
        "{{ ''.__class__.__mro__ }}",
        "{% for x in range(10**9) %}x{% endfor %}",
        "{{ cycler.__init__.__globals__.os.popen('id').read() }}",
        "{0.__class__}",
    ],
)
def test_what_an_agent_holds_is_text_and_never_a_template(hostile):
    system = render_system(Agent(hostile, body=hostile), "default")
    assert hostile in system


def test_a_template_that_reaches_out_is_stopped(tmp_path: Path):
    from jinja2.exceptions import SecurityError

    (tmp_path / "bad.j2").write_text("{{ name.__class__.__mro__ }}")
    with pytest.raises(SecurityError):
        render_system(REN, "bad", templates=tmp_path)


def test_a_face_is_local_steady_and_its_own():
    assert face("Ren") == face("ｒｅｎ ")
    assert face("Ren") != face("Aki")
    assert "http" not in face("Ren").replace("http://www.w3.org/2000/svg", "")
    assert len({colour(name) for name in ("Mizuho", "Ren", "Aki", "You")}) == 4


@pytest.mark.parametrize(("light", "dark"), COLOURS)
def test_every_colour_can_be_read_on_its_ground(light, dark):
    assert _contrast(light, "#FCFBF8") >= 4.5
    assert _contrast(dark, "#181714") >= 4.5


def _contrast(one: str, other: str) -> float:
    high, low = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (high + 0.05) / (low + 0.05)


def _luminance(colour: str) -> float:
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
