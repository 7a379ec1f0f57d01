"""Everything that the official OpenAI client does with this app, over a real socket."""

from __future__ import annotations

import json
from typing import Any

import httpx
import openai
import pytest
from openai import OpenAI

from core.errors import ServerFault
from core.messages import PromptMessage
from testing.scripted_model import Script, ScriptedProvider
from testing.scripted_openai import CHAT, DONE, ScriptedOpenAI, delta, error, events, finish
from tests.api.conftest import Served
from tests.api.openai.conftest import TINY

HELLO: list[Any] = [{"role": "user", "content": "Hello there"}]
CITY = {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]}
WEATHER: Any = {
    "type": "function",
    "function": {"name": "get_weather", "description": "Weather", "parameters": CITY},
}
PNG = "data:image/png;base64,iVBORw=="


def test_the_models(client: OpenAI, app: Served) -> None:
    names = [model.id for model in client.models.list()]
    assert {"auto", "embedding", "room/Engawa", "starter", TINY} <= set(names)
    assert f"agent/{app.bench.agents.list()[0].name}" in names
    assert "openai:text-embedding-tiny@box" not in names
    assert client.models.retrieve("room/Engawa").id == "room/Engawa"
    with pytest.raises(openai.NotFoundError):
        client.models.retrieve("room/nowhere")


def test_a_model_answers_and_its_options_arrive(client: OpenAI, behind: ScriptedOpenAI) -> None:
    options: dict[str, Any] = {"max_tokens": 3, "temperature": 0.5, "seed": 7, "stop": ["x", "y"]}
    found = client.chat.completions.create(
        model=TINY, messages=HELLO, user="me", extra_body={"nobody_knows": 1}, **options
    )
    assert found.choices[0].message.content == "the evening light "
    assert found.choices[0].finish_reason == "length"
    assert found.usage is not None
    assert (found.usage.prompt_tokens, found.usage.completion_tokens) == (7, 3)
    assert found.usage.total_tokens == 10
    body = behind.to(CHAT)[0].json
    assert {name: body[name] for name in options} == options
    assert body["messages"] == HELLO


def test_a_stream_with_its_usage(client: OpenAI) -> None:
    stream = client.chat.completions.create(
        model=TINY,
        messages=HELLO,
        stream=True,
        max_completion_tokens=3,
        stream_options={"include_usage": True},
    )
    chunks = list(stream)
    assert chunks[0].choices[0].delta.role == "assistant"
    texts = [chunk.choices[0].delta.content or "" for chunk in chunks if chunk.choices]
    assert [text for text in texts if text] == ["the ", "evening ", "light "]
    assert chunks[-2].choices[0].finish_reason == "length"
    assert chunks[-1].choices == []
    assert chunks[-1].usage is not None
    assert chunks[-1].usage.total_tokens == 10
    assert len({chunk.id for chunk in chunks}) == 1


def test_tools_and_pictures(client: OpenAI, behind: ScriptedOpenAI) -> None:
    call = {"index": 0, "id": "c9", "function": {"name": "get_weather", "arguments": '{"city":'}}
    rest = {"index": 0, "function": {"arguments": ' "大阪"}'}}
    steps = [delta(None, tool_calls=[call]), delta(None, tool_calls=[rest]), finish("tool_calls")]
    behind.on(CHAT, events(*steps, DONE))
    picture: list[Any] = [{"type": "text", "text": "?"}]
    picture.append({"type": "image_url", "image_url": {"url": PNG}})
    asked: list[Any] = [{"role": "developer", "content": "Be brief."}]
    asked.append({"role": "user", "content": picture})
    found = client.chat.completions.create(model=TINY, messages=asked, tools=[WEATHER])
    assert found.choices[0].finish_reason == "tool_calls"
    (wish,) = found.choices[0].message.tool_calls or []
    assert wish.type == "function"
    assert (wish.id, wish.function.name) == ("c9", "get_weather")
    assert json.loads(wish.function.arguments) == {"city": "大阪"}
    behind.heal()
    answered = [*asked, found.choices[0].message.model_dump(exclude_none=True)]
    answered.append({"role": "tool", "tool_call_id": "c9", "content": "18 C"})
    again = client.chat.completions.create(model=TINY, messages=answered, tools=[WEATHER])
    assert again.choices[0].message.content
    sent = behind.to(CHAT)[1].json["messages"]
    assert [message["role"] for message in sent] == ["system", "user", "assistant", "tool"]
    assert sent[1]["content"][1]["image_url"]["url"] == PNG
    assert sent[2]["tool_calls"][0]["id"] == sent[3]["tool_call_id"] == "c9"


