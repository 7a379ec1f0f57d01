"""Models brought here, made, loaded, switched and put away."""

from core.models.creation import NewModel
from core.models.models import Models
from core.models.plan import SwitchPlan

__all__ = ["Models", "NewModel", "SwitchPlan"]
