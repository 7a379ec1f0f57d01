"""The ladder as the settings and the user's own choices want it."""

from __future__ import annotations

from typing import Any, Protocol

from core.errors import ModelNotFound
from core.hardware import Telemetry
from core.hardware.forecast import Forecasts
from core.providers.ladder.ladder import Ladder, LadderRule
from core.providers.predicting import Prediction
from core.providers.registry import Registry
from core.settings import LadderSettings, Settings

LADDERS = "ladders"  # a preference: reference → {"on", "lesser"}
ALL = "*"


class Choices(Protocol):
    """What the user chose in the app."""

    def get(self, name: str, default: Any = None) -> Any: ...


def ladder(
    registry: Registry,
    forecasts: Forecasts,
    telemetry: Telemetry,
    settings: Settings,
    choices: Choices,
) -> Ladder:
    """Give `registry` its ladder, and let it see every second of the machine."""
    made = Ladder(
        lambda ref: rule_of(ref, settings, choices),
        predicts=Prediction(forecasts),
        elsewhere=lambda ref: _elsewhere(registry, ref),
        loaded=lambda: [model.ref for model in telemetry.latest().models],
        tell=telemetry.tell,
    )
    registry.ladder = made
    telemetry.watch(made.see)
    return made


def rule_of(ref: str, settings: Settings, choices: Choices) -> LadderRule:
    """What the user chose for `ref`, else what the settings say, else: on, with an empty list."""
    given = settings.models.ladder
    found = given.get(ref) or given.get(ALL) or LadderSettings()
    chosen = choices.get(LADDERS, {}).get(ref, {})
    lesser = chosen.get("lesser", found.lesser)
    return LadderRule(bool(chosen.get("on", found.on)), tuple(one for one in lesser if one != ref))


def _elsewhere(registry: Registry, ref: str) -> bool:
    try:
        return registry.host(ref) is not None
    except ModelNotFound:
        return False
