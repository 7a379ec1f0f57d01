"""Lines changed, budgets and preflight over HTTP, on a real socket."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from tests.api.conftest import Served


class Talk:
    """A room in which Ren has answered once, in line 2."""

    def __init__(self, served: Served, client: httpx.Client, name: str) -> None:
        self._rooms, self._client = served.bench.rooms, client
        new = {"name": name, "members": ["Ren", "Aki"]}
        self.id = client.post("/api/v1/rooms", json=new).json()["id"]
        self.say("@Ren hello")

    def say(self, content: str, **given: Any) -> dict[str, Any]:
        said = self.ask("POST", "/messages", {"content": content, **given})
        assert said.status_code == 201
        self.idle()
        return dict(said.json())

    def idle(self) -> None:
        assert self._rooms.wait_idle(self.id, 20)

    def ask(self, method: str, path: str, body: Any = None) -> httpx.Response:
        return self._client.request(method, f"/api/v1/rooms/{self.id}{path}", json=body)

    def line(self, seq: int = 2) -> dict[str, Any]:
        return dict(self.ask("GET", f"/messages/{seq}").json())


def test_a_line_is_edited_and_tells_what_it_said_before(served: Served) -> None:
    with served.client() as client:
        talk = Talk(served, client, "Edited")
        before = talk.line()["content"]
        changed = talk.ask("PATCH", "/messages/2", {"content": "other words", "pinned": True})
        assert (changed.json()["content"], changed.json()["pinned"]) == ("other words", True)
        (edit,) = talk.ask("GET", "/messages/2/edits").json()["edits"]
        assert (edit["content"], edit["variant"]) == (before, 1)
        (feedback,) = talk.ask("GET", "/feedback").json()["feedback"]
        assert (feedback["chosen"], feedback["rejected"]) == ("other words", before)
        assert talk.ask("PATCH", "/messages/2", {"content": " "}).status_code == 422
        assert talk.ask("PATCH", "/messages/9", {"content": "x"}).status_code == 404


def test_answers_are_given_again_and_swiped_between(served: Served) -> None:
    with served.client() as client:
        talk = Talk(served, client, "Again")
        begun = talk.ask("POST", "/messages/2/regenerate", {})
        assert (begun.status_code, begun.json()["status"]) == (202, "pending")
        assert begun.json()["again"] == "regenerate"
        talk.idle()
        line = talk.line()
        assert (line["status"], line["variant"], line["variants"]) == ("complete", 2, 2)
        found = talk.ask("GET", "/messages/2/variants").json()["variants"]
        assert [(one["number"], one["shown"]) for one in found] == [(1, False), (2, True)]
        assert talk.ask("POST", "/messages/2/variants/1").json()["variant"] == 1
        assert talk.ask("POST", "/messages/2/variants/3").status_code == 422
        refused = talk.ask("POST", "/messages/2/continue")
        assert (refused.status_code, refused.json()["error"]["code"]) == (409, "conflict")
        assert talk.ask("POST", "/messages/1/regenerate", {}).status_code == 409
        unknown = talk.ask("POST", "/messages/2/regenerate", {"model": "nobody:knows"})
        assert unknown.status_code == 404


def test_votes_pins_and_branches(served: Served) -> None:
    with served.client() as client:
        talk = Talk(served, client, "Judged")
        assert talk.ask("POST", "/messages/2/vote", {"value": -1}).json()["votes"]["down"] == 1
        assert talk.ask("POST", "/messages/2/vote", {"value": 0}).json()["votes"]["down"] == 0
        assert talk.ask("POST", "/messages/2/vote", {"value": 2}).status_code == 422
        talk.ask("POST", "/messages/1/pin", {})
        assert [one["seq"] for one in talk.ask("GET", "/pins").json()["messages"]] == [1]
        talk.ask("POST", "/messages/1/pin", {"pinned": False})
        assert talk.ask("GET", "/pins").json()["messages"] == []
        made = talk.ask("POST", "/messages/1/branch", {})
        assert (made.status_code, made.json()["name"]) == (201, "Judged 2")
        assert made.json()["origin"] == {"room": talk.id, "name": "Judged", "seq": 1}
        assert talk.ask("POST", "/messages/1/branch", {"name": "Judged"}).status_code == 409


def test_a_room_at_its_limit_says_so_and_is_let_go_on(served: Served) -> None:
    with served.client() as client:
        talk = Talk(served, client, "Spent")
        assert talk.ask("PATCH", "", {"limits": {"turns": 2}}).json()["halted"] is None
        talk.say("hello, both of you")
        halted = talk.ask("GET", "").json()["halted"]
        assert halted["code"] == "turns_spent"
        assert halted["hint"]
        budget = talk.ask("GET", "/budget").json()
        assert (budget["limits"], budget["spent"]["turns"]) == ({"turns": 2.0}, 2)
        assert talk.ask("POST", "/go-on").json()["halted"] is None
        talk.idle()
        assert talk.ask("GET", "/budget").json()["spent"]["turns"] == 1
        assert talk.ask("PATCH", "", {"limits": {"turns": 0}}).status_code == 422
        assert talk.ask("PATCH", "", {"limits": {"beauty": 3}}).status_code == 422


def test_who_is_muted_is_not_asked_and_a_whisper_stays_one(served: Served) -> None:
    with served.client() as client:
        talk = Talk(served, client, "Quiet ones")
        talk.ask("PATCH", "", {"muted": {"Ren": True}})
        talk.say("anybody?")
        assert talk.line(4)["sender"] == "Aki"
        talk.ask("PATCH", "", {"muted": {"Ren": False}})
        said = talk.say("just you", to=["Ren"], sender="Yuki")
        answer = talk.line(said["seq"] + 1)
        assert (answer["sender"], answer["to"]) == ("Ren", ["Yuki"])
        assert talk.ask("POST", "/messages", {"content": "x", "to": ["Zoe"]}).status_code == 422


@pytest.mark.parametrize(("body", "status"), [({"remedy": "magic"}, 422), ({}, 422)])
def test_whether_a_room_fits_is_read(served: Served, body: dict[str, str], status: int) -> None:
    with served.client() as client:
        talk = Talk(served, client, f"Fits {len(body)}")
        found = talk.ask("GET", "/preflight").json()
        assert found["verdict"] in ("fits", "swaps", "does_not_fit", "unknown")
        assert {name for part in found["parts"] for name in part["members"]} >= {"Ren", "Aki"}
        assert talk.ask("POST", "/preflight", body).status_code == status
        assert client.get("/api/v1/rooms/nowhere/preflight").status_code == 404