def test_tool_calls_in_a_stream(client: OpenAI, behind: ScriptedOpenAI) -> None:
    call = {"index": 0, "id": "c9", "function": {"name": "get_weather", "arguments": "{}"}}
    behind.on(CHAT, events(delta(None, tool_calls=[call]), finish("tool_calls"), DONE))
    stream = client.chat.completions.create(
        model=TINY, messages=HELLO, tools=[WEATHER], stream=True
    )
    chunks = [chunk.choices[0] for chunk in stream]
    calls = [one for chunk in chunks for one in chunk.delta.tool_calls or []]
    assert [(one.index, one.id) for one in calls] == [(0, "c9")]
    assert chunks[-1].finish_reason == "tool_calls"


def test_a_shape_for_the_answer(client: OpenAI, behind: ScriptedOpenAI) -> None:
    shape: Any = {"type": "json_schema", "json_schema": {"name": "city", "schema": CITY}}
    client.chat.completions.create(model=TINY, messages=HELLO, response_format=shape)
    client.chat.completions.create(
        model=TINY, messages=HELLO, response_format={"type": "json_object"}
    )
    first, second = (request.json["response_format"] for request in behind.to(CHAT))
    assert first["json_schema"]["schema"] == CITY
    assert second == {"type": "json_object"}


def test_thoughts_come_beside_the_answer(client: OpenAI, behind: ScriptedOpenAI) -> None:
    behind.on(CHAT, events(delta(None, reasoning_content="Hm."), delta("Yes."), finish(), DONE))
    message = client.chat.completions.create(model=TINY, messages=HELLO).choices[0].message
    assert message.content == "Yes."
    assert message.model_dump()["reasoning_content"] == "Hm."


def test_auto_is_the_apps_own_chain_and_says_who_answered(client: OpenAI, app: Served) -> None:
    app.bench.preferences.set("default_model", "openai:gone@box")
    found = client.chat.completions.create(model="auto", messages=HELLO)
    assert found.choices[0].message.content == "Good evening."
    about = found.model_dump()["engawa"]
    assert about["model"] == "starter"
    assert "openai:gone@box" in about["reason"]


def test_a_model_that_was_named_is_not_replaced(
    client: OpenAI, behind: ScriptedOpenAI, starter: ScriptedProvider
) -> None:
    behind.on(CHAT, error(500, "CUDA out of memory"))
    with pytest.raises(openai.InternalServerError) as raised:
        client.chat.completions.create(model=TINY, messages=HELLO)
    assert raised.value.code == "out_of_memory"
    assert starter.asked == []


def test_an_agent_answers_the_history_and_keeps_nothing(
    client: OpenAI, app: Served, starter: ScriptedProvider
) -> None:
    agent = app.bench.agents.list()[0]
    rooms = [one.room.last_seq for one in app.bench.rooms.list()]
    history: list[Any] = [
        {"role": "user", "content": "My name is Mio."},
        {"role": "assistant", "content": "Good to meet you."},
        {"role": "user", "content": "What is my name?"},
    ]
    found = client.chat.completions.create(model=f"agent/{agent.name}", messages=history)
    assert found.choices[0].message.content == "Good evening."
    prompt = starter.asked[-1][1]
    assert agent.name in prompt[0].content
    said = "\n".join(message.content for message in prompt)
    assert "My name is Mio." in said
    assert "Good to meet you." in said
    assert [one.room.last_seq for one in app.bench.rooms.list()] == rooms


def test_an_unfinished_answer_is_gone_on_with(
    client: OpenAI, app: Served, behind: ScriptedOpenAI, starter: ScriptedProvider
) -> None:
    agent = app.bench.agents.list()[0].name
    begun: Any = [*HELLO, {"role": "assistant", "content": "Good"}]
    further: Any = {"messages": begun, "extra_body": {"continue_final_message": True}}
    starter.scripts = {"starter": Script((" evening", "."))}
    for model in (f"agent/{agent}", "starter"):
        found = client.chat.completions.create(model=model, **further)
        assert found.choices[0].message.content == " evening."
        assert starter.asked[-1][1][-1] == PromptMessage("assistant", "Good", unfinished=True)
    client.chat.completions.create(model=TINY, **further)
    assert behind.to(CHAT)[0].json["messages"] == begun
    with pytest.raises(openai.UnprocessableEntityError):
        client.chat.completions.create(**{**further, "model": TINY, "messages": HELLO})


