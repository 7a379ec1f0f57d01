"""What only models of this machine's own processes do, as OpenAI's client sees it."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import openai
import pytest
from openai import OpenAI

from core.providers.huggingface import HuggingFaceProvider
from core.runner.pool import RunnerPool
from core.settings import load_settings
from core.workbench import Workbench
from testing.scripted_model import ScriptedProvider
from testing.tiny_model import Shape, make_tiny_model
from tests.api.conftest import Served

HELLO: list[Any] = [{"role": "user", "content": "Hello there"}]
MODEL = "hf:tiny"
WIDTH = 32
CARD = {
    "type": "object",
    "properties": {
        "who": {"enum": ["Ren", "瑞穂"]},
        "age": {"type": "integer", "minimum": 7, "maximum": 12},
        "likes": {"type": "array", "items": {"type": "string", "maxLength": 6}, "maxItems": 3},
        "awake": {"type": ["boolean", "null"]},
    },
    "required": ["who", "age", "likes", "awake"],
}


@pytest.fixture
def client(tmp_path: Path, serve: Callable[..., Served]) -> Iterator[OpenAI]:
    tiny = make_tiny_model(tmp_path / "models" / "tiny", shape=Shape(hidden=WIDTH))
    settings = load_settings(data_dir=tmp_path / "data", embedding_model=str(tiny))
    hf = HuggingFaceProvider(RunnerPool(logs=tmp_path), tmp_path / "models")
    with Workbench.open(settings, providers=[ScriptedProvider(), hf]) as bench:
        app = serve(bench)
        with OpenAI(
            base_url=f"{app.url}/v1", api_key=app.token, max_retries=0, timeout=100
        ) as made:
            yield made


def wanted(schema: dict[str, Any]) -> Any:
    return {"type": "json_schema", "json_schema": {"name": "card", "schema": schema}}


def test_an_answer_has_the_shape_of_its_schema(client: OpenAI) -> None:
    """The model is a random one: without the shape it says nothing that is JSON."""
    given: dict[str, Any] = {"model": MODEL, "messages": HELLO, "max_tokens": 200}
    plain = client.chat.completions.create(**given, temperature=1, seed=1)
    assert not (plain.choices[0].message.content or "").startswith("{")
    for seed in range(6):
        found = client.chat.completions.create(
            **given, temperature=1.5, seed=seed, response_format=wanted(CARD)
        )
        assert found.choices[0].finish_reason == "stop"
        card = json.loads(found.choices[0].message.content or "")
        assert set(card) == set(CARD["required"])
        assert card["who"] in ("Ren", "瑞穂")
        assert 7 <= card["age"] <= 12
        assert len(card["likes"]) <= 3
        assert all(len(one) <= 6 for one in card["likes"])
        assert card["awake"] in (True, False, None)

    found = client.chat.completions.create(**given, response_format={"type": "json_object"})
    assert (found.choices[0].message.content or "").startswith("{")

    for schema, why in (
        ({"type": "array", "uniqueItems": True}, "uniqueItems"),
        ({"$ref": "http://example.invalid/x.json"}, "example.invalid"),
        ({"type": "nonsense"}, "nonsense"),
    ):
        with pytest.raises(openai.APIStatusError, match=why) as raised:
            client.chat.completions.create(**given, response_format=wanted(schema))
        assert raised.value.code == "model_refused"

    url = {"url": "data:image/png;base64,iVBORw=="}
    pictures: Any = [{"role": "user", "content": [{"type": "image_url", "image_url": url}]}]
    with pytest.raises(openai.APIStatusError) as raised:
        client.chat.completions.create(model=MODEL, messages=pictures)
    assert raised.value.code == "incapable"


def test_vectors_of_an_encoder_of_ones_own(client: OpenAI) -> None:
    found = client.embeddings.create(model="embedding", input=["rain on the roof", "sun"])
    assert [len(entry.embedding) for entry in found.data] == [WIDTH, WIDTH]
    plain = client.embeddings.create(model="embedding", input="sun", encoding_format="float")
    assert plain.data[0].embedding == pytest.approx(found.data[1].embedding, abs=1e-4)
    assert sum(x * x for x in plain.data[0].embedding) == pytest.approx(1, abs=1e-3)
    assert plain.data[0].embedding != pytest.approx(found.data[0].embedding, abs=1e-2)
    with pytest.raises(openai.NotFoundError):
        client.embeddings.create(model="nobody", input="x")
