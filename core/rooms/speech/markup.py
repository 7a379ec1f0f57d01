"""Markup of other worlds: HTML line breaks and entities, tags around a whole answer."""

from __future__ import annotations

from core.rooms.speech.marks import Marks, MarkStage

_WRAPPERS = ("answer", "response", "reply", "output", "final", "final_answer", "message")
# A closing mark whose opening one stood in the prompt.
_STRAY = ("</think>", "</thinking>", "</thought>", "</reasoning>", "[/think]", "◁/think▷")

SAID: dict[str, str] = {
    **{f"{mark}{word}>": "" for word in _WRAPPERS for mark in ("<", "</")},
    **dict.fromkeys(_STRAY, ""),
    **dict.fromkeys(("<br>", "<br/>", "<br />"), "\n"),
    "<p>": "",
    "</p>": "\n\n",
    "&nbsp;": " ",
    "&amp;": "&",
    "&lt;": "<",
    "&gt;": ">",
    "&quot;": '"',
    "&#39;": "'",
}
_MARKS = Marks(SAID)


class Markup(MarkStage):
    """Says what the markup means, or nothing where it means nothing."""

    def __init__(self) -> None:
        super().__init__(_MARKS)

    def _met(self, mark: str) -> str:
        return self._passed(SAID[mark])
