"""What a model is sent: the agent's view of the room, part by part, within its budget."""

from __future__ import annotations

import random
from collections.abc import Sequence
from typing import Any

import pytest

from core.agents import Agent
from core.agents.prompt import (
    WINDOW_STEP,
    Prompt,
    build_prompt,
    choose_template,
    estimate_tokens,
    render_system,
)
from core.agents.talk import SUMMARY_STEP
from core.messages import Line, PromptMessage
from core.paths import DataPaths

REN = Agent("Ren", roles=("engineer",), tones=("casual", "dry"), body="You fix radios.")
PARTS = ["system", "lorebook", "examples", "memories", "summary", "transcript"]


def talk(lines: int, words: int = 40, first: int = 1) -> list[Line]:
    names = ("Yuki", "Ren", "Aki")
    return [
        Line(seq, names[seq % 3], f"Line {seq}. " + "word " * words)
        for seq in range(first, first + lines)
    ]


def build(transcript: list[Line], agent: Agent = REN, **given: Any) -> Prompt:
    return build_prompt(agent, transcript, **{"model": "ollama:m", **given})


def tokens(prompt: Prompt) -> int:
    return sum(estimate_tokens(message.content) + 4 for message in prompt.messages)


def test_others_are_heard_by_name_and_own_words_are_the_assistants() -> None:
    said = [
        Line(1, "Yuki", "Hi"),
        Line(2, "Aki", "Hello Yuki!"),
        Line(3, "Ren", "Hey."),
        Line(4, "Yuki", "How are you?"),
    ]
    prompt = build(said, members=["Ren", "Aki"]).messages
    assert [line.role for line in prompt] == ["system", "user", "assistant", "user"]
    assert prompt[1].content == "Yuki: Hi\nAki: Hello Yuki!"
    assert prompt[2].content == "Hey."
    assert "You fix radios." in prompt[0].content
    assert "Also in the room: Aki." in prompt[0].content


def test_the_parts_are_named_and_counted() -> None:
    prompt = build(talk(3))
    assert [part.name for part in prompt.parts] == PARTS
    system = prompt.parts[0]
    assert system.chars == len(prompt.messages[0].content)
    assert system.tokens == estimate_tokens(prompt.messages[0].content) + 4
    assert prompt.tokens == sum(part.tokens for part in prompt.parts)
    assert abs(prompt.tokens - tokens(prompt)) < 40
    assert str(prompt.parts[-1].note) == "3 of 3 lines"
    assert not prompt.exact


def test_the_starter_gets_its_own_template_and_nothing_else() -> None:
    agent = Agent("Ren", roles=("engineer",), tones=("dry",), body="B", template="casual",
                  examples="Ren: Ho.", greetings=("Well?",))  # fmt: skip
    given = {"memories": "Yuki likes tea.", "summary": "They met.", "lorebook": lore("castle")}
    prompt = build(talk(30), agent, model="starter", budget_tokens=360, **given)
    assert (prompt.template, prompt.rule) == ("starter", "starter")
    assert prompt.messages[0].content == "Ren\nRole: engineer\nTone: dry"
    assert {part.name for part in prompt.parts if part.tokens} == {"system", "transcript"}


def test_which_template_and_why() -> None:
    assert build(talk(1)).rule == "engineer, casual"
    own = Agent("Ren", roles=("engineer",), template="teacher")
    assert (build(talk(1), own).template, build(talk(1), own).rule) == ("teacher", "agent")
    choice = choose_template(Agent("Ann", roles=("gardener",)))
    assert (choice.template, choice.rule) == ("default", "otherwise")


def test_an_unknown_template_costs_no_answer() -> None:
    prompt = build(talk(1), Agent("Ren", template="../../secret"))
    assert prompt.template == "default"
    assert "no such template" in str(prompt.parts[0].note)


@pytest.mark.parametrize("budget", [400, 1_000, 4_000, 30_000])
@pytest.mark.parametrize("lines", [1, 30, 200])
def test_the_budget_holds(budget: int, lines: int) -> None:
    agent = Agent("Ren", body="long " * 2_000, examples="<START>\n" + "Ren: Ho. " * 400,
                  greetings=("Hello " * 50,))  # fmt: skip
    given = {"memories": "Yuki likes tea.\n" * 300, "lorebook": lore("word", *range(60))}
    prompt = build(talk(lines), agent, budget_tokens=budget, **given)
    assert tokens(prompt) <= budget
    assert prompt.messages[-1].content.endswith("word word ")
    assert "Answer as Ren only" in prompt.messages[0].content


