"""Which words of a server become which error. Rows of (status, body) and what is told."""

from __future__ import annotations

import json

import pytest

from core.errors import (
    ModelMissing,
    ModelRefused,
    OutOfMemory,
    ProviderError,
    RunnerGone,
    ServerBusy,
    ServerFault,
    WorkbenchError,
    explain,
)
from core.messages import Reason
from core.providers.faults import DETAIL_LIMIT, from_response, from_text, shortened

WORDINGS: list[tuple[str, type[ProviderError]]] = [
    ("model 'm' not found", ModelMissing),
    ('model "m" not found', ModelMissing),
    ('model "m" not found, try pulling it first', ModelMissing),
    ("model requires more system memory (2.0 GiB) than is available (1.0 GiB)", OutOfMemory),
    ("CUDA error: out of memory", OutOfMemory),
    ("llama runner process has terminated: cudaMalloc failed: out of memory", OutOfMemory),
    ("ggml_backend_cuda_buffer_type_alloc_buffer: failed to allocate buffer", OutOfMemory),
    ("not enough memory to load", OutOfMemory),
    ("server busy, please try again.  maximum pending requests exceeded", ServerBusy),
    ("an error was encountered while running the model: unexpected EOF", RunnerGone),
    ("llama runner process has terminated: exit status 2", RunnerGone),
    ('"m" does not support chat', ModelRefused),
    ("registry.ollama.ai/library/m:latest does not support tools", ModelRefused),
    ('option "num_predict" must be of type integer', ModelRefused),
    ("unexpected EOF", ServerFault),
    ("something nobody has seen", ServerFault),
    ("", ServerFault),
]


@pytest.mark.parametrize(("text", "error"), WORDINGS)
def test_a_line_after_200(text: str, error: type[ProviderError]) -> None:
    assert type(from_text("m", text)) is error


@pytest.mark.parametrize(
    ("status", "body", "error", "again"),
    [
        (400, b'{"error": "no idea"}', ModelRefused, False),
        (400, b"", ModelRefused, False),
        (401, b"", ServerFault, False),
        (403, b"", ServerFault, False),
        (404, b"404 page not found", ServerFault, False),
        (404, b'{"error": "model \'m\' not found"}', ModelMissing, False),
        (405, b"405 method not allowed", ServerFault, False),
        (413, b"<html>too large</html>", ServerFault, False),
        (429, b"", ServerBusy, True),
        (500, b'{"error": "unexpected EOF"}', ServerFault, True),
        (500, b'{"error": "llama runner process has terminated"}', RunnerGone, True),
        (500, b'{"error": "option \\"stop\\" must be of type array"}', ModelRefused, False),
        (500, b'{"error": "CUDA error: out of memory"}', OutOfMemory, False),
        (502, b"<html>Bad Gateway</html>", ServerFault, True),
        (503, b'{"error": "overloaded"}', ServerBusy, True),
        (504, b"", ServerFault, False),
        (302, b"", ServerFault, False),
        (100, b"", ServerFault, False),
        (500, b'{"error": {"message": "CUDA error: out of memory"}}', OutOfMemory, False),
        (500, b'{"error": {"message": 7}}', ServerFault, True),
        (500, b"[" * 100_000, ServerFault, True),
        (500, b"\xff\xfe\x00", ServerFault, True),
    ],
)
def test_a_status(status: int, body: bytes, error: type[ProviderError], again: bool) -> None:
    fault = from_response("m", status, body, {})
    assert (type(fault.error), fault.again) == (error, again)


def test_a_web_page_is_not_shown_to_people() -> None:
    told = str(from_response("m", 502, b"<html><script>x</script></html>", {}).error)
    assert "<" not in told
    assert "502" in told


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("two\nlines\tand\x1b[31m colour", "two lines and [31m colour"),
        ("it ended.", "it ended"),
        ("終わりました。", "終わりました"),
        ("x" * 1000, "x" * DETAIL_LIMIT),
        ("{model} {0} %s", "{model} {0} %s"),
    ],
)
def test_a_servers_words_fit_into_a_sentence(text: str, told: str) -> None:
    assert shortened(text) == told


def test_an_error_survives_being_stored() -> None:
    """A reason goes through JSON into the database and is put into words years later."""
    error = from_text("ollama:m", "CUDA error: out of memory")
    stored = json.loads(json.dumps(dict(error.reason().params)))
    assert explain(Reason(error.code, stored), "en") == error.message("en")


@pytest.mark.parametrize(
    "params",
    [
        {"wanted": "a", "used": "b", "cause": {"code": "model_missing", "params": {"model": "a"}}},
        {"wanted": "a", "used": "b", "cause": {"code": "from the future", "params": {}}},
        {"wanted": "a", "used": "b", "cause": "text of an older version"},
        {"wanted": "a", "used": "b", "cause": {"code": 7, "params": []}},
        {"wanted": "a"},
        {},
    ],
)
def test_a_stored_fallback_is_always_told(params: dict[str, object]) -> None:
    for lang in ("en", "ja", "xx"):
        assert explain(Reason("fallback", params), lang)


def test_a_cause_is_told_in_the_same_language(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []

    def translate(text: str, lang: str, params: dict[str, object]) -> str:
        asked.append(lang)
        return text.format(**params)

    monkeypatch.setattr("core.errors.base.translate", translate)
    cause = {"code": "model_missing", "params": {"model": "a"}}
    reason = Reason("fallback", {"wanted": "a", "used": "b", "cause": cause})
    assert explain(reason, "ja") == "a did not answer (a is not installed), so b did."
    assert asked == ["ja", "ja"]


def test_every_provider_error_has_words_and_a_next_step() -> None:
    waiting: list[type[WorkbenchError]] = [ProviderError]
    while waiting:
        error = waiting.pop()
        waiting.extend(error.__subclasses__())
        assert error.text
        assert error.next_step
        assert error.code != "error"
