"""An Ollama server's models in and out of its memory, and off its disk."""

from __future__ import annotations

import threading
import time
from collections.abc import Mapping
from typing import Any

from core.errors import ProviderError, ServerFault, WorkbenchError
from core.providers.base import GenerationOptions, name_of
from core.providers.managed import ModelDetails
from core.providers.ollama.api import OllamaApi
from core.providers.ollama.chat import OllamaChat
from core.providers.ollama.library import OllamaLibrary
from core.providers.ollama.models import Shape, full_name, loaded_names
from core.providers.ollama.options import Windows
from core.providers.ollama.shapes import Shapes
from core.providers.watch import Cancelled, Watch
from core.runner.loading import LoadOptions

LOAD_S = 600.0
GONE_S = 15.0
_LOOK_S = 0.1


class OllamaManaging:
    """The part of `OllamaProvider` that is `Managed`."""

    url: str
    library: OllamaLibrary
    _api: OllamaApi
    _shapes: Shapes
    _windows: Windows
    _chat: OllamaChat
    _closing: threading.Event
    _warming: dict[str, threading.Thread]
    _lock: threading.Lock

    def warm(self, ref: str) -> None:
        """Load the model with the window that the next answer will ask for."""
        with self._lock:
            if self._closing.is_set() or ref in self._warming:
                return
            thread = threading.Thread(
                target=self._warm, args=(ref,), name="ollama-warm", daemon=True
            )
            self._warming[ref] = thread
            thread.start()

    def load(self, ref: str, load: LoadOptions, cancel: threading.Event) -> bool:
        """With the window that the next answer will ask for; see `Managed.load`.

        Of `load` the context is taken; the rest is the server's own business.
        """
        watch = self._patient(ref, cancel)
        name = full_name(name_of(ref))
        try:
            window = self._windows.held(name, load.context_tokens, self._shape(ref, watch))
            self._api.load(watch, name_of(ref), {"num_ctx": window})
        except Cancelled:
            return False
        except ProviderError:
            self._windows.forget(name)
            raise
        return True

    def unload(
        self,
        ref: str,
        *,
        force: bool = False,  # noqa: ARG002 (an answer under way goes on in any case)
        cancel: threading.Event | None = None,
    ) -> bool:
        """See `Managed.unload`; the server tells in /api/ps when it is gone."""
        cancel = cancel or threading.Event()
        watch = self._patient(ref, cancel)
        try:
            self._api.load(watch, name_of(ref), {}, keep_alive=0)
            self._windows.forget(full_name(name_of(ref)))  # the next wish counts, a shorter one too
        except Cancelled:
            return False
        until = time.monotonic() + GONE_S
        while full_name(name_of(ref)) in loaded_names(self._api.ps(ref)):
            if time.monotonic() > until:
                raise ServerFault(model=ref, detail="it does not let the model go")
            if cancel.wait(_LOOK_S):
                return False
        return True

    def delete(self, ref: str) -> bool:
        """For good: Ollama keeps nothing. See `Managed.delete`."""
        self.library.delete(ref, name_of(ref))
        self._shapes.forget(full_name(name_of(ref)))
        return False

    def details(self, ref: str) -> ModelDetails:
        """From /api/show. Raises as `info`."""
        show = self._api.show(self._api.watch(ref), full_name(name_of(ref)))
        return ModelDetails(
            template=_text(show, "template"),
            system=_text(show, "system"),
            licence=_text(show, "license"),
            sampling=_text(show, "parameters"),
        )

    def _warm(self, ref: str) -> None:
        watch = self._api.watch(ref, GenerationOptions().first_token_s, self._closing.is_set)
        try:
            self._chat.prepare()
            window = self._windows.held(full_name(name_of(ref)), None, self._shape(ref, watch))
            self._api.load(watch, name_of(ref), {"num_ctx": window})
        except (WorkbenchError, Cancelled):
            pass  # the answer itself will tell what is wrong
        finally:
            with self._lock:
                self._warming.pop(ref, None)

    def _patient(self, ref: str, cancel: threading.Event) -> Watch:
        return self._api.watch(ref, LOAD_S, lambda: cancel.is_set() or self._closing.is_set())

    def _shape(self, ref: str, watch: Watch) -> Shape | None:
        raise NotImplementedError


def _text(show: Mapping[str, Any], name: str) -> str:
    value = show.get(name)
    parts = value if isinstance(value, list) else [value]
    return "\n\n".join(part for part in parts if isinstance(part, str))
