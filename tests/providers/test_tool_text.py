"""Tool calls written as text: found whole, in every common way, however the text is cut."""

import threading
from collections.abc import Sequence
from pathlib import Path

import pytest

from core.errors import Incapable
from core.messages import PromptMessage, ToolCall
from core.providers.base import TOOLS, GenerationOptions, Tool
from core.providers.huggingface import HuggingFaceProvider
from core.providers.tool_text import ToolText
from core.runner.pool import RunnerPool
from testing.tiny_model import TEMPLATE, make_scripted_model, make_tiny_model

CLOCK = Tool("clock", "Tells the time.", {"type": "object", "properties": {}})
TOKYO = ("clock", {"zone": "Tokyo"})
HERMES = '<tool_call>\n{"name": "clock", "arguments": {"zone": "Tokyo"}}\n</tool_call>'
CODER = "<tool_call><function=clock><parameter=zone>\nTokyo\n</parameter></function></tool_call>"


@pytest.mark.parametrize(
    ("text", "shown", "calls"),
    [
        ("The garden is lovely.", "The garden is lovely.", []),
        (HERMES, "", [TOKYO]),
        (f"Let me see. {HERMES}", "Let me see. ", [TOKYO]),
        (f"{HERMES}\n{HERMES}", "", [TOKYO, TOKYO]),
        (CODER, "", [TOKYO]),
        (HERMES.removesuffix("</tool_call>"), "", [TOKYO]),
        ('{"name": "clock", "parameters": {"zone": "Tokyo"}}', "", [TOKYO]),
        ('[{"name": "clock", "arguments": "{\\"zone\\": \\"Tokyo\\"}"}]', "", [TOKYO]),
        ('{"name": "shell", "arguments": {}}', '{"name": "shell", "arguments": {}}', []),
        ('{"weather": "fine"}', '{"weather": "fine"}', []),
        ("[sighs] Well.", "[sighs] Well.", []),
        ("<tool_call>{broken</tool_call>", "<tool_call>{broken</tool_call>", []),
        ("1 < 2 and <tool", "1 < 2 and <tool", []),
        ('{"name": "clock", "arguments": [1]}', '{"name": "clock", "arguments": [1]}', []),
    ],
)
@pytest.mark.parametrize("size", [1, 3, 1000])
def test_text_and_calls(
    text: str, shown: str, calls: Sequence[tuple[str, object]], size: int
) -> None:
    found = ToolText(["clock"])
    said = "".join(found.add(text[at : at + size]) for at in range(0, len(text), size))
    rest, wished = found.rest()
    assert said + rest == shown
    assert [(call.name, call.arguments) for call in wished] == list(calls)
    assert len({call.id for call in wished}) == len(wished)


def test_a_model_that_uses_tools(tmp_path: Path) -> None:
    template = "{% if tools %}{{ tools | tojson }}<|end|>{% endif %}" + TEMPLATE
    make_scripted_model(tmp_path / "m" / "able", f"I look. {HERMES}", template=template)
    make_tiny_model(tmp_path / "m" / "unable")
    provider = HuggingFaceProvider(RunnerPool(logs=tmp_path), tmp_path / "m")
    try:
        assert TOOLS in provider.info("hf:able").capabilities
        assert TOOLS not in provider.info("hf:unable").capabilities
        options = GenerationOptions(tools=(CLOCK,))
        call = ToolCall("call_1", "clock", {"zone": "Kyoto"})
        talk = [
            PromptMessage("user", "What time is it?"),
            PromptMessage("assistant", "", tool_calls=(call,)),
            PromptMessage("tool", "noon", tool_call_id="call_1"),
        ]
        chunks = list(provider.stream("hf:able", talk, options, threading.Event()))
        assert "".join(chunk.text for chunk in chunks) == "I look. "
        wishes = [call for chunk in chunks for call in chunk.tool_calls]
        assert [(call.name, dict(call.arguments)) for call in wishes] == [TOKYO]
        assert chunks[-1].done_reason == "stop"
        with_tools, last = (
            chunks[-1].usage,
            list(provider.stream("hf:able", talk[:1], GenerationOptions(), threading.Event()))[-1],
        )
        assert with_tools is not None
        assert last.usage is not None
        assert (with_tools.prompt_tokens or 0) > (last.usage.prompt_tokens or 0) + 20
        with pytest.raises(Incapable):
            list(provider.stream("hf:unable", talk, options, threading.Event()))
    finally:
        provider.close()
