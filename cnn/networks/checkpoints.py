"""Checkpoints: everything a run goes on from, written to a temporary name and renamed."""

from __future__ import annotations

import pickle
from pathlib import Path
from typing import Any, NamedTuple

import torch
import torch.distributed as dist
from torch import nn

from ...results.errors import InputError
from ...results.files import replacing
from ..recipe.processes import rank, world


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
        with replacing(path) as temporary:
            torch.save(checkpoint._asdict(), temporary)
    if world() > 1:
        dist.barrier()


def load_checkpoint(path: Path, device: torch.device) -> Checkpoint:
    """Read a checkpoint; tensors only, never code.

    Raises
    ------
    ValueError
        Naming the file, if it is not there or is no checkpoint.
    """
    try:
        found = torch.load(path, map_location=device, weights_only=True)
        return Checkpoint(**found)
    except (OSError, RuntimeError, TypeError, EOFError, pickle.UnpicklingError) as error:
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
