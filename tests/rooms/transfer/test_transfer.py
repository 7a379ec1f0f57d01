"""A room that went out as a document and came in again is the same room."""

from __future__ import annotations

import json
from typing import Any

import pytest

from core.errors import Interrupted, InvalidInput, NameTaken
from core.messages import Kind
from core.rooms.transfer.writing import document, markdown, sharegpt
from core.workbench import Workbench
from testing.scripted_model import Script, ScriptedProvider


def talked(bench: Workbench) -> dict[str, Any]:
    """A room with two people and two agents in it, as a document that went through JSON."""
    room = bench.rooms.create("Tea 茶", ["Mizuho", "Ren"])
    for text in ("hello\nthere", "@Ren only you"):
        bench.rooms.post(room.id, text, sender="Yuki", key=text)
        assert bench.rooms.wait_idle(room.id, 10)
    bench.rooms.delete_message(room.id, 2)
    bench.rooms.set_model(room.id, "Ren", "starter")
    found: dict[str, Any] = json.loads(json.dumps(document(bench.store, room.id)))
    return found


def without(found: dict[str, Any], *names: str) -> dict[str, Any]:
    return {name: value for name, value in found.items() if name not in names}


def test_the_same_again(workbench: Workbench) -> None:
    before = talked(workbench)
    workbench.rooms.delete("Tea 茶")
    room = workbench.rooms.take_in(before)
    after = document(workbench.store, room.id)
    assert without(after["room"], "id") == without(before["room"], "id")
    assert [without(line, "id") for line in after["messages"]] == [
        without(line, "id") for line in before["messages"]
    ]


def test_ids_stay_in_another_folder(workbench: Workbench) -> None:
    before = talked(workbench)
    ids = [line["id"] for line in before["messages"]]
    fresh = [f"msg_{number:032x}" for number in range(len(ids))]
    text = json.dumps(before).replace(before["room"]["id"], "room_elsewhere")
    for old, new in zip(ids, fresh, strict=True):
        text = text.replace(old, new)
    room = workbench.rooms.take_in(json.loads(text), "Elsewhere")
    assert room.id == "room_elsewhere"
    assert [line["id"] for line in document(workbench.store, room.id)["messages"]] == fresh


def test_nobody_answers_what_was_said_there(workbench: Workbench) -> None:
    room = workbench.rooms.take_in(talked(workbench), "Copy")
    assert workbench.rooms.wait_idle(room.id, 5)
    count = room.last_seq
    assert len(workbench.rooms.messages(room.id)) == count
    workbench.rooms.post(room.id, "and now?", sender="Yuki")
    assert workbench.rooms.wait_idle(room.id, 10)
    assert len(workbench.rooms.messages(room.id)) == count + 3


def test_subscribers_hear_what_comes_after(workbench: Workbench) -> None:
    room = workbench.rooms.take_in(talked(workbench), "Copy")
    with workbench.rooms.watch(room.id, cursor=0) as watch:
        assert [event.seq for event in watch.replay] == list(range(1, room.last_seq + 1))
        workbench.rooms.post(room.id, "@Mizuho hm", sender="Yuki")
        heard = watch.get(5)
        assert heard is not None
        assert heard.event == room.last_event + 1


def test_an_unfinished_reply_is_closed(workbench: Workbench) -> None:
    found = talked(workbench)
    found["messages"][2] |= {"status": "pending", "reason": None}
    room = workbench.rooms.take_in(found, "Copy")
    line = workbench.rooms.message(room.id, 3)
    assert line.status == "partial"
    assert line.reason is not None
    assert line.reason.code == Interrupted.code


def test_name_taken_and_renamed(workbench: Workbench) -> None:
    found = talked(workbench)
    with pytest.raises(NameTaken):
        workbench.rooms.take_in(found)
    assert workbench.rooms.take_in(found, "Other").name == "Other"


def change(*path: Any, to: Any) -> Any:
    def apply(found: dict[str, Any]) -> None:
        place: Any = found
        for step in path[:-1]:
            place = place[step]
        if to is KeyError:
            del place[path[-1]]
        else:
            place[path[-1]] = to

    return apply


@pytest.mark.parametrize(
    ("spoil", "field"),
    [
        (change("engawa_room", to=2), "engawa_room"),
        (change("engawa_room", to=KeyError), "engawa_room"),
        (change("room", to=[]), "room"),
        (change("room", "id", to="../x"), "room.id"),
        (change("room", "name", to=""), "room.name"),
        (change("room", "name", to="a\nb"), "name"),
        (change("room", "created_at", to="yesterday"), "room.created_at"),
        (change("room", "members", to=[{"name": "A"}, {"name": "a"}]), "members"),
        (change("messages", to="none"), "messages"),
        (change("messages", 0, to=7), "messages[0]"),
        (change("messages", 1, "seq", to=5), "messages[1].seq"),
        (change("messages", 1, "seq", to=2**70), "messages[1].seq"),
        (change("messages", 1, "reply_to", to=99), "messages[1].reply_to"),
        (change("messages", 0, "kind", to="robot"), "messages[0].kind"),
        (change("messages", 0, "status", to=None), "messages[0].status"),
        (change("messages", 0, "content", to="\ud800"), "messages[0].content"),
        (change("messages", 0, "content", to="a\x00b"), "messages[0].content"),
        (change("messages", 0, "content", to="x" * 1_000_001), "messages[0].content"),
        (change("messages", 0, "sender", to="\x07"), "messages[0].sender"),
        (
            change("messages", 0, "usage", to={"prompt_tokens": -1}),
            "messages[0].usage.prompt_tokens",
        ),
        (
            change("messages", 0, "timings", to={"load_ms": float("nan")}),
            "messages[0].timings.load_ms",
        ),
    ],
)
def test_a_spoiled_document_changes_nothing(workbench: Workbench, spoil: Any, field: str) -> None:
    found = talked(workbench)
    rooms = len(workbench.rooms.list())
    spoil(found)
    with pytest.raises(InvalidInput) as caught:
        workbench.rooms.take_in(found, None if field == "name" else "Copy" + str(rooms))
    assert caught.value.params["field"] == field
    assert len(workbench.rooms.list()) == rooms


def test_markdown_is_the_conversation(workbench: Workbench) -> None:
    text = markdown(talked(workbench))
    assert text.startswith("# Tea 茶\n\n**Yuki** · ")
    assert "hello\nthere" in text
    assert text.count("**Mizuho**") == 0  # its message was deleted
    assert text.count("**Ren**") == 2


def test_sharegpt_has_each_agents_view(workbench: Workbench) -> None:
    (ren,) = sharegpt(talked(workbench))
    assert ren["agent"] == "Ren"
    assert [turn["from"] for turn in ren["conversations"]] == ["human", "gpt", "human", "gpt"]
    assert ren["conversations"][0]["value"] == "Yuki: hello\nthere"


def test_sharegpt_leaves_out_what_is_not_complete(open_workbench: Any) -> None:
    model = ScriptedProvider({"starter": Script(("half",), error=Interrupted(), fail_after=1)})
    bench = open_workbench(model)
    room = bench.rooms.create("Cut", ["Ren"])
    bench.rooms.post(room.id, "hello", sender="Yuki")
    assert bench.rooms.wait_idle(room.id, 10)
    assert bench.rooms.messages(room.id)[-1].kind is Kind.AGENT
    assert sharegpt(document(bench.store, room.id)) == []
