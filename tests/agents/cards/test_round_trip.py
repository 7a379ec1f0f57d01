"""What goes in comes out the same: every card, in every form, in the version it came in."""

from __future__ import annotations

import base64
import io
import json
import zipfile

import pytest
from hypothesis import HealthCheck, given, settings, strategies as st

from core.agents import Agents
from core.agents.cards import exchange, kept, png, write_charx, write_json, write_png
from core.agents.cards.exchange import Format, export, import_file
from core.agents.cards.reading import read_card
from tests.agents.cards import corpus

FORMATS = [Format.JSON, Format.PNG, Format.CHARX]
MAKERS = {"json": corpus.as_json, "png": corpus.as_png, "charx": corpus.as_charx}


def out(agents: Agents, name: str, format_: Format) -> object:
    content, filename, _media = export(agents, name, format_)
    return read_card(content, filename).raw


@pytest.mark.parametrize("kind", MAKERS)
def test_every_form_can_be_written_as_every_other(kind: str) -> None:
    image = corpus.picture()
    for seed in range(300):
        card = corpus.some_card(seed)
        read = read_card(MAKERS[kind](card), "card")
        for content in (write_json(read), write_png(read, image), write_charx(read)):
            assert corpus.same(read_card(content, "card").raw, card), seed


@pytest.mark.parametrize("kind", MAKERS)
def test_a_card_comes_out_as_it_went_in(agents: Agents, kind: str) -> None:
    for seed in range(20):
        card = corpus.some_card(seed)
        agent = import_file(agents, MAKERS[kind](card), f"card.{kind}")
        for format_ in FORMATS:
            assert corpus.same(out(agents, agent.name, format_), card), (seed, format_)


@pytest.mark.parametrize("spec", corpus.SPECS)
def test_five_hundred_lorebook_entries(agents: Agents, spec: str) -> None:
    card = corpus.some_card(1, spec, entries=500)
    agent = import_file(agents, corpus.as_png(card), "card.png")
    assert len(kept.book_of(agents, agent)["entries"]) == 500
    assert corpus.same(out(agents, agent.name, Format.PNG), card)


@settings(max_examples=30, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    texts=st.fixed_dictionaries({name: st.text(max_size=60) for name in corpus.TEXTS}),
    more=st.dictionaries(
        st.text(max_size=8),
        st.recursive(
            st.none()
            | st.booleans()
            | st.integers()
            | st.text(max_size=20)
            | st.floats(allow_nan=False, allow_infinity=False),
            lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner),
            max_leaves=12,
        ),
    ),
    spec=st.sampled_from(sorted(corpus.SPECS)),
)
def test_whatever_stands_in_it(
    agents: Agents, texts: dict[str, str], more: dict[str, object], spec: str
) -> None:
    data = {"name": "Any", "extensions": more, "alternate_greetings": list(texts.values()), **texts}
    card = {"spec": spec, "spec_version": "9.9", "data": data, "x_more": more}
    agent = import_file(agents, corpus.as_json(card), "any.json")
    assert corpus.same(out(agents, agent.name, Format.JSON), card)
    agents.delete(agent.name)


@pytest.mark.parametrize("kind", ["tEXt", "zTXt", "iTXt", "iTXt packed"])
def test_every_kind_of_text_chunk(agents: Agents, kind: str) -> None:
    card = corpus.some_card(3)
    agent = import_file(agents, corpus.as_png(card, kind), "card.png")
    assert corpus.same(out(agents, agent.name, Format.JSON), card)


def test_the_newer_chunk_wins(agents: Agents) -> None:
    old = corpus.some_card(4, "chara_card_v2")
    new = corpus.some_card(5, "chara_card_v3")
    chunks = corpus.text_chunk("chara", corpus.packed(old)) + corpus.text_chunk(
        "ccv3", corpus.packed(new)
    )
    agent = import_file(agents, corpus.picture(extra=chunks), "both.png")
    assert corpus.same(out(agents, agent.name, Format.PNG), new)


