"""Downloads from a hub on loopback: what is taken, what is refused, and what happens offline."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from core.jobs import JobState
from core.paths import STARTER_MODEL, DataPaths
from core.workbench import Workbench
from testing.scripted_http import ScriptedHttp
from testing.scripted_hub import ScriptedHub
from tests.models.conftest import code, ended

REF = "hf:own/small"


def weights(size: int) -> bytes:
    """A safetensors file with one tensor of so many bytes."""
    tensor = {"dtype": "F32", "shape": [size // 4], "data_offsets": [0, size]}
    header = json.dumps({"weight": tensor}).encode()
    return len(header).to_bytes(8, "little") + header + bytes(size)


def files() -> dict[str, bytes]:
    """A model as a hub has it, with things beside it that are never taken."""
    small = {"config.json", "tokenizer.json", "tokenizer_config.json", "chat_template.jinja"}
    there = {file.name: file.read_bytes() for file in STARTER_MODEL.iterdir() if file.name in small}
    return {
        **there,
        "model.safetensors": weights(400_000),
        "pytorch_model.bin": b"pickle" * 500,
        "modeling_own.py": b"print('no')",
        "README.md": b"words",
        "onnx/model.onnx": b"other",
        "../../evil.json": b"{}",
    }


@pytest.fixture
def hub(monkeypatch: pytest.MonkeyPatch) -> Iterator[ScriptedHub]:
    with ScriptedHub({"own/small": files()}) as started:
        monkeypatch.setenv("HF_ENDPOINT", started.url)
        monkeypatch.delenv("HF_TOKEN", raising=False)
        yield started


def asked(hub: ScriptedHub) -> list[str]:
    return [
        request.path.rpartition("/")[2] for request in hub.requests if "resolve" in request.path
    ]


def test_only_what_is_safe_is_taken(
    hub: ScriptedHub, bench: Workbench, data_paths: DataPaths
) -> None:
    job = ended(bench, bench.models.pull(REF))
    assert (job.state, code(job)) == (JobState.DONE, None)
    there = {file.name for file in (data_paths.models / "own" / "small").iterdir()}
    assert there == {
        "chat_template.jinja",
        "config.json",
        "model.safetensors",
        "tokenizer.json",
        "tokenizer_config.json",
    }
    assert set(asked(hub)) == there
    assert asked(hub)[-1] in ("model.safetensors", "tokenizer.json")
    assert bench.registry.info(REF).size_bytes == len(files()["model.safetensors"])
    assert not (data_paths.jobs / job.id).exists()
    assert code(ended(bench, bench.models.pull(REF))) == "name_taken"


def test_it_goes_on_where_it_broke_off(
    hub: ScriptedHub, bench: Workbench, data_paths: DataPaths
) -> None:
    hub.break_after, hub.pause_s = 200_000, 0.05
    job = ended(bench, bench.models.pull(REF))
    assert (job.state, code(job)) == (JobState.FAILED, "transfer_broken")
    again = ended(bench, bench.models.pull(REF))
    assert (again.id, again.state) == (job.id, JobState.DONE)
    assert any("range" in request.headers for request in hub.requests)
    whole = (data_paths.models / "own" / "small" / "model.safetensors").read_bytes()
    assert whole == files()["model.safetensors"]


def test_cancelled_nothing_lies_in_the_models_folder(
    hub: ScriptedHub, bench: Workbench, data_paths: DataPaths
) -> None:
    hub.pause_s = 0.1
    job = bench.models.pull(REF)
    next(one for one in bench.jobs.follow(job.id) if one.progress.share)
    bench.jobs.cancel(job.id)
    assert ended(bench, job).state is JobState.CANCELLED
    assert list(data_paths.models.iterdir()) == []
    hub.pause_s = 0
    assert ended(bench, bench.jobs.resume(job.id)).state is JobState.DONE


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        (404, "not_in_source"),
        (401, "source_wants_token"),
        (403, "source_wants_token"),
        (500, "server_fault"),
    ],
)
def test_a_refusal_has_its_own_next_step(
    status: int, expected: str, hub: ScriptedHub, bench: Workbench
) -> None:
    hub.status = status
    assert code(ended(bench, bench.models.pull(REF))) == expected


def test_offline_says_so(hub: ScriptedHub, bench: Workbench) -> None:
    hub.stop()
    job = ended(bench, bench.models.pull(REF))
    assert code(job) == "source_away"


def test_a_wrong_checksum_is_thrown_away(hub: ScriptedHub, bench: Workbench) -> None:
    hub.lies.add("model.safetensors")
    assert code(ended(bench, bench.models.pull(REF))) == "digest_wrong"
    hub.lies.clear()
    assert ended(bench, bench.models.pull(REF)).state is JobState.DONE


def test_pickles_alone_are_refused_before_anything_is_fetched(
    hub: ScriptedHub, bench: Workbench
) -> None:
    del hub.repos["own/small"]["model.safetensors"]
    assert code(ended(bench, bench.models.pull(REF))) == "weights_pickled"
    assert asked(hub) == []


def test_code_of_its_own_is_refused(
    hub: ScriptedHub, bench: Workbench, data_paths: DataPaths
) -> None:
    config = json.loads(files()["config.json"]) | {"auto_map": {"AutoModel": "modeling_own.Own"}}
    hub.repos["own/small"]["config.json"] = json.dumps(config).encode()
    assert code(ended(bench, bench.models.pull(REF))) == "code_inside"
    assert list(data_paths.models.iterdir()) == []


def test_redirects_are_followed_on_the_hub_only(hub: ScriptedHub, bench: Workbench) -> None:
    hub.redirect = "/elsewhere"
    assert ended(bench, bench.models.pull(REF)).state is JobState.DONE


@pytest.mark.parametrize("host", ["localhost", "127.0.0.2"])
def test_redirects_elsewhere_are_refused(host: str, hub: ScriptedHub, bench: Workbench) -> None:
    with ScriptedHttp() as elsewhere:
        hub.redirect = f"http://{host}:{elsewhere.port}"
        assert code(ended(bench, bench.models.pull(REF))) == "server_fault"
        assert elsewhere.requests == []


def test_the_token_goes_to_the_hub_only(
    hub: ScriptedHub, bench: Workbench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HF_TOKEN", "hf_secret")
    job = ended(bench, bench.models.pull(REF))
    assert all(request.headers["authorization"] == "Bearer hf_secret" for request in hub.requests)
    assert "hf_secret" not in str(job)


def test_a_full_disk_is_told_before_anything_is_fetched(
    hub: ScriptedHub, bench: Workbench, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    from core.models import hub as downloads

    monkeypatch.setattr(downloads, "SPARE_BYTES", 1 << 60)
    assert code(ended(bench, bench.models.pull(REF))) == "no_room_on_disk"
    assert asked(hub) == []
