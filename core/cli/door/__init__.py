"""The way into a data folder. Commands call a `Door` and never ask which one it is."""

from core.cli.door.opening import open_door, settings_for
from core.cli.door.protocols import AgentsDoor, Body, Door

__all__ = ["AgentsDoor", "Body", "Door", "open_door", "settings_for"]