def test_an_agent_with_tools(client: OpenAI, app: Served, behind: ScriptedOpenAI) -> None:
    agent = app.bench.agents.list()[0]
    app.bench.preferences.set("default_model", TINY)
    call = {"index": 0, "id": "c9", "function": {"name": "get_weather", "arguments": "{}"}}
    behind.on(CHAT, events(delta(None, tool_calls=[call]), finish("tool_calls"), DONE))
    found = client.chat.completions.create(
        model=f"agent/{agent.name}", messages=HELLO, tools=[WEATHER]
    )
    assert found.choices[0].message.tool_calls
    sent = behind.to(CHAT)[0].json
    assert agent.name in sent["messages"][0]["content"]
    assert sent["messages"][1:] == HELLO


@pytest.mark.slow  # the encoder is loaded in a process of its own
def test_vectors(client: OpenAI) -> None:
    client = client.with_options(timeout=110)
    found = client.embeddings.create(model="embedding", input=["rain", "sun"])
    assert [len(entry.embedding) for entry in found.data] == [384, 384]
    plain = client.embeddings.create(model="embedding", input="rain", encoding_format="float")
    assert plain.data[0].embedding == pytest.approx(found.data[0].embedding, abs=1e-4)
    assert sum(x * x for x in plain.data[0].embedding) == pytest.approx(1, abs=1e-3)


# --- refusals -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("given", "kind", "param"),
    [
        ({"n": 2}, openai.UnprocessableEntityError, "n"),
        ({"tool_choice": "required"}, openai.UnprocessableEntityError, "tool_choice"),
        ({"max_tokens": 0}, openai.UnprocessableEntityError, "max_tokens"),
        ({"messages": []}, openai.UnprocessableEntityError, "messages"),
        ({"model": "nobody:x"}, openai.NotFoundError, None),
        ({"model": "agent/nobody"}, openai.NotFoundError, None),
        ({"model": "room/nowhere"}, openai.NotFoundError, None),
        ({"model": "openai:x@nobody"}, openai.NotFoundError, None),
    ],
)
def test_a_wrong_request(
    client: OpenAI, given: dict[str, Any], kind: type[openai.APIStatusError], param: str | None
) -> None:
    with pytest.raises(kind) as raised:
        client.chat.completions.create(**{"model": TINY, "messages": HELLO, **given})
    body: Any = raised.value.body
    assert {"code", "message", "hint", "type", "param"} == set(body)
    assert raised.value.param == param


@pytest.mark.parametrize("url", ["http://127.0.0.1:1/x.png", "data:text/html;base64,AA==", "x"])
def test_no_picture_is_fetched(client: OpenAI, url: str) -> None:
    content: Any = [{"type": "image_url", "image_url": {"url": url}}]
    with pytest.raises(openai.UnprocessableEntityError):
        client.chat.completions.create(model=TINY, messages=[{"role": "user", "content": content}])


def test_without_the_token(app: Served) -> None:
    with OpenAI(base_url=f"{app.url}/v1", api_key="wrong", max_retries=0) as stranger:
        with pytest.raises(openai.AuthenticationError) as raised:
            stranger.models.list()
        assert raised.value.type == "authentication_error"
        with pytest.raises(openai.AuthenticationError):
            stranger.chat.completions.create(model="room/Engawa", messages=HELLO)


def test_an_error_in_the_middle_of_a_stream(client: OpenAI, behind: ScriptedOpenAI) -> None:
    behind.on(CHAT, events(delta("Hel"), ended=True))
    stream = client.chat.completions.create(model=TINY, messages=HELLO, stream=True)
    came = []
    with pytest.raises(openai.APIError) as raised:
        came.extend(chunk.choices[0].delta.content for chunk in stream)
    assert came == ["Hel"]
    assert raised.value.code == "stream_broken"


@pytest.mark.parametrize("streamed", [True, False])
def test_leaving_ends_the_run(client: OpenAI, behind: ScriptedOpenAI, streamed: bool) -> None:
    behind.every_s, behind.tokens = 0.05, 2_000
    if streamed:
        stream = client.chat.completions.create(
            model=TINY, messages=HELLO, stream=True, max_tokens=2_000
        )
        next(iter(stream))
        stream.close()
    else:
        with pytest.raises(openai.APITimeoutError):
            client.with_options(timeout=2).chat.completions.create(
                model=TINY, messages=HELLO, max_tokens=2_000
            )
    assert behind.to(CHAT)[0].gone.wait(3)


# --- rooms ----------------------------------------------------------------------------------


