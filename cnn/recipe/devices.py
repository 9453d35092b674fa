"""The machine: device, threads, precision, and what of it goes into ``env.json``."""

from __future__ import annotations

import os
import platform
from contextlib import AbstractContextManager
from typing import Any

import numpy as np
import torch

from ...results.errors import InputError
from ...results.files import package_version
from .processes import world
from .recipe import Machine

SMALL_CPU = 8  # cores below which spinning threads cost more than they bring


def choose_device(machine: Machine) -> torch.device:
    """The device of this process; in several processes each has its own GPU.

    Raises
    ------
    ValueError
        If CUDA is asked for and absent, or bf16 without CUDA.
    """
    name = machine.device
    if name == "auto":
        name = "cuda" if torch.cuda.is_available() else "cpu"
    device = torch.device(name)
    if device.type == "cuda":
        if not torch.cuda.is_available():
            raise InputError("device", machine.device, "torch sees no CUDA device here")
        if device.index is None:
            device = torch.device("cuda", int(os.environ.get("LOCAL_RANK", "0")))
        torch.cuda.set_device(device)
    elif machine.precision == "bf16":
        raise InputError("precision", "bf16", "fp32 is accepted on a CPU")
    return device


def settle(machine: Machine) -> None:
    """Set threads and determinism for this process."""
    small = (os.cpu_count() or 1) < SMALL_CPU
    if machine.threads or small:
        torch.set_num_threads(machine.threads or 1)
    torch.use_deterministic_algorithms(machine.deterministic)
    if machine.deterministic:
        os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")
    torch.backends.cudnn.benchmark = not machine.deterministic


def autocast(machine: Machine, device: torch.device) -> AbstractContextManager[Any]:
    """bf16 where it is asked for. It has float32's range, so no loss scaler is needed."""
    enabled = machine.precision == "bf16"
    return torch.autocast(device.type, dtype=torch.bfloat16, enabled=enabled)


def environment(device: torch.device, checksum: str) -> dict[str, Any]:
    """What a run's numbers may depend on besides its recipe."""
    cuda = device.type == "cuda"
    return {
        "bntheory": package_version(),
        "torch": torch.__version__,
        "numpy": np.__version__,
        "python": platform.python_version(),
        "device": torch.cuda.get_device_name(device) if cuda else "cpu",
        "cuda": torch.version.cuda if cuda else None,
        "threads": torch.get_num_threads(),
        "processes": world(),
        "data_checksum": checksum,
    }
