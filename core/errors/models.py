"""A model did not answer as it should."""

from __future__ import annotations

from core.errors.base import WorkbenchError
from core.text import N_


class ProviderError(WorkbenchError):
    """A model did not answer as it should. Params: model, and what the subclass names."""

    code = "provider"
    status = 503
    text = N_("{model} could not answer: {detail}.")
    next_step = N_("Try again, or choose another model.")


class ServerAway(ProviderError):
    """Params: model, server."""

    code = "server_away"
    text = N_("{model} is away: {server} does not answer.")
    next_step = N_("Start the server (for Ollama: “ollama serve”), then try again.")


class FirstTokenTimeout(ProviderError):
    """Params: model, seconds."""

    code = "first_token_timeout"
    text = N_("{model} did not begin within {seconds} s.")
    next_step = N_("It may still be loading: try again, or choose a smaller model.")


class TokenTimeout(ProviderError):
    """Params: model, seconds."""

    code = "token_timeout"
    text = N_("{model} fell silent for {seconds} s in the middle of its answer.")
    next_step = N_("What it said is kept. Try again, or restart its server.")


class ServerBusy(ProviderError):
    """Params: model."""

    code = "server_busy"
    text = N_("The server of {model} has too many requests waiting.")
    next_step = N_("Wait a moment, then try again.")


class ServerFault(ProviderError):
    """Params: model, detail."""

    code = "server_fault"
    text = N_("The server of {model} reported: {detail}.")
    next_step = N_("Look into the server's log, or choose another model.")


class HostUnknown(ProviderError):
    """A reference names a host that the settings do not have. Params: model, host."""

    code = "host_unknown"
    status = 404
    text = N_("{model}: no server of the name “{host}” is set up.")
    next_step = N_("Write openai:NAME@HOST, and name the host under models.hosts in config.yaml.")


class KeyMissing(ProviderError):
    """Params: model, variable."""

    code = "key_missing"
    text = N_("{model} needs an API key, and the variable {variable} is not set.")
    next_step = N_("Set it in the environment, then start Engawa again.")


class KeyRefused(ProviderError):
    """Params: model, variable, detail."""

    code = "key_refused"
    text = N_("The server of {model} did not accept the key in {variable}: {detail}.")
    next_step = N_("Put the right key into that variable, then start Engawa again.")


class LlmAbsent(ProviderError):
    """Params: model."""

    code = "llm_absent"
    text = N_("{model} needs the command-line tool “llm”, which is not installed.")
    next_step = N_("Install it (“pipx install llm”), then try again.")


class ModelMissing(ProviderError):
    """Params: model."""

    code = "model_missing"
    text = N_("{model} is not installed.")
    next_step = N_("Install it (for Ollama: “ollama pull NAME”), or choose another model.")


class AdapterMissing(ModelMissing):
    """Params: model (the base), adapter."""

    code = "adapter_missing"
    text = N_("The adapter {adapter} for {model} is not there.")
    next_step = N_("Put its folder under adapters/ in the data folder, or choose another one.")


class ModelRefused(ProviderError):
    """The server will not do this with this model. Params: model, detail."""

    code = "model_refused"
    text = N_("{model} refused the request: {detail}.")
    next_step = N_("Choose a model that can do this, or change the agent's options.")


class Incapable(ModelRefused):
    """It was not asked, because it is known not to be able to. Params: model, ability (Words)."""

    code = "incapable"
    text = N_("{model} cannot do what was asked: {ability}.")
    next_step = N_("Choose a model that can: “python -m core models list” shows what each can do.")


class WeightsPickled(ModelRefused):
    """Params: model, file."""

    code = "weights_pickled"
    text = N_("{model} only has pickled weights ({file}), which can run code when opened.")
    next_step = N_("Download its safetensors version.")


class CodeInside(ModelRefused):
    """Params: model."""

    code = "code_inside"
    text = N_("{model} wants to run Python code of its own, and that is never done.")
    next_step = N_("Choose a model whose architecture is part of transformers.")


class NotForChat(ModelRefused):
    """Params: model."""

    code = "not_for_chat"
    text = N_("{model} has no chat template, so it was not made for conversations.")
    next_step = N_("Choose its “instruct” or “chat” version.")


class ModelIncomplete(ModelRefused):
    """Params: model, file."""

    code = "model_incomplete"
    text = N_("{model} is not complete: {file} is missing, damaged or cut off.")
    next_step = N_("Download that file again.")


class AdapterRefused(ModelRefused):
    """An adapter cannot or must not be used with a base. Params: model, adapter, detail."""

    code = "adapter_refused"
    text = N_("The adapter {adapter} cannot be used with {model}: {detail}.")
    next_step = N_("Choose the base that it was trained for, or another adapter.")


class PromptTooLong(ModelRefused):
    """The part of a prompt that is never shortened is too long. Params: model, found, limit."""

    code = "prompt_too_long"
    text = N_("The agent's own text has {found} tokens; {model} takes {limit}.")
    next_step = N_("Shorten the agent's text, or choose a model with a longer context.")


class OutOfMemory(ProviderError):
    """Params: model, detail."""

    code = "out_of_memory"
    text = N_("{model} does not fit into the memory: {detail}.")
    next_step = N_("Choose a shorter context or a smaller model.")


class RunnerGone(ProviderError):
    """The process that held the model ended. Params: model, detail."""

    code = "runner_gone"
    text = N_("The process of {model} ended: {detail}.")
    next_step = N_("It is started again with the next message.")


class StreamBroken(ProviderError):
    """Params: model, detail."""

    code = "stream_broken"
    text = N_("The answer of {model} broke off: {detail}.")
    next_step = N_("What arrived is kept. Try again.")


class AnswerEmpty(ProviderError):
    """Params: model."""

    code = "answer_empty"
    text = N_("{model} ended without a word.")
    next_step = N_("Try again, or give it a longer answer length.")


class CircuitOpen(ProviderError):
    """Its server failed too often just now, so it is not asked. Params: model, failures, seconds.

    `seconds`: until it is tried again.
    """

    code = "circuit_open"
    text = N_("{model} failed too often and is left alone; it is tried again in {seconds} s.")
    next_step = N_("See to its server; “Look again” on the Models screen asks it at once.")


class EncoderAway(ProviderError):
    """Nothing can be searched by meaning. Params: model, detail."""

    code = "encoder_away"
    text = N_("The sentence encoder {model} is away: {detail}.")
    next_step = N_("Run “python -m core doctor”: it says what is missing. Words are still found.")


class FellBack(ProviderError):
    """Not raised: stored with an answer that another model gave than the one wanted.

    Params: wanted, used (references), cause (why the wanted one did not: another error's reason).
    """

    code = "fallback"
    text = N_("{wanted} did not answer ({cause}), so {used} did.")
    next_step = N_("Put right what kept it from answering, or choose another model.")


class FellBackToCache(FellBack):
    """Not raised, like `FellBack`. Params: those, and at (when the kept answer was given)."""

    code = "fallback_cached"
    text = N_("{wanted} did not answer ({cause}), so {used} did, from the cache of {at}.")


class FromCache(ProviderError):
    """Not raised: stored with an answer that no model was asked for. Params: model, at."""

    code = "from_cache"
    text = N_("From the cache: what {model} answered to exactly the same on {at}.")
    next_step = N_("To have it asked anew, clear the cache on the Settings screen.")


class Interrupted(ProviderError):
    """The app ended while a reply was being written."""

    code = "interrupted"
    text = N_("Engawa ended while this was being written.")
    next_step = N_("What was said is kept. Ask again to hear the rest.")
