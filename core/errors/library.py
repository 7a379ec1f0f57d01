"""A model could not be brought here, made, or put away."""

from __future__ import annotations

from core.errors.models import ModelRefused, ProviderError
from core.text import N_


class TransferBroken(ProviderError):
    """A download or upload ended before its end. Params: model, detail."""

    code = "transfer_broken"
    text = N_("The transfer of {model} broke off: {detail}.")
    next_step = N_("Take it up again: what arrived is kept.")


class SourceAway(ProviderError):
    """Where models come from cannot be reached. Params: model, server, detail."""

    code = "source_away"
    text = N_("{server} cannot be reached, so {model} cannot be downloaded.")
    next_step = N_("Check the connection to the internet, then take it up again.")


class NotInSource(ProviderError):
    """Params: model, server."""

    code = "not_in_source"
    status = 404
    text = N_("{server} has no model {model}.")
    next_step = N_("Check the name on its page, tag included.")


class SourceWantsToken(ProviderError):
    """It has terms to accept, or is private. Params: model, server."""

    code = "source_wants_token"
    status = 403
    text = N_("{server} gives {model} only to people who accepted its terms.")
    next_step = N_("Accept them on its page, then start Engawa with your token in HF_TOKEN.")


class NoRoomOnDisk(ProviderError):
    """Params: model, detail."""

    code = "no_room_on_disk"
    text = N_("There is not enough room on the disk for {model}: {detail}.")
    next_step = N_("Delete a model that you no longer need, then take it up again.")


class DigestWrong(ProviderError):
    """What arrived is not what was sent. Params: model, file."""

    code = "digest_wrong"
    text = N_("{file} of {model} did not arrive as it was sent: its checksum differs.")
    next_step = N_("It was thrown away. Take it up again to fetch it anew.")


class NotAModel(ModelRefused):
    """A file or folder that no model can be made of. Params: model, file, detail."""

    code = "not_a_model"
    text = N_("No model can be made of {file}: {detail}.")
    next_step = N_("Choose a GGUF file, or a folder with safetensors, config and tokenizer.")


class AdaptersGone(ModelRefused):
    """Params: model, version."""

    code = "adapters_gone"
    text = N_("Ollama {version} takes no adapters any more.")
    next_step = N_("Merge the adapter into its base first, and create the model from that.")


class SwitchedBack(ProviderError):
    """A switch failed, and the model before is in memory again. Params: model, back, cause."""

    code = "switched_back"
    text = N_("{model} could not be loaded ({cause}), so {back} is back.")
    next_step = N_("Choose a smaller model, or a shorter context.")