def test_a_room_streams_its_turns_with_their_speakers(
    client: OpenAI, app: Served, starter: ScriptedProvider
) -> None:
    names = [agent.name for agent in app.bench.agents.list()[:2]]
    room = app.bench.rooms.create("Evening", names)
    history: list[Any] = [{"role": "user", "content": "not this"}, *HELLO]
    stream = client.chat.completions.create(model="room/Evening", messages=history, stream=True)
    chunks = list(stream)
    said = "".join(chunk.choices[0].delta.content or "" for chunk in chunks)
    assert said == f"{names[0]}: Good evening.\n\n{names[1]}: Good evening."
    assert chunks[-1].choices[0].finish_reason == "stop"
    kept = [message.content for message in app.bench.rooms.messages(room.id)]
    assert kept == ["Hello there", "Good evening.", "Good evening."]
    about = chunks[-1].model_dump()["engawa"]
    assert [turn["sender"] for turn in about["turns"]] == names


def test_a_retry_with_its_key_says_nothing_twice(client: OpenAI, app: Served) -> None:
    names = [agent.name for agent in app.bench.agents.list()[:2]]
    room = app.bench.rooms.create("Evening", names)
    keyed = {"Idempotency-Key": "once"}
    first, second = (
        client.chat.completions.create(model="room/Evening", messages=HELLO, extra_headers=keyed)
        for _ in range(2)
    )
    assert first.choices[0].message.content == second.choices[0].message.content
    assert len(app.bench.rooms.messages(room.id)) == 3
    client.chat.completions.create(model="room/Evening", messages=HELLO)
    again = client.chat.completions.create(
        model="room/Evening", messages=HELLO, extra_headers=keyed
    )
    assert again.choices[0].message.content == first.choices[0].message.content
    other: list[Any] = [{"role": "user", "content": "Something else"}]
    with pytest.raises(openai.ConflictError):
        client.chat.completions.create(model="room/Evening", messages=other, extra_headers=keyed)


def test_a_room_goes_on_when_the_client_leaves(
    client: OpenAI, app: Served, starter: ScriptedProvider
) -> None:
    starter.scripts = {"starter": Script(("One ", "two ", "three."), pause_s=0.2)}
    app.bench.rooms.create("Evening", [app.bench.agents.list()[0].name])
    stream = client.chat.completions.create(model="room/Evening", messages=HELLO, stream=True)
    next(iter(stream))
    stream.close()
    assert app.bench.rooms.wait_idle("Evening", 10)
    assert app.bench.rooms.messages("Evening")[-1].content == "One two three."


def test_a_turn_that_fails_says_why(client: OpenAI, app: Served, starter: ScriptedProvider) -> None:
    fault = ServerFault(model="starter", detail="it is tired")
    starter.scripts = {"starter": Script(("One ", "two."), error=fault, fail_after=1)}
    app.bench.rooms.create("Evening", [app.bench.agents.list()[0].name])
    found = client.chat.completions.create(model="room/Evening", messages=HELLO)
    content = found.choices[0].message.content or ""
    assert "One" in content
    assert "it is tired" in content


def test_a_room_without_agents_is_silent(client: OpenAI, app: Served) -> None:
    app.bench.rooms.create("Empty")
    found = client.chat.completions.create(model="room/Empty", messages=HELLO)
    assert found.choices[0].message.content == ""


@pytest.mark.parametrize(
    "given",
    [
        {"tools": [WEATHER]},
        {"messages": [HELLO[0] | {"role": "system"}]},
        {"extra_body": {"continue_final_message": True}},
    ],
)
def test_what_a_room_is_not_asked(client: OpenAI, app: Served, given: dict[str, Any]) -> None:
    room = app.bench.rooms.create("Evening")
    with pytest.raises(openai.UnprocessableEntityError):
        client.chat.completions.create(**{"model": "room/Evening", "messages": HELLO, **given})
    assert app.bench.rooms.messages(room.id) == []


def test_the_first_words_come_while_it_still_speaks(
    client: OpenAI, app: Served, starter: ScriptedProvider
) -> None:
    starter.scripts = {"starter": Script(("One two three. ",) * 20, pause_s=0.2)}
    app.bench.rooms.create("Evening", [app.bench.agents.list()[0].name])
    stream = client.chat.completions.create(model="room/Evening", messages=HELLO, stream=True)
    texts = (chunk.choices[0].delta.content or "" for chunk in stream)
    assert any("One" in text for text in texts)
    assert app.bench.rooms.presence("Evening").speaking is not None
    stream.close()
    app.bench.rooms.stop("Evening")


def test_bodies_that_are_too_large_or_no_json(app: Served) -> None:
    with app.client() as plain:
        plain.headers["Content-Type"] = "application/json"
        huge = plain.post("/v1/chat/completions", content=b"[" + b" " * 21_000_000 + b"]")
        assert huge.status_code == 413
        bad: httpx.Response = plain.post("/v1/chat/completions", content=b"{")
        assert (bad.status_code, bad.json()["error"]["type"]) == (422, "invalid_request_error")
