"""The response processor: reasoning apart, nobody else's words, tidy, filtered, its tone heard."""

from core.rooms.speech.processor import Processor

__all__ = ["Processor"]
