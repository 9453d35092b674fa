"""Checkpoints: everything a run goes on from, written to a temporary name and renamed."""

from __future__ import annotations

import io
import pickle
from pathlib import Path
from typing import Any, NamedTuple

import torch
import torch.distributed as dist
from torch import nn

from ...results.errors import InputError
from ...results.files import replacing
from ..recipe.processes import rank, world

#: Files of a run's folder: where it goes on from, and what others start from.
LAST, START = "last.pt", "start.pt"


class Checkpoint(NamedTuple):
    """A run after ``step`` steps.

    ``random`` holds the state of torch's generators, CPU and CUDA, of every process: dropout draws
    from them. There is no loss scaler, since bf16 has float32's range.
    """

    step: int
    model: dict[str, Any]
    optimiser: dict[str, Any]
    random: list[tuple[torch.Tensor, torch.Tensor | None]]
    seconds: float


def save_checkpoint(path: Path, checkpoint: Checkpoint) -> None:
    """Write a checkpoint, whole or not at all; only the first process does."""
    if rank() == 0:
        _save(path, checkpoint._asdict())
    if world() > 1:
        dist.barrier()


def save_start(path: Path, checkpoint: Checkpoint) -> None:
    """Write what others start from: weights alone, kernels rounded to half precision.

    Rounding moves a kernel's entries by at most 2^-11 of each, or 2^-25 of 1 where that is more.
    What does not fit (beyond 65504) and everything that is not a kernel is kept as it is.
    """
    _save(path, {name: _short(value) for name, value in checkpoint.model.items()})


def saved_weights(folder: Path, device: torch.device) -> dict[str, Any]:
    """The weights of a run: of its last checkpoint, or what was kept of that for others.

    Raises
    ------
    ValueError
        If there is neither.
    """
    if (folder / LAST).exists() or not (folder / START).exists():
        return load_checkpoint(folder / LAST, device).model
    found: dict[str, Any] = _load(folder / START, device)
    return found


def _short(value: torch.Tensor) -> torch.Tensor:
    half = value.half() if value.ndim > 1 and value.is_floating_point() else value
    return half if bool(torch.isfinite(half).all()) else value


def _save(path: Path, values: dict[str, Any]) -> None:
    # Made in memory: what torch.save cannot write, on a full disk, it cannot say plainly either.
    made = io.BytesIO()
    torch.save(values, made)
    with replacing(path) as temporary:
        temporary.write_bytes(made.getbuffer())


def load_checkpoint(path: Path, device: torch.device) -> Checkpoint:
    """Read a checkpoint; tensors only, never code.

    Raises
    ------
    ValueError
        Naming the file, if it is not there or is no checkpoint.
    """
    try:
        return Checkpoint(**_load(path, device))
    except TypeError:
        raise InputError("run", str(path.parent), f"{path.name} is no checkpoint") from None


def _load(path: Path, device: torch.device) -> Any:
    try:
        return torch.load(path, map_location=device, weights_only=True)
    except (OSError, RuntimeError, EOFError, pickle.UnpicklingError) as error:
        reason = "does not exist" if isinstance(error, FileNotFoundError) else "is no checkpoint"
        raise InputError("run", str(path.parent), f"{path.name} {reason}") from None


def random_states(device: torch.device) -> list[tuple[torch.Tensor, torch.Tensor | None]]:
    """The states of all processes' generators."""
    cuda = torch.cuda.get_rng_state(device) if device.type == "cuda" else None
    mine = (torch.get_rng_state(), cuda)
    if world() == 1:
        return [mine]
    states: list[Any] = [None] * world()
    dist.all_gather_object(states, mine)
    return states


def restore_random(
    states: list[tuple[torch.Tensor, torch.Tensor | None]], device: torch.device
) -> None:
    """Set this process's generators.

    Raises
    ------
    ValueError
        If the checkpoint was written by another number of processes.
    """
    if len(states) != world():
        raise ValueError(f"run: as many processes as before, {len(states)}, are accepted")
    cpu, cuda = states[rank()]
    torch.set_rng_state(cpu.cpu())
    if cuda is not None and device.type == "cuda":
        torch.cuda.set_rng_state(cuda.cpu(), device)


def load_weights(model: nn.Module, state: dict[str, Any]) -> None:
    """Put a checkpoint's weights into a network.

    Raises
    ------
    ValueError
        If they belong to another network.
    """
    try:
        model.load_state_dict(state)
    except RuntimeError as error:
        raise ValueError(f"start: its weights do not fit this network: {error}") from None
