"""The prompt of a reply over HTTP."""

from __future__ import annotations

from tests.api.conftest import Served


def test_what_was_sent_for_a_reply(served: Served) -> None:
    bench = served.bench
    room = bench.rooms.create("Prompts", ["Ren"]).id
    bench.rooms.post(room, "Hello", sender="Yuki")
    assert bench.rooms.wait_idle(room, 20)
    with served.client() as client:
        body = client.get(f"/api/v1/rooms/{room}/messages/2/prompt").json()
        by_name = client.get("/api/v1/rooms/Prompts/messages/2/prompt").json()
        japanese = client.get(
            f"/api/v1/rooms/{room}/messages/2/prompt", headers={"Accept-Language": "ja"}
        ).json()
        missing = client.get(f"/api/v1/rooms/{room}/messages/1/prompt")
        nowhere = client.get("/api/v1/rooms/nowhere/messages/1/prompt")
    assert body == by_name
    assert (body["model"], body["template"], body["rule"]) == ("starter", "starter", "starter")
    assert [part["name"] for part in body["parts"]][::5] == ["system", "transcript"]
    assert body["tokens"] == sum(part["tokens"] for part in body["parts"])
    assert body["messages"][-1] == {"role": "user", "content": "Yuki: Hello"}
    assert body["parts"][-1]["note"] == "1 of 1 lines"
    assert japanese["parts"][-1]["note"] != "1 of 1 lines"
    assert missing.status_code == nowhere.status_code == 404
    assert missing.json()["error"]["code"] == "prompt_not_kept"
    with served.stranger() as stranger:
        assert stranger.get(f"/api/v1/rooms/{room}/messages/2/prompt").status_code == 401
