"""The whole app with scripted people in it: for tests in a browser, measurements and pictures.

    ENGAWA_DATA_DIR=/tmp/demo python -m testing.demo --port 8600

No model is loaded and nothing outside is asked. What is written last steers the answer:
`[long]` makes it ten times as long, `[slow]` waits before each word, `[break]` loses the
model in the middle, `[away]` before the first word, and `[say] TEXT` has it say TEXT.
"""

from __future__ import annotations

import argparse
import re
import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from core.errors import ServerAway, StreamBroken
from core.messages import PromptMessage, Usage
from core.providers import defaults
from core.providers.base import CHAT, Chunk, GenerationOptions, ModelInfo, Provider
from core.settings import Settings, load_settings

LINES = {
    "Mizuho": "Please, sit down. The tea is warm, and nobody here is in a hurry. "
    "Tell us what brings you to the veranda today, and we will think about it together.",
    "Ren": "Short version:\n\n1. write what you want to know\n2. read what we say\n"
    "3. tell us what was wrong\n\nThe rest is `detail`, and I like details.",
    "Aki": "I once met a cat that *collected echoes*. She kept them under a veranda just like "
    "this one, and lent them to anybody who had lost their voice.",
    "瑞穂": "どうぞ、お掛けください。お茶が入りましたよ。今日はどんなお話をしましょうか。",
}


_SPEAKER = re.compile(r"(?:^|\n)(?:You|Guest|あなた): ")  # several lines come as one message


@dataclass
class DemoProvider:
    """Every character speaks its own lines, a word every `pause_s` seconds."""

    pause_s: float
    name: str = "starter"

    def models(self) -> list[ModelInfo]:
        return [self.info(self.name)]

    def info(self, ref: str) -> ModelInfo:
        return ModelInfo(ref, "Starter", self.name, 28_000_000, 2048, frozenset({CHAT}))

    def stream(
        self,
        ref: str,
        messages: Sequence[PromptMessage],
        options: GenerationOptions,
        cancel: threading.Event,
    ) -> Iterator[Chunk]:
        asked = _SPEAKER.split(messages[-1].content)[-1]
        if "[away]" in asked:
            raise ServerAway(model=ref, server="127.0.0.1:11434")
        words = _words(messages[0].content, asked)
        pause_s = 1.0 if "[slow]" in asked else self.pause_s
        for number, word in enumerate(words):
            if cancel.wait(pause_s):
                return
            if "[break]" in asked and number == len(words) // 2:
                raise StreamBroken(model=ref, detail="the scripted server was stopped")
            yield Chunk(text=word)
        usage = Usage(prompt_tokens=len(messages) * 20, completion_tokens=len(words))
        yield Chunk(usage=usage, done_reason="stop")

    def warm(self, ref: str) -> None:
        """There is nothing to load."""

    def close(self) -> None:
        """There is nothing to give back."""


def _words(system: str, asked: str) -> list[str]:
    if "[say]" in asked:
        text = asked.partition("[say]")[2].strip()
    else:
        found = [line for name, line in LINES.items() if name in system[:200]]
        text = found[0] if found else "I am listening."
    text = " ".join([text] * 10) if "[long]" in asked else text
    return [word + " " for word in text.split(" ")]


def main() -> None:
    """Serve until a signal ends it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, default=8600)
    parser.add_argument("--pause-ms", type=float, default=20.0, help="between two words")
    given = parser.parse_args()

    def providers(settings: Settings, **given_by_app: Any) -> list[Provider]:
        real = [one for one in _real(settings, **given_by_app) if one.name == "ollama"]
        return [DemoProvider(given.pause_ms / 1000), *real]

    _real = defaults.default_providers
    defaults.default_providers = providers
    from core.api.serving import serve

    serve(load_settings(port=given.port), open_browser=False)


if __name__ == "__main__":
    main()
