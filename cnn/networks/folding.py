"""Folding BN into the kernels before it: the same function, without normalisation.

``gamma (w.x - mu)/s + beta = (gamma/s w).x + (beta - gamma mu/s)``.
"""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import nn

from ..norms.moments import Pool
from ..norms.norms import Norm
from .surgery import norms_of


@torch.no_grad()
def fold(model: nn.Module, pools: Mapping[str, Pool], bare: nn.Module) -> None:
    """Fill a network without normalisation with what BN and its kernels compute in evaluation.

    Parameters
    ----------
    model
        A network with BN (or any norm whose kernel is its own and that is a scale and a shift).
    pools
        Its population statistics.
    bare
        The same network with norm ``none``; its kernels and shifts are overwritten.
    """
    state = dict(model.state_dict())
    own = bare.state_dict()
    bare.load_state_dict({name: state.get(name, value) for name, value in own.items()})
    for (name, norm), target in zip(norms_of(model).items(), norms_of(bare).values(), strict=True):
        variance = pools[name].variance.to(norm.weight.dtype)
        scale = norm.scale(variance)
        target.kernel.copy_(norm.kernel * per_kernel(scale, norm))
        mean = pools[name].mean.to(norm.weight.dtype)
        target.bias.copy_(norm.bias - mean * scale if norm.subtracts else norm.bias)
        target.weight.fill_(1.0)


def per_kernel(scale: torch.Tensor, norm: Norm) -> torch.Tensor:
    """One value a channel, in the shape that broadcasts against the kernels."""
    return scale.reshape(-1, *[1] * (norm.kernel.ndim - 1))
