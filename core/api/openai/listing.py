"""What can be asked over /v1, by name, and the vectors of the local encoder."""

from __future__ import annotations

from typing import Any

from core.api.openai.asked import refuse
from core.api.openai.schemas import EmbeddingsIn
from core.api.openai.shapes import model_entry, vector_entry
from core.api.openai.voices import AGENT, AUTO, ROOM
from core.errors import ModelNotFound
from core.providers.base import CHAT
from core.providers.tokens import estimate_tokens
from core.workbench import Workbench

ENCODER = "embedding"


def entries(bench: Workbench) -> list[dict[str, Any]]:
    """Everything that has a name here; `created` is when this app was started."""
    started = int(bench.started_at)
    agents = [(AGENT + agent.name, "engawa") for agent in bench.agents.list()]
    rooms = [(ROOM + one.room.name, "engawa") for one in bench.rooms.list()]
    models = [
        (model.ref, model.host or model.provider)
        for model in bench.registry.models()
        if CHAT in model.capabilities
    ]
    named = [(AUTO, "engawa"), (ENCODER, "engawa"), *agents, *rooms, *models]
    return [model_entry(name, owner, started) for name, owner in named]


def find(bench: Workbench, name: str) -> dict[str, Any]:
    """
    Raises:
        RoomNotFound, AgentNotFound, ModelNotFound, ModelMissing: nobody has that name.
    """
    started, owner = int(bench.started_at), "engawa"
    if name.startswith(ROOM):
        bench.rooms.get(name.removeprefix(ROOM))
    elif name.startswith(AGENT):
        bench.agents.get(name.removeprefix(AGENT))
    elif name not in (AUTO, ENCODER):
        info = bench.registry.info(name)
        owner = info.host or info.provider
    return model_entry(name, owner, started)


def vectors(bench: Workbench, body: EmbeddingsIn) -> dict[str, Any]:
    """
    Raises:
        ModelNotFound: that is not the encoder here.
        EncoderAway: there is none, or it failed.
        InvalidInput: a text is empty, or another length is wanted.
    """
    encoder = bench.encoder
    if body.model not in (ENCODER, encoder.name):
        raise ModelNotFound(model=body.model)
    if body.dimensions is not None:
        refuse("dimensions", "nothing: the encoder has one length", body.dimensions)
    texts = [body.input] if isinstance(body.input, str) else list(body.input)
    if not all(text.strip() for text in texts):
        refuse("input", "texts that are not empty", "an empty one")
    found = encoder.encode(texts)
    packed = body.encoding_format == "base64"
    data = [vector_entry(at, vector, packed=packed) for at, vector in enumerate(found)]
    tokens = sum(estimate_tokens(text) for text in texts)
    usage = {"prompt_tokens": tokens, "total_tokens": tokens}
    return {"object": "list", "model": body.model, "data": data, "usage": usage}