def lore(key: str, *texts: Any, **fields: Any) -> dict[str, Any]:
    entries = [
        {"keys": [key], "content": f"Fact {text} about it. " * 6, "enabled": True, **fields}
        for text in (texts or (0,))
    ]
    return {"entries": entries}


def lines_of(messages: Sequence[PromptMessage]) -> list[str]:
    """The system text, then every line of the talk."""
    first, *rest = messages
    return [first.content, *(line for message in rest for line in message.content.split("\n"))]


def stays(before: Prompt, after: Prompt) -> bool:
    """Whether a server that has read `before` knows all but its last line, and the notes there."""
    known = lines_of(before.messages[:-2])
    return lines_of(after.messages)[: len(known)] == known


@pytest.mark.parametrize("limit", [200, 100_000])
@pytest.mark.parametrize("budget", [1_500, 4_000, 1_000_000])
def test_the_beginning_stays_the_same_from_turn_to_turn(budget: int, limit: int) -> None:
    """Over a hundred turns the window moves once in WINDOW_STEP lines, and in between everything
    but the last line is what the server has already read."""
    said = talk(400)
    agent = Agent("Ren", body="B", examples="Ren: Ho.")
    given = {"memories": "Yuki likes tea.", "lorebook": lore("Line 2", *range(8))}
    moved, before = 0, None
    for end in range(300, 400):
        transcript = said[max(0, end - limit) : end]
        prompt = build(transcript, agent, budget_tokens=budget, **given)
        moved += before is not None and not stays(before, prompt)
        before = prompt
    steps = 100 // WINDOW_STEP + 1
    assert moved <= steps + (100 // SUMMARY_STEP + 1 if limit == 200 else 0)
    if budget == 1_000_000 and limit > 400:
        assert moved == 0


def test_the_window_keeps_the_end() -> None:
    for end in range(90, 98):
        prompt = build(talk(end), budget_tokens=1_500)
        assert f"Line {end}." in prompt.messages[-1].content


def test_a_deleted_first_line_costs_no_others() -> None:
    assert "Line 2." in build(talk(20, first=2)).messages[1].content


def test_a_single_endless_message_keeps_its_end() -> None:
    endless = [Line(1, "Yuki", "x" * 50_000 + " and the question?")]
    prompt = build(endless, budget_tokens=500)
    assert prompt.messages[-1].content.endswith("and the question?")
    assert tokens(prompt) < 500


def test_an_empty_room_is_a_system_text() -> None:
    assert [line.role for line in build([]).messages] == ["system"]


def test_a_greeting_is_the_first_line_of_a_fresh_room() -> None:
    agent = Agent("Ren", greetings=("Hello {{user}}, I am {{char}}.", "Other"))
    fresh = build(talk(2), agent, user="Yuki").messages
    assert (fresh[1].role, fresh[1].content) == ("assistant", "Hello Yuki, I am Ren.")
    later = build(talk(200), agent, budget_tokens=1_000).messages
    assert not [line for line in later if line.content.startswith("Hello")]


def test_what_fell_out_is_summed_up_in_its_own_words() -> None:
    said = talk(100)
    said[3] = Line(4, "Yuki", "My radio from 1962 hums. What could it be?")
    said[6] = Line(7, "Yuki", "My radio hums at 50 Hz in the kitchen.")
    prompt = build(said, budget_tokens=1_500, members=["Ren", "Aki"])
    assert "- Yuki: My radio" in prompt.messages[0].content
    assert "lines before" in str(prompt.parts[4].note)
    assert build(said, budget_tokens=1_500).messages == build(said, budget_tokens=1_500).messages


def test_a_written_summary_takes_its_place() -> None:
    prompt = build(talk(100), budget_tokens=1_500, summary="They spoke about radios.")
    assert "They spoke about radios." in prompt.messages[0].content
    assert "- Yuki:" not in prompt.messages[0].content


def test_memories_stand_before_the_last_line() -> None:
    prompt = build(talk(5), memories="Yuki likes tea.")
    assert "Yuki likes tea." in prompt.messages[-2].content
    assert prompt.messages[-2].role == "system"
    assert "Line 5." in prompt.messages[-1].content


def test_examples_come_whole_or_not_at_all() -> None:
    given = "<START>\n{{user}}: Hi\n{{char}}: Ho.\n<START>\n" + "{{char}}: Long. " * 2_000
    prompt = build(talk(2), Agent("Ren", examples=given), user="Yuki")
    assert "Yuki: Hi\nRen: Ho." in prompt.messages[0].content
    assert "Long." not in prompt.messages[0].content
    assert str(prompt.parts[2].note) == "1 of 2 dialogues"


@pytest.mark.parametrize(
    ("fields", "place"),
    [
        ({"position": "before_char"}, "before"),
        ({"position": "after_char"}, "after"),
        ({"constant": True}, "after"),
        ({}, "late"),
    ],
)
def test_where_entries_of_a_lorebook_stand(fields: dict[str, Any], place: str) -> None:
    agent = Agent("Ren", description="Plain.")
    prompt = build(talk(5), agent, lorebook=lore("Line 5", **fields))
    system = prompt.messages[0].content
    if place == "late":
        assert "Fact 0" in prompt.messages[-2].content
        assert "Fact 0" not in system
    else:
        assert (system.index("Fact 0") < system.index("Plain.")) == (place == "before")
    assert str(prompt.parts[1].note).startswith("1 of 1 entries")


@pytest.mark.parametrize(
    ("content", "place", "role"),
    [("@@depth 2\nFact", -3, "system"), ("@@depth 0\n@@role user\nFact", -1, "user"),
     ("@@depth 99\nFact", 1, "system"), ("@@depth 1\n@@role assistant\nFact", -2, "assistant")],
)  # fmt: skip
def test_entries_inside_the_talk(content: str, place: int, role: str) -> None:
    said = [Line(n, "Ren" if n % 2 else "Yuki", f"Line {n}.") for n in range(1, 6)]
    book = {"entries": [{"keys": [], "content": content, "constant": True, "enabled": True}]}
    found = build(said, lorebook=book).messages[place]
    assert (found.role, found.content) == (role, "Fact")


def test_macros_work_in_cards_and_never_in_what_is_said() -> None:
    agent = Agent("Ren", description="{{char}} knows {{user}}.", background="<BOT> waits.")
    prompt = build([Line(1, "Yuki", "Who is {{char}}?")], agent, user="Yuki",
                   lorebook=lore("Who", "{{user}}"))  # fmt: skip
    assert "Ren knows Yuki." in prompt.messages[0].content
    assert "Ren waits." in prompt.messages[0].content
    assert "Fact Yuki" in prompt.messages[-2].content
    assert prompt.messages[-1].content == "Yuki: Who is {{char}}?"


def test_drawn_words_do_not_change_the_beginning() -> None:
    agent = Agent("Ren", body="You like {{random:tea,coffee,cocoa,milk,water}} {{roll:1000}}.")
    assert len({build(talk(n), agent).messages[0] for n in range(1, 20)}) == 1


def test_a_long_character_is_cut_where_it_hurts_least() -> None:
    agent = Agent("Ren", description="Short.", body="first " + "word " * 5_000)
    prompt = build(talk(3), agent, budget_tokens=1_000)
    system = prompt.messages[0].content
    assert "Short." in system
    assert "first word" in system
    assert "Answer as Ren only" in system
    assert "cut" in str(prompt.parts[0].note)


def test_the_users_own_template_and_rules_come_first(data_paths: DataPaths) -> None:
    from core.agents.prompt_files import prompt_files

    data_paths.templates.mkdir()
    (data_paths.templates / "pirate.j2").write_text("Arr, {{ name }}!")
    data_paths.prompt_rules.write_text(
        "rules:\n  - {name: sea, when: {roles: [engineer]}, template: pirate}\n"
    )
    prompt = build(talk(1), files=prompt_files(data_paths))
    assert (prompt.template, prompt.rule) == ("pirate", "sea")
    assert prompt.messages[0].content == "Arr, Ren!"


def test_random_talks_never_break_the_builder() -> None:
    draw = random.Random(3)
    for _round in range(200):
        lines = [
            Line(
                seq,
                draw.choice(["Yuki", "Ren", "Aki"]),
                draw.choice("a é漢\n") * draw.randint(0, 900),
            )
            for seq in sorted(draw.sample(range(1, 300), draw.randint(0, 60)))
        ]
        budget = draw.randint(300, 3_000)
        prompt = build(lines, budget_tokens=budget)
        assert tokens(prompt) <= budget
        assert prompt.messages[0].role == "system"


def test_render_system_is_one_template_at_any_length() -> None:
    system = render_system(REN, "default", ["Ren", "Aki"])
    assert system.startswith("You are Ren, engineer")
    assert len(render_system(Agent("Ren", body="x" * 50_000), "default")) > 50_000
