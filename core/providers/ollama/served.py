"""How an Ollama server is: its state, its version, and whose machine it runs on."""

from __future__ import annotations

from core.errors import ProviderError
from core.providers.base import Place, ProviderState, host_of, is_local, name_of
from core.providers.ollama.api import OllamaApi
from core.providers.ollama.models import full_name
from core.providers.ollama.shapes import Shapes

TITLE = "Ollama"


class OllamaServed:
    """The part of `OllamaProvider` that is `Served`."""

    name = "ollama"
    url: str
    _api: OllamaApi
    _shapes: Shapes
    _parallel: int

    def place(self, ref: str) -> Place:  # noqa: ARG002  (all its models share one memory)
        return Place(self.name, self.name, limited=True, parallel=self._parallel)

    def version(self) -> str:
        """The server's version. Raises as `models`."""
        return self._api.version(TITLE)

    def state(self) -> ProviderState:
        """Whether the server answers, within 1 s."""
        try:
            version = self._api.version(TITLE, read_s=1.0)
        except ProviderError as error:
            return ProviderState(self.name, False, self.url, error=error)
        return ProviderState(self.name, True, self.url, version=version)

    def host(self, ref: str) -> str | None:
        """Where the model runs, as far as known without asking; `None` for this machine."""
        shape = self._shapes.known(full_name(name_of(ref)))
        if shape and shape.remote_host:
            return shape.remote_host
        return None if is_local(self.url) else host_of(self.url)
