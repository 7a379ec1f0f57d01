"""Character cards: read and written without loss, and turned into agents and back."""

from core.agents.cards.card import Card
from core.agents.cards.exchange import MAX_IMPORT_BYTES, Format, export, import_file
from core.agents.cards.info import card_info
from core.agents.cards.kept import book_of, card_of
from core.agents.cards.plain_json import encode
from core.agents.cards.reading import read_card
from core.agents.cards.writing import write_charx, write_json, write_png

__all__ = [
    "MAX_IMPORT_BYTES",
    "Card",
    "Format",
    "book_of",
    "card_info",
    "card_of",
    "encode",
    "export",
    "import_file",
    "read_card",
    "write_charx",
    "write_json",
    "write_png",
]
