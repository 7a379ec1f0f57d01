"""Agents over HTTP, on a real socket."""

from __future__ import annotations

import json
import time
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from core.settings import load_settings
from core.workbench import Workbench
from testing.scripted_model import ScriptedProvider
from tests.agents.cards import corpus
from tests.api.conftest import Served

AGENTS = "/api/v1/agents"


def some_name() -> str:
    return f"Hana {uuid.uuid4().hex[:8]}"


def test_an_agent_from_its_creation_to_its_restoration(served: Served) -> None:
    name = some_name()
    with served.client() as client:
        made = client.post(AGENTS, json={"name": name, "roles": ["cook"], "body": "You cook."})
        assert made.status_code == 201
        assert made.headers["etag"] == f'"{made.json()["revision"]}"'
        read = client.get(f"{AGENTS}/{name}").json()
        assert (read["roles"], read["body"], read["source"]) == (["cook"], "You cook.", "user")
        assert read["card_info"] is None
        change = {"tones": ["warm"], "revision": read["revision"]}
        changed = client.patch(f"{AGENTS}/{name}", json=change).json()
        assert (changed["tones"], changed["roles"]) == (["warm"], ["cook"])
        assert name in [one["name"] for one in client.get(AGENTS).json()["agents"]]
        assert client.delete(f"{AGENTS}/{name}").status_code == 204
        assert client.get(f"{AGENTS}/{name}").status_code == 404
        assert name in client.get(AGENTS, params={"deleted": True}).json()["deleted"]
        kept = client.get(f"{AGENTS}/{name}/versions").json()["versions"]
        assert [one["version"] for one in kept] == [2, 1]
        back = client.post(f"{AGENTS}/{name}/restore", json={"version": 1}).json()
        assert (back["tones"], back["roles"]) == ([], ["cook"])


def test_two_editors_get_a_conflict(served: Served) -> None:
    name = some_name()
    with served.client() as client:
        first = client.post(AGENTS, json={"name": name}).json()["revision"]
        header = {"If-Match": f'"{first}"'}
        mine = client.patch(f"{AGENTS}/{name}", json={"body": "mine"}, headers=header)
        assert mine.status_code == 200
        theirs = client.patch(f"{AGENTS}/{name}", json={"body": "theirs", "revision": first})
        assert theirs.status_code == 409
        assert theirs.json()["error"]["code"] == "agent_conflict"
        assert client.get(f"{AGENTS}/{name}").json()["body"] == "mine"
        gone = client.delete(f"{AGENTS}/{name}", params={"revision": first})
        assert gone.status_code == 409


def test_versions_differ_and_come_back(served: Served) -> None:
    name = some_name()
    with served.client() as client:
        revision = client.post(AGENTS, json={"name": name, "body": "one"}).json()["revision"]
        client.patch(f"{AGENTS}/{name}", json={"body": "two", "revision": revision})
        diff = client.get(f"{AGENTS}/{name}/diff", params={"old": 1, "new": 2}).json()["diff"]
        assert "-one" in diff
        assert "+two" in diff
        assert client.get(f"{AGENTS}/{name}/diff", params={"old": 2}).json()["diff"] == ""
        text = client.get(f"{AGENTS}/{name}/versions/1").json()
        assert text["content"].endswith("one\n")
        assert client.get(f"{AGENTS}/{name}/versions/9").status_code == 404


@pytest.mark.parametrize("kind", ["json", "png", "charx"])
def test_a_card_comes_in_and_goes_out(served: Served, kind: str) -> None:
    card = corpus.some_card(20, entries=3)
    card["data"] |= {"creator": "Ada", "tags": ["calm"], "name": some_name()}
    maker = {"json": corpus.as_json, "png": corpus.as_png, "charx": corpus.as_charx}[kind]
    with served.client() as client:
        made = client.post(
            f"{AGENTS}/import", params={"filename": f"a.{kind}"}, content=maker(card)
        )
        assert made.status_code == 201
        name = made.json()["name"]
        info = client.get(f"{AGENTS}/{name}").json()["card_info"]
        assert (info["creator"], info["tags"], info["lorebook_entries"]) == ("Ada", ["calm"], 3)
        out = client.get(f"{AGENTS}/{name}/export", params={"format": "card-json"})
        assert corpus.same(out.json(), card)
        assert "attachment" in out.headers["content-disposition"]
        again = client.post(f"{AGENTS}/import", content=maker(card)).json()
        assert again["name"] == f"{name} 2"


