"""The models of this app as something to be managed: brought, made, loaded, switched, deleted."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING

from core.errors import InvalidInput, ModelRefused, ProviderError
from core.hardware import Telemetry
from core.hardware.forecast import Forecast, Forecasts
from core.hardware.snapshot import Resident
from core.jobs import Job, Jobs
from core.models import creation, hub, pulling, switching
from core.models.loads import Loads
from core.models.plan import SwitchPlan, leaving, size_of
from core.models.suggestions import Suggestion, suggestions
from core.providers.base import STARTER, name_of, prefix_of
from core.providers.managed import Managed, ModelDetails
from core.providers.registry import Registry
from core.runner.loading import AS_IT_COMES, LoadOptions, to_words
from core.store import Store

if TYPE_CHECKING:
    from core.models.hub_http import Hub

FORECAST_AGE_S = 15.0


class Models:
    """What can be done with models beside asking them. Thread-safe.

    `folder` is where hub models go; the first of `lists` that is there names what is offered.
    `main` is the model that everybody speaks with; `choose` makes another one that.
    """

    def __init__(
        self,
        store: Store,
        registry: Registry,
        jobs: Jobs,
        forecasts: Forecasts,
        telemetry: Telemetry,
        folder: Path,
        lists: Sequence[Path],
        *,
        main: Callable[[], str],
        choose: Callable[[str], None],
    ) -> None:
        self._registry, self._jobs, self._forecasts = registry, jobs, forecasts
        self._telemetry, self._main, self._lists = telemetry, main, lists
        self._told: dict[str, tuple[float, Forecast | None]] = {}
        self.loads = Loads(store)
        self._switching = switching.Switching(
            registry, telemetry, self.loads, forecasts, choose, self._forget
        )
        forget = self._forget
        jobs.register(
            pulling.pull_kind(lambda: self._ollama().library, forget),
            creation.create_kind(self._ollama, forget),
            hub.download_kind(folder, _hub, forget),
            *self._switching.kinds,
        )

    def details(self, ref: str) -> ModelDetails:
        """What a model says of itself.

        Raises:
            ModelNotFound, ModelMissing, ProviderError: as `Registry.info`.
        """
        provider = self._registry.provider(ref)
        return provider.details(ref) if isinstance(provider, Managed) else ModelDetails()

    def forecasts(self, refs: Sequence[str]) -> dict[str, Forecast | None]:
        """Whether each fits now; `None` where its dimensions are not told.

        Asked from the servers in parallel and kept for fifteen seconds: a screen may ask as
        often as it draws.
        """
        now = time.monotonic()
        told = {ref: self._told.get(ref) for ref in refs}
        fresh = {ref: one for ref, one in told.items() if one and now - one[0] < FORECAST_AGE_S}
        asked = [ref for ref in refs if ref not in fresh]
        if asked:
            with ThreadPoolExecutor(4, thread_name_prefix="forecast") as pool:
                found = pool.map(lambda ref: (now, self._try(ref, 0)), asked)
                fresh |= dict(zip(asked, found, strict=True))
            self._told |= fresh
        return {ref: one[1] for ref, one in fresh.items()}

    def suggested(self) -> list[Suggestion]:
        """Models to begin with that are not here yet.

        Raises:
            FileInvalid: the user's own list cannot be read.
        """
        here = {model.ref for model in self._registry.models()}
        return [one for one in suggestions(self._lists) if one.ref not in here]

    # --- what becomes a job -------------------------------------------------------------

    def pull(self, ref: str, revision: str | None = None) -> Job:
        """Bring a model here: `ollama:NAME` through the Ollama server, `hf:ID` from the hub.

        Raises:
            InvalidInput: no reference of these kinds.
            StorageError: the job could not be stored.
        """
        prefix, name = prefix_of(ref), name_of(ref)
        if prefix == "ollama" and name:
            return self._jobs.start(pulling.KIND, ref)
        if prefix == "hf":
            wanted = hub.Download(name, revision or "main")
            return self._jobs.start(hub.KIND, f"hf:{wanted.repo}", {"revision": wanted.revision})
        raise InvalidInput(field="model", expected="ollama:NAME / hf:OWNER/NAME", found=ref)

    def create(self, new: creation.NewModel) -> Job:
        """Make a model on Ollama.

        Raises:
            ModelNotFound: there is no Ollama among the providers.
            StorageError: the job could not be stored.
        """
        self._ollama()
        return self._jobs.start(creation.KIND, new.ref, new.as_params())

    def switch(self, ref: str, *, choose: bool = True) -> Job:
        """Take out of memory what must leave, load `ref`, and let everybody speak with it.

        Raises:
            ModelNotFound, ModelMissing, ProviderError: there is no such model to switch to.
            StorageError: the job could not be stored.
        """
        plan = self.plan(ref)
        params = {"unload": list(plan.unload), "choose": choose}
        return self._jobs.start(switching.KIND, ref, params)

    def load(self, ref: str, load: LoadOptions = AS_IT_COMES) -> Job:
        """Load a model beside those that are in memory, in the way that `load` says.

        Raises:
            ModelRefused: its server loads and keeps models by itself.
            ModelNotFound, ModelMissing, ProviderError: there is no such model.
            StorageError: the job could not be stored.
        """
        self._managed(ref)
        self._registry.info(ref)
        return self._jobs.start(switching.LOAD, ref, {"load": to_words(load)})

    def plan(self, ref: str) -> SwitchPlan:
        """What `switch` would do now.

        Raises:
            ModelNotFound, ModelMissing, ProviderError: there is no such model.
        """
        loaded = self._registry.info(ref).loaded
        resident, main = self._residents(), self._main()
        held = sum(size_of(one) for one in resident if one.ref == main != ref)
        first = self._try(ref, held)
        short = 0
        if first is not None and first.free_bytes is not None and not first.fits:
            short = max(0, first.total_bytes - first.free_bytes + held)
        gone = leaving(ref, main, resident, short)
        back = sum(map(size_of, gone))
        return SwitchPlan(
            to=ref,
            unload=tuple(one.ref for one in gone),
            gives_back_bytes=back,
            expected_s=self.loads.expected_s(ref),
            forecast=first if back == held else self._try(ref, back),
            loaded=bool(loaded),
        )

    # --- what is done at once -----------------------------------------------------------

    def unload(self, ref: str) -> None:
        """Take a model out of memory and wait. Raises as `Managed.unload`."""
        self._managed(ref).unload(ref)
        self._forget()

    def delete(self, ref: str) -> bool:
        """Put a model away; whether `restore` can bring it back. Raises as `Managed.delete`."""
        undoable = self._managed(ref).delete(ref)
        self._forget()
        return undoable

    def restore(self, ref: str) -> None:
        """Bring a deleted Hugging Face folder back.

        Raises:
            ModelRefused: models of this kind cannot be brought back.
            ModelMissing, NameTaken: see `HuggingFaceProvider.restore`.
        """
        provider = self._registry.provider(ref)
        bring_back = getattr(provider, "restore", None)
        if bring_back is None:
            raise ModelRefused(model=ref, detail="it was deleted for good")
        bring_back(ref)
        self._forget()

    # --- inside -------------------------------------------------------------------------

    def _try(self, ref: str, reclaimed: int) -> Forecast | None:
        try:
            return self._forecasts.of(ref, reclaimed_bytes=reclaimed)
        except ProviderError:
            return None

    def _residents(self) -> list[Resident]:
        """Models in memory that can be taken out of it."""
        return [one for one in self._telemetry.latest().models if one.ref != STARTER]

    def _forget(self) -> None:
        """Ask anew: there is another model, or one less."""
        self._told.clear()
        self._registry.forget()

    def _managed(self, ref: str) -> Managed:
        provider = self._registry.provider(ref)
        if not isinstance(provider, Managed):
            raise ModelRefused(model=ref, detail="its server loads and keeps models by itself")
        return provider

    def _ollama(self) -> creation.Librarian:
        provider = self._registry.provider("ollama:")
        if not isinstance(provider, creation.Librarian):
            raise ModelRefused(model=provider.name, detail="its server makes no models")
        return provider


def _hub() -> Hub:
    from core.models.hub_http import Hub  # httpx is not quick to load, and few commands need it

    return Hub()
