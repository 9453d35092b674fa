"""What an optimiser does to kernels whose length drops out: rates, and how far a step turns them.

A kernel before a batch normalisation feels no gradient along itself: steps can only turn it, and
their squares lengthen it until weight decay takes as much away. With gradients that forget each
other from step to step, the angle of a step is then, whatever the loss (spherical motion dynamics,
Wan et al. 2021; rotational equilibrium, Kosson et al. 2023):

    SGD, momentum b, dampening d   sqrt(2 eta lambda (1 - d)/(1 + b))
    SGD, Nesterov                  sqrt(2 eta lambda (1 + 2 b - 2 b^3)/(1 + b))
    AdamW                          sqrt(2 eta lambda (1 - b1)/(1 + b1))

It is come near to at the rate k a step: ``x = (equilibrium angle / angle)^2`` is
``1 + (x0 - 1) exp(-k t)``, with ``k = 4 eta lambda (1 - d)/(1 - b)`` for SGD, whose step falls with
the square of the length, and ``2 eta lambda`` for AdamW, whose step does not depend on it.
"""

from __future__ import annotations

import copy
import math
from typing import Any, NamedTuple

import torch
from torch import nn
from torch.optim import SGD, AdamW, Optimizer

from ...results.errors import InputError
from .looking import Gradients

NEAR = 0.1  # relative distance of an angle from its equilibrium that counts as reached


class Turning(NamedTuple):
    """One layer under an optimiser; None is what has no value.

    Attributes
    ----------
    effective_rate
        Of SGD ``eta (1 - d)/((1 - b) |w|^2)``; of AdamW ``eta sqrt(n)/|w|``, n weights a kernel.
    rotation
        Root of the mean square angle of the next step, over kernels and batches.
    rotation_equilibrium, steps_to_equilibrium
        The angle at which lengths rest, and the steps until the angle is within a tenth of it.
    """

    effective_rate: float | None = None
    rotation: float | None = None
    rotation_equilibrium: float | None = None
    steps_to_equilibrium: float | None = None


def check_optimiser(optimiser: object) -> None:
    """Refuse what is no optimiser of torch."""
    if optimiser is not None and not isinstance(optimiser, Optimizer):
        name = type(optimiser).__name__
        raise InputError("optimiser", name, "an optimiser of torch, or None, is accepted")


def group_of(optimiser: Optimizer | None, weight: object) -> dict[str, Any] | None:
    """The parameter group that a weight is in."""
    for group in optimiser.param_groups if optimiser is not None else []:
        if any(parameter is weight for parameter in group["params"]):
            found: dict[str, Any] = group
            return found
    return None


def kernels(layer: nn.Module, weight: torch.Tensor) -> torch.Tensor:
    """The kernel of each output channel, a row each."""
    if not getattr(layer, "transposed", False):
        return weight.flatten(1)
    groups = layer.groups
    assert isinstance(groups, int)
    inside, outside = weight.shape[:2]
    split = weight.reshape(groups, inside // groups, outside, *weight.shape[2:])
    return split.transpose(1, 2).reshape(groups * outside, -1)


def turnings(
    optimiser: Optimizer, layers: list[nn.Module], gradients: Gradients
) -> list[Turning]:  # fmt: skip
    """What the optimiser does to each layer's kernels, given the gradients of some batches."""
    weights = [layer.weight for layer in layers]
    steps = [_next_weights(optimiser, weights, given) for given in gradients]
    found = []
    for k, layer in enumerate(layers):
        before = kernels(layer, weights[k].detach()).double()
        squares = [_angles(before, kernels(layer, after[k]).double()) for after in steps]
        angle = float(torch.stack(squares).mean().sqrt()) if squares else math.nan
        group = group_of(optimiser, weights[k])
        assert group is not None
        found.append(_turning(optimiser, group, before, angle))
    return found


def _turning(
    optimiser: Optimizer, group: dict[str, Any], before: torch.Tensor, angle: float
) -> Turning:
    turn, rate = equilibrium(optimiser, group)
    length = torch.linalg.vector_norm(before, dim=1)
    eta = float(group["lr"])
    effective: torch.Tensor | None = None
    if isinstance(optimiser, SGD):
        share = (1 - group["dampening"]) / (1 - group["momentum"])
        effective = eta * share / length.square()
    elif isinstance(optimiser, AdamW):
        effective = eta * before.shape[1] ** 0.5 / length
    steps = None if not turn or not angle > 0 else steps_until(turn, angle, rate)
    return Turning(
        None if effective is None else float(effective.mean()), angle, turn or None, steps
    )


def equilibrium(optimiser: Optimizer, group: dict[str, Any]) -> tuple[float, float]:
    """The angle of a step where lengths rest, and the rate at which that is come near to.

    Both are 0 without decay, and for optimisers that no formula here is for (Adam with decay in the
    gradient, amsgrad, others).
    """
    turn = 2 * float(group["lr"]) * float(group.get("weight_decay", 0.0))
    if isinstance(optimiser, SGD):
        b, share = group["momentum"], 1 - group["dampening"]
        factor = (1 + 2 * b - 2 * b**3) if group["nesterov"] else share
        return math.sqrt(turn * factor / (1 + b)), 2 * turn * share / (1 - b)
    if isinstance(optimiser, AdamW) and not group["amsgrad"]:
        b = group["betas"][0]
        return math.sqrt(turn * (1 - b) / (1 + b)), turn
    return 0.0, 0.0


def steps_until(turn: float, angle: float, rate: float) -> float:
    """Steps until an angle is within a tenth of its equilibrium; 0 if it is there.

    Examples
    --------
    >>> steps_until(0.01, 0.0105, 1e-4)
    0.0
    >>> round(steps_until(0.01, 0.02, 1e-4))
    14636
    """
    x = (turn / angle) ** 2
    edge = 1 - 1 / (1 + NEAR) ** 2 if x < 1 else 1 / (1 - NEAR) ** 2 - 1
    return max(0.0, math.log(max(abs(x - 1), 1e-300) / edge) / rate)


def _angles(before: torch.Tensor, after: torch.Tensor) -> torch.Tensor:
    """The mean over kernels of the squared angle, from the part of the step across the kernel."""
    square = before.square().sum(1).clamp_min(1e-300)
    step = after - before
    along = (step * before).sum(1) / square
    return ((step - along[:, None] * before).square().sum(1) / square).mean()


def _next_weights(
    optimiser: Optimizer, weights: list[Any], gradients: tuple[torch.Tensor | None, ...]
) -> list[torch.Tensor]:
    """The weights after a step that a copy of the optimiser takes, with its state."""
    twin = copy.deepcopy(optimiser)
    own = [p for group in optimiser.param_groups for p in group["params"]]
    copies = [p for group in twin.param_groups for p in group["params"]]
    places = {id(p): k for k, p in enumerate(own)}
    for parameter in copies:
        parameter.grad = None
    for weight, gradient in zip(weights, gradients, strict=True):
        copies[places[id(weight)]].grad = gradient
    twin.step()
    return [copies[places[id(weight)]].detach() for weight in weights]