def test_markdown_comes_in_and_goes_out(served: Served) -> None:
    with served.client() as client:
        out = client.get(f"{AGENTS}/Ren/export")
        assert out.headers["content-type"].startswith("text/markdown")
        made = client.post(f"{AGENTS}/import", params={"filename": "r.md"}, content=out.content)
        assert made.json()["name"].startswith("Ren ")


def test_a_picture_is_given_and_taken(served: Served) -> None:
    name = some_name()
    image = corpus.picture(5)
    with served.client() as client:
        client.post(AGENTS, json={"name": name})
        drawn = client.get(f"{AGENTS}/{name}/avatar")
        assert drawn.headers["content-type"] == "image/svg+xml"
        assert client.put(f"{AGENTS}/{name}/avatar", content=image).json()["avatar"]
        shown = client.get(f"{AGENTS}/{name}/avatar")
        assert (shown.content, shown.headers["content-type"]) == (image, "image/png")
        refused = client.put(f"{AGENTS}/{name}/avatar", content=b"<svg onload=alert(1)>")
        assert refused.status_code == 422
        client.delete(f"{AGENTS}/{name}/avatar")
        assert client.get(f"{AGENTS}/{name}/avatar").headers["content-type"] == "image/svg+xml"


def test_a_copy(served: Served) -> None:
    with served.client() as client:
        name = client.post(AGENTS, json={"name": some_name(), "body": "x"}).json()["name"]
        assert client.post(f"{AGENTS}/{name}/duplicate", json={}).json()["name"] == f"{name} 2"
        other = some_name()
        copied = client.post(f"{AGENTS}/{name}/duplicate", json={"name": other}).json()
        assert (copied["name"], copied["body"]) == (other, "x")
        taken = client.post(f"{AGENTS}/{name}/duplicate", json={"name": other})
        assert taken.json()["error"]["code"] == "name_taken"
        numbered = client.post(AGENTS, json={"name": name, "numbered": True}).json()
        assert numbered["name"] == f"{name} 3"


def test_search_finds_who_is_meant(serve: Callable[..., Served], tmp_path: Path) -> None:
    settings = load_settings(data_dir=tmp_path / "data", embedding_model="/nowhere")
    with Workbench.open(settings, providers=[ScriptedProvider()]) as bench:
        query = {"q": "engineer", "limit": 3}
        with serve(bench).client(**{"Accept-Language": "ja"}) as client:
            body = client.get(f"{AGENTS}/search", params=query).json()
    assert 1 <= len(body["found"]) <= 3
    assert all(one["agent"]["name"] and one["why"] for one in body["found"])
    scores = [one["score"] for one in body["found"]]
    assert scores == sorted(scores, reverse=True)
    assert "。" in body["problem"]["message"]  # there is no encoder; words were compared


def test_a_broken_file_is_told_beside_the_others(served: Served) -> None:
    file = served.bench.settings.paths.agents / "broken.md"
    file.write_text("---\ncolour: red\n---\n")
    try:
        with served.client() as client:
            served.bench.agents.list()
            problems: list[Any] = []
            until = time.monotonic() + 20
            while not problems and time.monotonic() < until:
                problems = client.get(AGENTS).json()["problems"]
            assert "broken.md" in problems[0]["message"]
    finally:
        file.unlink()


def test_a_number_that_json_does_not_know_spoils_no_list(served: Served) -> None:
    file = served.bench.settings.paths.agents / "odd.md"
    file.write_text(
        "---\nname: Odd\noptions: {temperature: .nan, top_p: -.inf, x: {y: .inf}}\n---\n"
    )
    try:
        with served.client() as client:
            assert client.get(AGENTS).status_code == 200
    finally:
        file.unlink()


def test_a_file_that_is_too_large_is_not_read(served: Served) -> None:
    with served.client() as client:
        for path, megabytes in ((f"{AGENTS}/import", 33), (f"{AGENTS}/Ren/avatar", 5)):
            method = "PUT" if path.endswith("avatar") else "POST"
            refused = client.request(method, path, content=bytes(megabytes * 1_000_000))
            assert refused.status_code == 413, path
            assert refused.json()["error"]["code"] == "body_too_large"
        streamed = client.post(f"{AGENTS}/import", content=(bytes(1_000_000) for _ in range(34)))
        assert streamed.status_code == 413


