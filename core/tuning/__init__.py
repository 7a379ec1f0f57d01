"""How each model runs best here: proposed from what was measured, tried, kept, undone."""

from core.tuning.compare import Comparison
from core.tuning.options import Tuned, applied
from core.tuning.proposals import Proposal
from core.tuning.tuning import Tuning

__all__ = ["Comparison", "Proposal", "Tuned", "Tuning", "applied"]
