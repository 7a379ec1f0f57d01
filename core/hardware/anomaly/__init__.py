"""What is wrong with the machine by rules that people can edit, and what is done about it."""

from core.hardware.anomaly.detector import Anomaly
from core.hardware.anomaly.guard import Guard
from core.hardware.anomaly.recovery import Action
from core.hardware.anomaly.rules import ACTIONS, Rule
from core.hardware.anomaly.signals import Work

__all__ = ["ACTIONS", "Action", "Anomaly", "Guard", "Rule", "Work"]
