"""Filters: what they find, and that no beginning of it is ever said."""

from __future__ import annotations

import time
from functools import cache

import pytest
from hypothesis import given, settings, strategies as st

from core.messages import StreamEvent
from core.paths import SPEECH_RULES
from core.rooms.speech.checks import iban, luhn, my_number
from core.rooms.speech.filters import Filters
from core.rooms.speech.patterns import LIMIT_S, Pattern, TooSlow
from core.rooms.speech.rule_reader import read_rules
from core.rooms.speech.rules import Filter
from core.workbench import Workbench
from testing.scripted_model import Script, ScriptedProvider
from tests.conftest import OpenWorkbench
from tests.rooms.speech.pieces import cut, places, said, same_in_pieces, texts

ROOM = "Engawa"
# It tries every way to divide a row of letters.
SLOW = r"(?:(a+)(?=a*\1))+b"


@cache
def bundled(*groups: str) -> tuple[Filter, ...]:
    rules = read_rules(SPEECH_RULES.read_bytes(), SPEECH_RULES.name)
    return rules.filters(groups or [group.name for group in rules.groups])


def filters() -> Filters:
    return Filters(bundled())


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("write to taro@example.co.jp, please", "write to 〔mail〕, please"),
        ("連絡はtaro.yamada+x@example.jpまで", "連絡は〔mail〕まで"),
        ("taro＠example.jp", "〔mail〕"),
        ("携帯は090-1234-5678です。", "携帯は〔phone〕です。"),
        ("電話 ０３（１２３４）５６７８", "電話 〔phone〕"),
        ("09012345678", "〔phone〕"),
        ("call +81 90-1234-5678.", "call 〔phone〕."),
        ("+49 (30) 901820, (415) 555-2671, 415-555-2671", "〔phone〕, 〔phone〕, 〔phone〕"),
        ("card 4111 1111 1111 1111.", "card 〔card〕."),
        ("4111-1111-1111-1112 is no card", "4111-1111-1111-1112 is no card"),
        ("マイナンバー 1234 5678 9018", "マイナンバー 〔my number〕"),
        ("order 1234 5678 9017", "order 1234 5678 9017"),
        ("1234-5678-9018-0000 is no number", "1234-5678-9018-0000 is no number"),
        ("〒100-0005 東京都千代田区丸の内1-9-2まで", "〔住所〕 〔住所〕まで"),
        ("東京都の人口は1400万人、北海道は500万人", "東京都の人口は1400万人、北海道は500万人"),
        ("at 221 Baker Street, London", "at 〔address〕, London"),
        ("in 5 Minutes Walking", "in 5 Minutes Walking"),
        ("https://me:secret@host.example/x?y and on", "〔URL〕 and on"),
        ("https://host.example:8501/a@b", "https://host.example:8501/a@b"),
        ("sk-abcdefghijklmnop1234 or ghp_" + "a" * 36, "〔key〕 or 〔key〕"),
        ("AKIAIOSFODNN7EXAMPLE", "〔key〕"),
        ("eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0In0.abc-def", "〔key〕"),
        ("key:\n-----BEGIN RSA PRIVATE KEY-----\nMIIE", "key:\n"),
        ("DE89 3704 0044 0532 0130 00, yes", "〔account〕, yes"),
        ("DE89 3704 4400 5321 1301 01, no", None),
        ("4111111111111111 4111111111111111", "〔card〕 〔card〕"),
        ("090-1234-5678 03-1234-5678", "〔phone〕 〔phone〕"),
        ("SSN 078-05-1120", "SSN 〔SSN〕"),
        ("2026-11-21 10:00, 1,234,567 and 3.14159265358979", None),
        ("ISBN 978-4-06-519981-7, v1.2.3, 192.168.0.1", None),
        ("you fucking genius", "you 〔…〕 genius"),
        ("Scunthorpe and bastardise", None),
        ("go and kill yourself, he said", "go and "),
        ("負けても死ねない", None),
    ],
)
def test_what_the_bundled_rules_find(text: str, expected: str | None) -> None:
    assert said(filters(), [text]) == (text if expected is None else expected)


SECRETS = (
    "taro@example.jp", "090-1234-5678", "０９０１２３４５６７８", "+81 90 1234 5678",
    "(03) 1234-5678",
    "4111 1111 1111 1111", "4111111111111112", "1234 5678 9018", "〒100-0005", "221 Baker St",
    "東京都千代田区丸の内1-9-2", "https://u:p@h.example/", "sk-abcdefghijklmnop", "kill yourself",
    "-----BEGIN PRIVATE KEY-----", "DE89 3704 0044 0532 0130 00", "078-05-1120",
    "くたばれ", "0", "@",
)  # fmt: skip


@given(text=texts(*SECRETS), places=places)
@settings(max_examples=100, deadline=None)
def test_pieces_change_nothing(text: str, places: list[int]) -> None:
    same_in_pieces(filters, text, places)


PATTERNS = (
    "ab+c|b",
    "a(b+c)?",
    "(?<!x)ab",
    r"a{2,4}(?!\w)",
    "a.{0,9}z",
    r"(?:ab|a)(?= ?c)",
    "bb?a?",
)

PARTS = ("a", "b", "c", "x", "z", " ", "ab", "bbbbbb", "cccccc", "az", "aaaa", " c", "abbbbbbc")


