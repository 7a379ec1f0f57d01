"""What a model thinks aloud before it speaks."""

from __future__ import annotations

from core.rooms.speech.marks import Marks, MarkStage

# Longer thoughts are cut: a model that never stops thinking fills no database.
MOST_CHARS = 100_000

_WORDS = ("think", "thinking", "thought", "thoughts", "reasoning", "reflection", "seed:think")
_TAGS = tuple(f"</{word}>" for word in _WORDS)
_CHANNEL_ENDS = ("<|end|>", "<|return|>", "<|channel|>final<|message|>")

# How thoughts begin, and what ends them.
PAIRS: dict[str, tuple[str, ...]] = {
    **{f"<{word}>": _TAGS for word in _WORDS},
    "<|channel|>analysis<|message|>": _CHANNEL_ENDS,
    "<|channel|>commentary<|message|>": _CHANNEL_ENDS,
    "<|start_thinking|>": ("<|end_thinking|>",),
    "<|begin_of_thought|>": ("<|end_of_thought|>",),
    "[think]": ("[/think]",),
    "◁think▷": ("◁/think▷",),
}
_OPENING = Marks(PAIRS)
_CLOSING = {ends: Marks(ends) for ends in set(PAIRS.values())}


class Thoughts(MarkStage):
    """Keeps thoughts apart; one that is never closed reaches to the end."""

    def __init__(self) -> None:
        super().__init__(_OPENING)
        self.inside = False
        self._thoughts: list[str] = []
        self._length = 0

    @property
    def began(self) -> bool:
        """Whether there was any thought, or the mark of one."""
        return self.inside or bool(self._thoughts)

    @property
    def thoughts(self) -> str:
        """All thoughts so far, outer blanks gone."""
        return "".join(self._thoughts).strip()

    def think(self, text: str) -> None:
        """Keep a thought that came apart from the text."""
        self._thoughts.append(text[: MOST_CHARS - self._length])
        self._length += len(self._thoughts[-1])

    def _passed(self, text: str) -> str:
        if not self.inside:
            return super()._passed(text)
        self.think(text)
        return ""

    def _literal(self, first: str, mark: str | None) -> bool:
        return not self.inside and super()._literal(first, mark)

    def _met(self, mark: str) -> str:
        self.inside = not self.inside
        self._marks = _CLOSING[PAIRS[mark]] if self.inside else _OPENING
        if self.inside and self._length:
            self.think("\n\n")
        return ""
