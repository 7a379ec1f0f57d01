"""The NVIDIA card, and whether the installed torch can use it. torch itself is not imported."""

from __future__ import annotations

import re
import shutil
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path
from typing import Any

from core.doctor.finding import Finding, Level
from core.doctor.machine import pip
from core.settings import Settings
from core.text import N_

DRIVER_FILES = Path("/proc/driver/nvidia/version")
WHEELS = "https://download.pytorch.org/whl/"
_CUDA_OF_TORCH = re.compile(r"^cuda\b[^=]*=\s*(?:None|'([^']*)')", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Card:
    """The first NVIDIA card. `None`: the driver does not say."""

    name: str | None
    memory_bytes: int | None
    driver: str | None
    cuda: tuple[int, int] | None


@dataclass(frozen=True, slots=True)
class Torch:
    """The installed torch. `cuda` is the version that it was built for, `None`: CPU only."""

    version: str
    cuda: str | None


def gpu(_settings: Settings) -> Finding:
    return judge(read_card(), installed_torch(), driver_traces())


def judge(card: Card | None, torch: Torch | None, traces: bool) -> Finding:
    """Put together what was seen. `traces`: something of an NVIDIA driver is on this machine."""
    if card is None and not traces:
        text = N_("There is no NVIDIA card: models run on the CPU.")
        return Finding("gpu", Level.OK, text)
    if torch is not None and torch.cuda is None:
        params = {"version": torch.version, "command": mending_command(torch, card)}
        text = N_("This machine has an NVIDIA card, but torch {version} only knows the CPU.")
        return Finding("gpu", Level.WARNING, text, N_("Run: {command}"), params)
    if card is None:
        text = N_("An NVIDIA driver is installed, but it does not answer.")
        hint = N_("Run nvidia-smi to see why; after an update of the driver, restart the machine.")
        return Finding("gpu", Level.WARNING, text, hint)
    memory = "?" if card.memory_bytes is None else f"{card.memory_bytes / 2**30:.1f}"
    params = {"name": card.name or "NVIDIA", "memory": memory, "driver": card.driver or "?"}
    text = N_("{name} with {memory} GB, driver {driver}.")
    return Finding("gpu", Level.OK, text, params=params)


def mending_command(torch: Torch, card: Card | None) -> str:
    """The pip command that brings the same torch for this card's driver."""
    build = "cu130" if card is None or card.cuda is None or card.cuda >= (13, 0) else "cu126"
    # With its local version the CPU-only build does not count as installed already.
    plain = torch.version.split("+")[0]
    return f'{pip()} install "torch=={plain}+{build}" --index-url {WHEELS}{build}'


def read_card() -> Card | None:
    """The first card by NVML; `None` when NVML, the driver or a card is not there."""
    try:
        import pynvml

        pynvml.nvmlInit()
    except Exception:  # library absent, driver absent or mismatched: NVML has many ways to say no
        return None
    try:
        if pynvml.nvmlDeviceGetCount() == 0:
            return None
        handle = pynvml.nvmlDeviceGetHandleByIndex(0)
        memory = _asked(pynvml.nvmlDeviceGetMemoryInfo, handle)
        cuda = _asked(pynvml.nvmlSystemGetCudaDriverVersion)
        return Card(
            name=_asked(pynvml.nvmlDeviceGetName, handle),
            memory_bytes=int(memory.total) if memory is not None else None,
            driver=_asked(pynvml.nvmlSystemGetDriverVersion),
            cuda=(cuda // 1000, cuda % 1000 // 10) if cuda else None,
        )
    except Exception:
        return None
    finally:
        _asked(pynvml.nvmlShutdown)


def driver_traces() -> bool:
    """Whether a driver is installed, even one that does not answer."""
    return DRIVER_FILES.exists() or shutil.which("nvidia-smi") is not None


def installed_torch() -> Torch | None:
    """What torch says of itself in its files; `None` when it is not installed."""
    try:
        found = distribution("torch")
    except PackageNotFoundError:
        return None
    try:
        source = Path(str(found.locate_file("torch/version.py"))).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        source = ""
    match = _CUDA_OF_TORCH.search(source)
    if match is None:  # another layout: only the version's suffix tells
        return Torch(found.version, None if found.version.endswith("+cpu") else "?")
    return Torch(found.version, match.group(1))


def _asked(question: Any, *arguments: Any) -> Any:
    try:
        return question(*arguments)
    except Exception:  # every NVML call may fail at any time with any code
        return None
