"""What somebody gave cannot be taken, is not there, or collides with what is."""

from __future__ import annotations

from core.errors.base import WorkbenchError
from core.text import N_


class InvalidInput(WorkbenchError):
    """A value is not acceptable. Params: field, expected, found."""

    code = "invalid_input"
    status = 422
    text = N_("{field}: expected {expected}, found {found}.")
    next_step = N_("Please correct it and send it again.")


class MessageTooLong(InvalidInput):
    """Params: limit, found (characters)."""

    code = "message_too_long"
    status = 413
    text = N_("The message has {found} characters; a room takes {limit}.")
    next_step = N_("Please shorten it or send it in parts.")


class BodyTooLarge(InvalidInput):
    """Params: limit (bytes)."""

    code = "body_too_large"
    status = 413
    text = N_("The request is larger than {limit} bytes.")
    next_step = N_("Please send less at once.")


class MessageEmpty(InvalidInput):
    code = "message_empty"
    text = N_("The message is empty.")
    next_step = N_("Please write something first.")


class ConfigInvalid(InvalidInput):
    """Params: file, line, field, expected, found."""

    code = "config_invalid"
    text = N_("{file}, line {line}, {field}: expected {expected}, found {found}.")
    next_step = N_("Please correct that line and start again.")


class FileInvalid(InvalidInput):
    """Params: file, line, detail; of an agent's file also field ("" for none)."""

    code = "file_invalid"
    text = N_("{file}, line {line}: {detail}.")
    next_step = N_("Please correct the file; until then the last good version is used.")


class RoomFileInvalid(FileInvalid):
    """A file is no exported room. Params: file, line, detail."""

    code = "room_file_invalid"
    next_step = N_("Nothing was taken in. Please give a file that “rooms export” wrote as json.")


class CardInvalid(InvalidInput):
    """A character card cannot be taken over. Params: file, field, expected, found."""

    code = "card_invalid"
    text = N_("{file}, {field}: expected {expected}, found {found}.")
    next_step = N_("Please export the card again where it comes from, or choose another file.")


class FileUnusable(InvalidInput):
    """A file of the user cannot be read or written. Params: file, detail."""

    code = "file_unusable"
    text = N_("{file} cannot be used: {detail}.")
    next_step = N_("Please check the path, or choose another file.")


class NotFound(WorkbenchError):
    """Params: what."""

    code = "not_found"
    status = 404
    text = N_("There is no “{what}” here.")
    next_step = N_("Please check the name.")


class RoomNotFound(NotFound):
    """Params: room."""

    code = "room_not_found"
    text = N_("There is no room “{room}”.")
    next_step = N_("Choose one from the list of rooms, or create it.")


class MessageNotFound(NotFound):
    """Params: room, seq."""

    code = "message_not_found"
    text = N_("The room “{room}” has no message {seq}.")


class PromptNotKept(NotFound):
    """Params: seq."""

    code = "prompt_not_kept"
    text = N_("No prompt is kept for message {seq}.")
    next_step = N_("Prompts are kept for the newest replies of agents that live here.")


class AgentNotFound(NotFound):
    """Params: agent."""

    code = "agent_not_found"
    text = N_("There is no agent “{agent}”.")
    next_step = N_("Choose one from the list of agents.")


class ModelNotFound(NotFound):
    """Params: model."""

    code = "model_not_found"
    text = N_("There is no model “{model}”.")
    next_step = N_("Choose one on the Models screen.")


class NothingToUndo(NotFound):
    """Params: model."""

    code = "nothing_to_undo"
    text = N_("Nothing is tuned on {model}.")
    next_step = N_("“hardware tune” lists what is set.")


class Conflict(WorkbenchError):
    """Params: detail."""

    code = "conflict"
    status = 409


class IdempotencyConflict(Conflict):
    """Params: key."""

    code = "idempotency_conflict"
    text = N_("The key “{key}” was already used for another message.")
    next_step = N_("Use a new key for a new message.")


class NameTaken(Conflict):
    """Params: name."""

    code = "name_taken"
    text = N_("The name “{name}” is already taken.")
    next_step = N_("Please choose another one.")


class AgentConflict(Conflict):
    """Somebody else saved it since this editor saw it. Params: agent."""

    code = "agent_conflict"
    text = N_("“{agent}” has been changed elsewhere since you opened it; nothing was overwritten.")
    next_step = N_("Open it again, compare, and save your changes on top.")


class AgentBundled(Conflict):
    """Params: agent."""

    code = "agent_bundled"
    text = N_("“{agent}” comes with Engawa and cannot be deleted.")
    next_step = N_("You can edit it: your own version then stands in its place.")


class SenderIsAgent(Conflict):
    """Params: sender."""

    code = "sender_is_agent"
    text = N_("“{sender}” is an agent of this room and speaks for itself.")
    next_step = N_("Please write under another name.")
