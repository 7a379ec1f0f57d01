"""What the app counts about its work, for Prometheus and for its own judgement."""

from core.metrics.counts import Counts, Generation
from core.metrics.prices import Price

__all__ = ["Counts", "Generation", "Price"]
