"""Is everything in place? Each part of the installation in one sentence, with a next step."""

from core.doctor.examine import examine
from core.doctor.finding import Finding, Level

__all__ = ["Finding", "Level", "examine"]
