"""The response processor: thoughts apart, nobody else's words, tidy, filtered, its tone heard."""

from core.rooms.speech.processor import Processor
from core.rooms.speech.record import ToneRecord, tone_record
from core.rooms.speech.report import Report
from core.rooms.speech.speech import MakeProcessor, Speech

__all__ = ["MakeProcessor", "Processor", "Report", "Speech", "ToneRecord", "tone_record"]