WRONG = [
    ("GET", "/nobody", None, 404, "agent_not_found"),
    ("GET", "/nobody/export", None, 404, "agent_not_found"),
    ("GET", "/nobody/avatar", None, 404, "agent_not_found"),
    ("GET", "/nobody/versions", None, 404, "agent_not_found"),
    ("GET", "/nobody/diff?old=1", None, 404, "agent_not_found"),
    ("GET", "/Ren/diff?old=99", None, 404, "not_found"),
    ("GET", "/Ren/export?format=exe", None, 422, "invalid_input"),
    ("GET", "/Ren/versions/0", None, 422, "invalid_input"),
    ("GET", "/search", None, 422, "invalid_input"),
    ("GET", "/search?q=a&limit=0", None, 422, "invalid_input"),
    ("DELETE", "/nobody", None, 404, "agent_not_found"),
    ("DELETE", "/Mizuho", None, 409, "agent_bundled"),
    ("POST", "", {"name": "REN"}, 409, "name_taken"),
    ("POST", "", {"name": ""}, 422, "file_invalid"),
    ("POST", "", {"name": "a\nb"}, 422, "file_invalid"),
    ("POST", "", {"name": "a/b"}, 422, "invalid_input"),
    ("PATCH", "/Ren", {"name": "..\\b", "revision": "0"}, 422, "invalid_input"),
    ("POST", "", {"name": "x" * 81}, 422, "file_invalid"),
    ("POST", "", {"name": "x", "colour": "red"}, 422, "invalid_input"),
    ("POST", "", {"name": "x", "talkativeness": 2}, 422, "invalid_input"),
    ("POST", "", {"name": "x", "language": "xx"}, 422, "invalid_input"),
    ("POST", "", {"name": "x", "roles": "cook"}, 422, "invalid_input"),
    ("POST", "", {"name": "x", "body": "\ud800"}, 422, "invalid_input"),
    ("POST", "", {"name": "x", "options": {"seed": float("nan")}}, 422, "invalid_input"),
    ("POST", "", {"name": "x", "options": {"a": {"b": 1}}}, 422, "invalid_input"),
    ("POST", "", {"name": "x", "source": "system"}, 422, "invalid_input"),
    ("POST", "", {"name": "x", "avatar": "../../x.png"}, 422, "invalid_input"),
    ("PATCH", "/Ren", {"body": "x"}, 422, "invalid_input"),
    ("PATCH", "/Ren", {"body": "x", "revision": "0"}, 409, "agent_conflict"),
    ("PATCH", "/nobody", {"body": "x", "revision": "0"}, 404, "agent_not_found"),
    ("POST", "/Ren/duplicate", {"name": "Aki"}, 409, "name_taken"),
    ("POST", "/Ren/restore", {"version": 99}, 404, "not_found"),
    ("POST", "/import", b"", 422, "card_invalid"),
    ("POST", "/import", b"{}", 422, "card_invalid"),
    ("POST", "/import?filename=x.md", b"no front matter", 422, "file_invalid"),
    ("PUT", "/Ren/avatar", b"", 422, "file_unusable"),
]


@pytest.mark.parametrize(("method", "path", "body", "status", "code"), WRONG)
def test_what_is_wrong_is_said(
    served: Served, method: str, path: str, body: Any, status: int, code: str
) -> None:
    given: dict[str, Any] = {"content": body}
    if isinstance(body, dict):
        given = {"content": json.dumps(body), "headers": {"Content-Type": "application/json"}}
    with served.client() as client:
        answer = client.request(method, AGENTS + path, **given)
        error = answer.json()["error"]
        assert (answer.status_code, error["code"]) == (status, code), error
        assert error["message"]
        assert error["hint"]


def test_strangers_get_nothing(served: Served) -> None:
    paths = ("", "/Ren", "/Ren/export", "/Ren/avatar", "/Ren/versions", "/search?q=a")
    with served.stranger() as client:
        for path in paths:
            assert client.get(AGENTS + path).status_code == 401, path
        assert client.post(f"{AGENTS}/import", content=b"{}").status_code == 401


def test_the_description_names_every_field(served: Served) -> None:
    with served.client() as client:
        schema = client.get("/openapi.json").json()
    fields = schema["components"]["schemas"]["AgentOut"]["properties"]
    body = served.bench.agents.get("Ren")
    with served.client() as client:
        assert set(client.get(f"{AGENTS}/{body.name}").json()) == set(fields)


def test_a_new_name_keeps_its_chairs(served: Served) -> None:
    old, new = some_name(), some_name()
    with served.client() as client:
        made = client.post(AGENTS, json={"name": old}).json()
        room = client.post("/api/v1/rooms", json={"name": old, "members": [old]}).json()["id"]
        change = {"name": new, "revision": made["revision"]}
        assert client.patch(f"{AGENTS}/{old}", json=change).json()["name"] == new
        members = client.get(f"/api/v1/rooms/{room}").json()["members"]
    assert [one["name"] for one in members] == [new]
