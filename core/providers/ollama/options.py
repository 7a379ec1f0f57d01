"""What is asked of Ollama for one answer: the request's parameters and the model's window."""

from __future__ import annotations

import threading
from typing import Any
from urllib.parse import urlsplit, urlunsplit

from core.errors import ModelRefused
from core.providers.abilities import tool_body
from core.providers.base import GenerationOptions
from core.providers.ollama.models import Shape
from core.runner.loading import LoadOptions

DEFAULT_PORT = 11434

# Ollama ignores an option that it does not know without a word, so the known ones are listed.
KNOWN_OPTIONS = frozenset(
    {
        "num_keep",
        "seed",
        "num_predict",
        "top_k",
        "top_p",
        "min_p",
        "typical_p",
        "repeat_last_n",
        "temperature",
        "repeat_penalty",
        "presence_penalty",
        "frequency_penalty",
        "stop",
        "num_ctx",
        "num_batch",
        "num_gpu",
        "main_gpu",
        "use_mmap",
        "num_thread",
        "draft_num_predict",
    }
)
_BESIDE_OPTIONS = frozenset({"keep_alive", "format"})


def address_of(url: str) -> str:
    """A complete URL from what people write: "localhost", "0.0.0.0:11434", "https://box/ai/".

    An address to listen on (0.0.0.0) becomes the one to call.
    """
    parts = urlsplit(url if "://" in url else f"http://{url}")
    host = parts.hostname or "127.0.0.1"
    host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)
    host = f"[{host}]" if ":" in host else host
    port = parts.port or (None if "://" in url else DEFAULT_PORT)
    place = host if port is None else f"{host}:{port}"
    return urlunsplit((parts.scheme, place, parts.path.rstrip("/"), "", ""))


def parameters(ref: str, options: GenerationOptions, window: int, thinks: bool) -> dict[str, Any]:
    """The keyword arguments for ChatOllama's stream.

    Raises:
        ModelRefused: `options.extra` has a name that Ollama does not know.
    """
    extra = dict(options.extra)
    beside = {name: extra.pop(name) for name in _BESIDE_OPTIONS & extra.keys()}
    unknown = sorted(extra.keys() - KNOWN_OPTIONS)
    if unknown:
        raise ModelRefused(model=ref, detail=f"Ollama has no option “{unknown[0]}”")
    given = {
        "temperature": options.temperature,
        "top_p": options.top_p,
        "seed": options.seed,
        "stop": list(options.stop) or None,
    }
    chosen = {name: value for name, value in given.items() if value is not None}
    asked = {"num_predict": options.max_tokens, **chosen, **extra, "num_ctx": window}
    asked |= _layers(options.load)
    if options.tools:
        beside["tools"] = [tool_body(tool) for tool in options.tools]
    if options.format is not None:
        beside["format"] = options.format if options.format == "json" else dict(options.format)
    return {"options": asked, "reasoning": thinks, **beside}


def _layers(load: LoadOptions | None) -> dict[str, int]:
    """How many layers go to the card; nothing is said where the server may choose."""
    if load is None:
        return {}
    if load.device == "cpu":
        return {"num_gpu": 0}
    return {} if load.gpu_layers is None else {"num_gpu": load.gpu_layers}


class Windows:
    """The `num_ctx` of each model: another value reloads the model, so it only ever grows.

    Two agents with different wishes on one model both get the larger window. A value above the
    model's own window would be cut in silence; it is cut here instead. Thread-safe.
    """

    def __init__(self, default: int) -> None:
        self._default = default
        self._held: dict[str, int] = {}
        self._lock = threading.Lock()

    def held(self, name: str, asked: int | None, shape: Shape | None) -> int:
        """The window to send; `asked` is `None` when nobody has a wish (loading, vectors)."""
        with self._lock:
            window = max(self._held.get(name, 0), asked or 0) or self._default
            if shape is not None and shape.context_tokens:
                window = min(window, shape.context_tokens)
            self._held[name] = window
            return window

    def exactly(self, name: str, window: int, shape: Shape | None) -> int:
        """Hold this window from now on, though it is smaller than before: memory ran short."""
        self.forget(name)
        return self.held(name, window, shape)

    def forget(self, name: str) -> None:
        """It did not fit: the next wish counts, even when it is smaller."""
        with self._lock:
            self._held.pop(name, None)