def test_the_picture_is_not_touched(agents: Agents) -> None:
    other = corpus.text_chunk("Comment", b"mine") + corpus.text_chunk("chara-ext-asset_:a", b"AA==")
    card = corpus.some_card(6, "chara_card_v3")
    image = corpus.picture(side=9, extra=other)
    given = corpus.picture(side=9, extra=other + corpus.text_chunk("ccv3", corpus.packed(card)))
    agent = import_file(agents, given + b"trailing", "card.png")
    assert agents.avatar(agent.name) == image
    content, _name, _media = export(agents, agent.name, Format.PNG)
    left = png.without_texts(png.read_chunks(content, "x"), ("chara", "ccv3"))
    assert left == image


def test_older_programs_find_a_version_2(agents: Agents) -> None:
    card = corpus.some_card(7, "chara_card_v3", entries=3)
    agent = import_file(agents, corpus.as_json(card), "card.json")
    content, _name, _media = export(agents, agent.name, Format.PNG)
    found = png.texts(png.read_chunks(content, "x"), ("chara",), "x")["chara"]
    old = json.loads(base64.b64decode(found))
    assert (old["spec"], old["spec_version"]) == ("chara_card_v2", "2.0")
    assert old["data"]["description"] == card["data"]["description"]
    assert corpus.same(old["data"]["character_book"], card["data"]["character_book"])
    assert "version 3" in old["data"]["creator_notes"]


def test_the_files_of_a_charx_come_out_again(agents: Agents) -> None:
    icon = corpus.picture()
    files = {
        "assets/icon/images/1.png": icon,
        "assets/other/a.bin": bytes(range(256)),
        "x.json": b"{}",
    }
    card = corpus.some_card(8, "chara_card_v3")
    card["data"]["assets"] = [
        {"type": "icon", "uri": "embeded://assets/icon/images/none.png", "name": "b", "ext": "png"},
        {"type": "icon", "uri": "embeded://assets/icon/images/1.png", "name": "main", "ext": "png"},
    ]
    agent = import_file(agents, corpus.as_charx(card, files), "card.charx")
    assert agents.avatar(agent.name) == icon
    content, filename, _media = export(agents, agent.name, Format.CHARX)
    assert filename.endswith(".charx")
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        assert archive.namelist() == ["card.json", *files]
        assert {name: archive.read(name) for name in files} == files


def test_a_flat_card_of_version_1(agents: Agents) -> None:
    card = {"name": "Old", "description": "d", "personality": "shy, kind", "scenario": "",
            "first_mes": "Hi", "mes_example": "", "metadata": {"tool": 1}}  # fmt: skip
    agent = import_file(agents, corpus.as_json(card), "old.json")
    assert (agent.body, agent.personalities, agent.greetings) == ("d", ("shy", "kind"), ("Hi",))
    assert corpus.same(out(agents, agent.name, Format.JSON), card)


def test_a_picture_too_large_for_an_avatar_is_kept(
    agents: Agents, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("core.agents.pictures.MAX_BYTES", 100)
    image = corpus.picture(side=20, extra=corpus.text_chunk("Comment", b"x" * 100))
    card = corpus.some_card(9)
    chunks = png.read_chunks(image, "x")
    agent = import_file(agents, png.with_texts(chunks, {"chara": corpus.packed(card)}), "big.png")
    assert agents.avatar(agent.name) is None
    content, _name, _media = export(agents, agent.name, Format.PNG)
    assert png.without_texts(png.read_chunks(content, "x"), ("chara", "ccv3")) == image


def test_an_unedited_card_is_the_very_same_object_of_json(agents: Agents) -> None:
    """The check of this file can fail: one changed letter is seen."""
    card = corpus.some_card(10)
    agent = import_file(agents, corpus.as_json(card), "card.json")
    card["data"]["creator"] += "x"
    assert not corpus.same(exchange.card_from(agents, agent).raw, card)
