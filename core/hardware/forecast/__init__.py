"""Says before a model is loaded whether it fits, and learns from what it then took."""

from core.hardware.forecast.forecast import Forecast
from core.hardware.forecast.kept import Checked, Kept
from core.hardware.forecast.service import Forecasts
from core.hardware.forecast.training import Training, TrainingForecast
from core.runner.shapes.shape import KvLayer, ModelShape

__all__ = [
    "Checked",
    "Forecast",
    "Forecasts",
    "Kept",
    "KvLayer",
    "ModelShape",
    "Training",
    "TrainingForecast",
]