@given(
    patterns=st.lists(st.sampled_from(PATTERNS), min_size=1, max_size=3, unique=True),
    text=st.lists(st.sampled_from(PARTS), max_size=10).map("".join),
    places=places,
)
@settings(deadline=None)
def test_pieces_change_nothing_for_any_rules(
    patterns: list[str], text: str, places: list[int]
) -> None:
    rules = [Filter(pattern, Pattern(pattern), "#") for pattern in patterns]
    same_in_pieces(lambda: Filters(rules), text, places)


@given(before=st.text("ab 1.", max_size=5), secret=st.sampled_from(SECRETS[:4]), places=places)
@settings(deadline=None)
def test_no_beginning_is_ever_said(before: str, secret: str, places: list[int]) -> None:
    stage = filters()
    text = f"{before} {secret} and more"
    spoken = ""
    for piece in cut(text, places):
        spoken += stage.heard(piece)
        assert secret[:1] not in spoken.removeprefix(before)
    assert spoken + stage.rest() == said(filters(), [text])
    assert stage.masked.total() == 1


def test_other_words_pass_at_once() -> None:
    stage = filters()
    pieces = ["Well, ", "it ", "has three ", "coils ", "and 日本語 ", "too. "]
    assert [stage.heard(piece) for piece in pieces] == pieces


def test_a_slow_rule_is_given_up_and_named() -> None:
    stage = Filters([Filter("slow", Pattern(SLOW), "#"), Filter("x", Pattern("x+"), "#")])
    began = time.thread_time()
    assert said(stage, ["a" * 400, " xx ", "a" * 400]) == "a" * 400 + " # " + "a" * 400
    assert time.thread_time() - began < 10 * LIMIT_S
    assert stage.slow == ["slow"]


@pytest.mark.parametrize("how", ["search", "match", "may_reach"])
def test_the_time_limit_holds(how: str) -> None:
    pattern, text = Pattern(SLOW), "a" * 2_000
    given = {"search": (text, 0), "match": (text, 0, 2_000), "may_reach": (text, 0, 2_000)}[how]
    began = time.thread_time()
    with pytest.raises(TooSlow):
        getattr(pattern, how)(*given)
    assert time.thread_time() - began < 5 * LIMIT_S


@pytest.mark.parametrize(
    ("check", "right", "wrong"),
    [
        (luhn, "4111 1111 1111 1111", "4111 1111 1111 1121"),
        (luhn, "５５０００００００００００００４", "5500000000000005"),
        (my_number, "1234-5678-9018", "1234-5678-9019"),
        (iban, "GB82 WEST 1234 5698 7654 32", "GB82 WEST 1234 5698 7654 33"),
    ],
)
def test_check_digits(check, right: str, wrong: str) -> None:
    assert check(right)
    assert not check(wrong)


@pytest.mark.parametrize("size", [1, 2, 3, 5, 40])
def test_nobody_hears_or_keeps_a_masked_number(open_workbench: OpenWorkbench, size: int) -> None:
    number = "090-1234-5678"
    text = f"<think>{number}?</think>Call {number} or mail taro@example.jp."
    pieces = [text[start : start + size] for start in range(0, len(text), size)]
    bench = open_workbench(ScriptedProvider({"starter": Script(pieces, pause_s=0.002)}))
    bench.preferences.set("speech_filters", ["personal_data"])
    heard = _heard(bench)
    states = [event.message for event in heard if event.message is not None]
    seen = [event.text or "" for event in heard]
    seen += [f"{one.content} {one.reasoning} {one.speech}" for one in states]
    assert not [one for one in seen if "09" in one or "taro" in one or "1234" in one]
    line = bench.rooms.messages(ROOM)[-1]
    assert line.content == "Call 〔phone〕 or mail 〔mail〕."
    assert line.reasoning == "〔phone〕?"
    assert line.speech is not None
    assert line.speech["masked"] == {"phone": 2, "mail": 1}
    bench.close()
    stored = bench.settings.paths.database.read_bytes()
    assert b"090-1" not in stored
    assert b"taro@" not in stored
    assert "〔phone〕".encode() in stored


def _heard(bench: Workbench) -> list[StreamEvent]:
    with bench.rooms.watch(ROOM) as watch:
        bench.rooms.post(ROOM, "@Ren hello", sender="Yuki")
        assert bench.rooms.wait_idle(ROOM, 10)
        return watch.take()


def test_what_is_cut_off_in_the_middle_of_a_number_is_not_said(
    open_workbench: OpenWorkbench,
) -> None:
    script = Script(["Call 090-12", "34", *["-"] * 100], pause_s=0.05)
    bench = open_workbench(ScriptedProvider({"starter": script}))
    bench.preferences.set("speech_filters", ["personal_data"])
    bench.rooms.post(ROOM, "@Ren hello", sender="Yuki")
    until = time.monotonic() + 5
    while "Call" not in bench.rooms.messages(ROOM)[-1].content and time.monotonic() < until:
        time.sleep(0.01)
    bench.rooms.stop(ROOM)
    assert bench.rooms.wait_idle(ROOM, 5)
    assert bench.rooms.messages(ROOM)[-1].content.strip() == "Call"


def test_filters_are_off_until_switched_on(open_workbench: OpenWorkbench) -> None:
    bench = open_workbench(ScriptedProvider({"starter": Script(["mail taro@example.jp"])}))
    _heard(bench)
    assert bench.rooms.messages(ROOM)[-1].content == "mail taro@example.jp"
    bench.close()
    bench = open_workbench(
        ScriptedProvider({"starter": Script(["mail taro@example.jp"])}),
        speech={"filters": ["personal_data"]},
    )
    _heard(bench)
    assert bench.rooms.messages(ROOM)[-1].content == "mail 〔mail〕"
