"""One process or several (torchrun): who am I, and sums over all of them that have gradients."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager

import torch
import torch.distributed as dist


def world() -> int:
    """Number of processes that train together."""
    return dist.get_world_size() if dist.is_available() and dist.is_initialized() else 1


def rank() -> int:
    """This process's number, from 0."""
    return dist.get_rank() if world() > 1 else 0


@contextmanager
def processes(device: torch.device) -> Iterator[None]:
    """Join the processes that torchrun started, if it did; leave them at the end."""
    several = int(os.environ.get("WORLD_SIZE", "1")) > 1
    if several and not dist.is_initialized():
        dist.init_process_group("nccl" if device.type == "cuda" else "gloo")
        try:
            yield
        finally:
            dist.destroy_process_group()
    else:
        yield


class _Sum(torch.autograd.Function):
    """Sum over processes. The gradient of a sum is what all processes' losses ask of it, summed."""

    @staticmethod
    def forward(ctx: object, value: torch.Tensor) -> torch.Tensor:
        total = value.clone()
        dist.all_reduce(total)
        return total

    @staticmethod
    def backward(ctx: object, gradient: torch.Tensor) -> torch.Tensor:
        total = gradient.clone()
        dist.all_reduce(total)
        return total


def sum_over_processes(value: torch.Tensor) -> torch.Tensor:
    """The sum over all processes, with gradient through it; with one process the value itself."""
    if world() == 1:
        return value
    summed: torch.Tensor = _Sum.apply(value)
    return summed
