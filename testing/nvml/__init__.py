"""A stand-in for NVIDIA's library, so that the real binding (pynvml) is exercised without a card.

    library = build()                      # needs gcc: see why_not()
    script = Script(folder / "gpu.txt")
    script.write(CARD, "fail nvmlDeviceGetTemperatureV 15")
    # in another process: script.environment(library); in this one: load(library)

Lines of a script: `gpu` begins a card; `name`, `uuid`, `memory TOTAL USED RESERVED` (bytes),
`busy GPU MEMORY` (percent), `temperature`, `power USED LIMIT` (mW), `clocks GRAPHICS MEMORY`
(MHz), `throttle BITS`, `pcie GENERATION LANES SENT RECEIVED` (kB/s), `process PID BYTES`. For all
cards: `fail CALL CODE` and `hang CALL`, where `*` is every call; a call that hangs comes back when
the script no longer says so.
"""

from __future__ import annotations

import ctypes
import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path

SOURCE = Path(__file__).with_name("standin.c")
NAME = "libnvidia-ml.so.1"
VARIABLE = "ENGAWA_NVML_SCRIPT"

CARD = """gpu
name NVIDIA GeForce RTX 4050 Laptop GPU
uuid GPU-5e9c0000-1111-2222-3333-444455556666
memory 6442450944 2900000000 330000000
busy 37 21
temperature 61
power 45200 80000
clocks 1800 8001
throttle 4
pcie 4 8 120000 90000"""
SIZE_UNKNOWN = 2**64 - 1  # what a driver says of a program's memory when it may not tell


def why_not() -> str | None:
    """Why the stand-in cannot be used here; `None`: it can."""
    if not sys.platform.startswith("linux"):
        return "the stand-in for NVIDIA's library needs Linux"
    return None if shutil.which("gcc") else "the stand-in for NVIDIA's library needs gcc"


def build() -> Path:
    """Compile it, once per version of its source; the path of the library."""
    digest = hashlib.sha256(SOURCE.read_bytes()).hexdigest()[:16]
    folder = Path(tempfile.gettempdir()) / f"engawa-nvml-{os.getuid()}-{digest}"
    folder.mkdir(mode=0o700, exist_ok=True)
    library = folder / NAME
    if not library.exists():
        unfinished = library.with_suffix(f".{os.getpid()}")
        command = ["gcc", "-O2", "-Wall", "-shared", "-fPIC"]
        command += [f"-Wl,-soname,{NAME}", "-o", str(unfinished), str(SOURCE), "-lpthread"]
        subprocess.run(command, check=True, capture_output=True)
        unfinished.replace(library)
    return library


def load(library: Path) -> None:
    """Have this process take the stand-in for NVIDIA's library from here on."""
    ctypes.CDLL(str(library))


class Script:
    """The text file that the stand-in answers from."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def write(self, *lines: str) -> None:
        """Replace it, at once for calls that come later."""
        unfinished = self.path.with_suffix(".new")
        unfinished.write_text("\n".join(lines) + "\n", encoding="utf-8")
        unfinished.replace(self.path)

    def remove(self) -> None:
        """No driver is loaded any more."""
        self.path.unlink()

    def environment(self, library: Path) -> Mapping[str, str]:
        """What another process needs to find both."""
        return {VARIABLE: str(self.path), "LD_LIBRARY_PATH": str(library.parent)}
