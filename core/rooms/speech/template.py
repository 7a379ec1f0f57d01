"""What is left of a prompt template in an answer: the marks that separate turns."""

from __future__ import annotations

from enum import Enum, auto

from core.rooms.speech.marks import Marks, MarkStage


class _Does(Enum):
    END = auto()  # the answer is over: the model's own end mark came out as text
    CUT = auto()  # somebody else's turn begins
    OWN = auto()  # its own turn begins: nothing before the first word, a cut after it
    FIRST = auto()  # means its own turn before the first word, may be a text's own after it
    DROP = auto()  # means nothing anywhere


_END = (
    "<|im_end|>", "<|eot_id|>", "<|eom_id|>", "<|end|>", "<|return|>", "<|endoftext|>",
    "<|end_of_text|>", "<|end_of_turn|>", "<|end_of_turn_token|>", "<end_of_turn>", "<eos>",
    "</s>", "<｜end▁of▁sentence｜>",
)  # fmt: skip
_CUT = (
    "<|im_start|>", "<|start_header_id|>", "<|start|>", "<|user|>", "<|system|>",
    "<|start_of_turn_token|>", "<start_of_turn>", "[inst]", "<<sys>>", "<｜user｜>",
    "### human:", "### user:", "### instruction:",
)  # fmt: skip
_OWN = (
    "<|im_start|>assistant", "<|start_header_id|>assistant<|end_header_id|>",
    "<|start|>assistant", "<|assistant|>", "<start_of_turn>model", "<｜assistant｜>",
)  # fmt: skip
_FIRST = ("### assistant:", "### response:", "<s>")
_DROP = (
    "[/inst]", "<</sys>>", "<bos>", "<|begin_of_text|>", "<｜begin▁of▁sentence｜>",
    "<|channel|>final<|message|>", "<|end_header_id|>", "<|message|>",
)  # fmt: skip

RULES: dict[str, _Does] = {
    **dict.fromkeys(_END, _Does.END),
    **dict.fromkeys(_CUT, _Does.CUT),
    **dict.fromkeys(_OWN, _Does.OWN),
    **dict.fromkeys(_FIRST, _Does.FIRST),
    **dict.fromkeys(_DROP, _Does.DROP),
}
_MARKS = Marks(RULES)


class Template(MarkStage):
    """Takes template marks away and ends the reply where another turn begins."""

    def __init__(self) -> None:
        super().__init__(_MARKS)
        self.cut: str | None = None  # the mark that began a turn which is not its own
        self._begun = False

    def _passed(self, text: str) -> str:
        self._begun = self._begun or bool(text) and not text.isspace()
        return super()._passed(text)

    def _literal(self, first: str, mark: str | None) -> bool:
        if first == "#" and not self._code.at_line_start:
            return True
        if mark is not None and RULES[mark] is _Does.FIRST and self._begun:
            return True
        return super()._literal(first, mark)

    def _met(self, mark: str) -> str:
        does = RULES[mark]
        foreign = does is _Does.CUT or (does is _Does.OWN and self._begun)
        if foreign:
            self.cut = mark
        self.ended = foreign or does is _Does.END
        return ""
