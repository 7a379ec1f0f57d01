"""What must come out of each recorded answer of a real Ollama."""

from __future__ import annotations

from core.errors import (
    AnswerEmpty,
    Incapable,
    ModelMissing,
    ModelRefused,
    OutOfMemory,
    ProviderError,
    RunnerGone,
    ServerBusy,
    ServerFault,
    StreamBroken,
)
from core.providers.base import CHAT, EMBEDDING, STRUCTURED, THINKING, TOOLS

# case -> (done_reason, prompt tokens, answer tokens); the text is the recording's
CHAT_ANSWERS = {
    "after_runner_killed": ("length", 43, 5),
    "chat_adapter_greedy": ("length", 43, 8),
    "chat_bad_role": ("length", 43, 12),
    "chat_base_greedy": ("length", 43, 8),
    "chat_no_shift": ("length", 43, 22),
    "chat_schema": ("stop", 43, 26),
    "chat_schema_cut": ("length", 43, 3),
    "chat_stream": ("length", 43, 12),
    "chat_system_history": ("length", 63, 12),
    "chat_think_false_unsupported": ("length", 43, 12),
    "chat_too_long": ("length", 43, 12),
    "chat_too_long_one": ("stop", 512, 7),
    "chat_unknown_option": ("length", 43, 12),
    "chat_whole": ("length", 43, 12),
    "deleted_mid_stream": ("length", 43, 100),
    "load_num_gpu": ("length", 43, 12),
    "num_ctx_above_model": ("length", 43, 12),
    "runner_stopped_by_unload": ("length", 43, 300),
    "think_false": ("length", 13, 20),
    "think_stream": ("stop", 15, 151),
    "think_whole": ("stop", 15, 151),
    "tool_call_stream": ("stop", 70, 51),
    "tool_call_whole": ("stop", 70, 51),
    "tool_result": ("length", 49, 12),
}

# case -> (error, a part of what it says)
CHAT_ERRORS: dict[str, tuple[type[ProviderError], str]] = {
    "chat_bad_json": (ModelRefused, "unexpected EOF"),
    "chat_bad_name": (ModelRefused, "invalid model name"),
    "chat_bad_option_type": (ModelRefused, "num_predict"),
    "chat_embedding_model": (Incapable, "chat"),
    "chat_empty_body": (ModelRefused, "missing request body"),
    "chat_format_bad": (ModelRefused, "invalid format"),
    "chat_keep_alive_bad": (ModelRefused, "invalid duration"),
    "chat_no_model": (ModelRefused, "model is required"),
    "chat_no_truncate": (ModelRefused, "exceeds the context length"),
    "chat_schema_bad": (ModelRefused, "invalid JSON schema"),
    "chat_think_unsupported": (ModelRefused, "does not support thinking"),
    "chat_tools_unsupported": (ModelRefused, "does not support tools"),
    "chat_unknown_model": (ModelMissing, "nobody is not installed"),
    "chat_with_bad_parameter": (ModelRefused, "temperature"),
    "load_chat": (AnswerEmpty, ""),
    "load_forever": (AnswerEmpty, ""),
    "oom_load_stream": (OutOfMemory, "2861.0 GiB"),
    "queue_full": (ServerBusy, ""),
    "runner_killed_mid_stream": (RunnerGone, "unexpected EOF"),
    "server_killed_mid_stream": (StreamBroken, "closed before the end"),
    "server_stopped_mid_stream": (StreamBroken, "closed before the end"),
    "think_cut": (AnswerEmpty, ""),
    "think_default": (AnswerEmpty, ""),
    "think_level": (AnswerEmpty, ""),
    "think_level_bad": (ModelRefused, "invalid think value"),
    "tool_arguments_text": (ModelRefused, "looks like object"),
    "unload_chat": (AnswerEmpty, ""),
    "weights_header_gone": (ServerFault, "unexpected EOF"),
    "weights_missing": (ServerFault, "weight file is missing"),
    "weights_truncated": (ServerFault, "exceeds file size"),
    "wrong_method": (ServerFault, "405"),
}

# case -> (vectors, their length) or an error
EMBED_ANSWERS = {
    "embed_one": (1, 384),
    "embed_two": (2, 384),
    "embed_dimensions": (1, 8),
    "embed_too_long": (1, 4),
    "embed_chat_model": (1, 4),
}
EMBED_ERRORS: dict[str, tuple[type[ProviderError], str]] = {
    "embed_bad_input": (ModelRefused, "invalid input type"),
    "embed_empty_list": (ServerFault, "0 usable vectors for 1"),
    "embed_empty_text": (ServerFault, "0 usable vectors for 1"),
    "embed_no_truncate": (ModelRefused, "exceeds the context length"),
    "embed_unknown_model": (ModelMissing, "is not installed"),
}

# case -> (capabilities, window, quantisation)
SHOWN = {
    "show_tiny": ({CHAT, STRUCTURED}, 4096, "F16"),
    "show_tiny-think": ({CHAT, STRUCTURED, TOOLS, THINKING}, 4096, "F16"),
    "show_minilm": ({EMBEDDING}, 512, "F16"),
    "show_adapter": ({CHAT, STRUCTURED}, 4096, "F16"),
    "show_created": ({CHAT, STRUCTURED}, 4096, "F16"),
    "show_weights_missing": ({CHAT, STRUCTURED}, 2_147_483_647, "F16"),
}
SHOW_ERRORS: dict[str, type[ProviderError]] = {
    "show_unknown": ModelMissing,
    "show_no_model": ModelRefused,
}

# case -> which of the two models are in memory
LOADED = {
    "ps_empty": set(),
    "ps_after_unload": set(),
    "ps_loaded": {"tiny"},
    "ps_forever": {"tiny"},
    "ps_num_ctx_above_model": {"tiny", "minilm"},
    "ps_end": {"tiny", "minilm"},
    "ps_adapter": set(),
}

# /api/generate is not used, but its bytes pass the same guard: case -> (reason, answer tokens)
GENERATED = {
    "generate_image_unsupported": ("length", 12),
    "generate_json": ("stop", 32),
    "generate_logprobs": ("length", 2),
    "generate_raw": ("length", 12),
    "generate_stop": ("stop", 7),
    "generate_stream": ("length", 12),
    "generate_whole": ("length", 12),
    "load_generate": ("stop", None),
    "unload_generate": ("stop", None),
}
GENERATE_ERRORS: dict[str, type[ProviderError]] = {
    "generate_embedding_model": ModelRefused,
    "generate_suffix_unsupported": ModelRefused,
    "oom_generate": OutOfMemory,
}

OTHER_CASES = {"client_closes", "tags", "origin_local", "host_foreign", "origin_foreign", "version"}
OTHER_CASES |= {"root_get", "root_head"}
COVERED_PATHS = (
    "/api/chat",
    "/api/generate",
    "/api/embed",
    "/api/show",
    "/api/ps",
    "/api/tags",
    "/api/version",
    "/",
)
