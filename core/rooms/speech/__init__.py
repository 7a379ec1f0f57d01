"""The response processor: thoughts apart, nobody else's words, tidy, filtered, its tone heard."""

from core.rooms.speech.processor import Processor
from core.rooms.speech.speech import MakeProcessor, Speech

__all__ = ["MakeProcessor", "Processor", "Speech"]
