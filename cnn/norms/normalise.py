"""Normalisation with a closed backward pass: one reading of the fields for sums, one for the rest.

With mean ``mu`` and variance ``v`` of a group's fields (or of its last images), and a scale and a
shift a channel,

    y = a (x - m) + b,   a = scale r / sqrt(v + eps)  or  a = scale,   b = shift + scale d,

``m = mu`` or 0, and ``r``, ``d`` constants (1 and 0, or those of batch renormalisation). With
``S1 = sum dy``, ``T = sum dy (x - m)``, n fields in the statistics, the chain rule gives

    d scale = T r / sqrt(v + eps) + S1 d  (or T),     d shift = S1,
    d mu = -a S1  (where it is subtracted),           d v = -a T / (2 (v + eps))  (where divided),
    dx = a dy + [x in the statistics] (2 d v (x - mu) + d mu) / n.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import torch
from torch.autograd.function import once_differentiable

from ..recipe.processes import sum_over_processes, world
from . import passes

Moments = tuple[torch.Tensor, torch.Tensor]


class Rule(NamedTuple):
    """What is done with the statistics.

    Attributes
    ----------
    eps
        Added to the variance.
    subtract, divide
        Whether the mean is subtracted, and whether the fields are divided by the spread.
    groups
        Of images that follow each other, with statistics of their own.
    first
        The image from which on they count in the statistics.
    """

    eps: float
    subtract: bool = True
    divide: bool = True
    groups: int = 1
    first: int = 0


class Constants(NamedTuple):
    """The ``r`` and ``d`` of renormalisation, (1, C) each."""

    r: torch.Tensor
    d: torch.Tensor


def moments_of_all(x: torch.Tensor, centre: torch.Tensor, groups: int = 1) -> Moments:
    """Mean and biased variance, (groups, C) each, over all processes; without gradient."""
    if world() == 1 or groups > 1:
        return passes.moments(x, centre, groups)
    sums = passes.sums(x, None, centre)
    count = torch.full_like(sums[:1], x.numel() / x.shape[1])
    sums = sum_over_processes(torch.cat([sums, count]))
    return passes.from_sums(sums[:2], sums[2], centre)


class _Normalise(torch.autograd.Function):
    """See the module's formulas."""

    @staticmethod
    def forward(
        ctx: Any, rule: Rule, x: torch.Tensor, scale: torch.Tensor, shift: torch.Tensor,
        mean: torch.Tensor, variance: torch.Tensor, r: torch.Tensor | None, d: torch.Tensor | None,
    ) -> torch.Tensor:  # fmt: skip
        scale, shift = scale[None].detach(), shift[None].detach().expand(rule.groups, -1)
        unit = None
        if rule.divide:
            unit = torch.rsqrt(variance + rule.eps)
            if r is not None:
                unit, shift = unit * r, torch.addcmul(shift, scale, d)
        whole = scale.expand(rule.groups, -1) if unit is None else scale * unit
        centre = mean if rule.subtract else torch.zeros_like(mean)
        ctx.rule = rule
        ctx.save_for_backward(x, whole, unit, mean, variance, d)
        return passes.scaled(x, whole.contiguous(), centre, shift.contiguous())

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, dy: torch.Tensor) -> tuple[Any, ...]:
        x, whole, unit, mean, variance, d = ctx.saved_tensors
        rule: Rule = ctx.rule
        dy = _like(dy, x)
        s1, product = passes.sums(x, dy, mean, rule.groups).unbind()
        if not rule.subtract:
            product = torch.addcmul(product, mean, s1)
        d_scale = product if unit is None else product * unit
        if d is not None:
            d_scale = torch.addcmul(d_scale, s1, d)
        count = (len(x) - rule.first) * x[0, 0].numel() / rule.groups
        level, slope = whole * s1, None
        if rule.divide:
            slope = whole * product / (variance + rule.eps)
        if world() > 1 and rule.groups == 1:
            level = sum_over_processes(level)
            slope = None if slope is None else sum_over_processes(slope)
            count *= world()
        level = level.mul_(-1 / count) if rule.subtract else torch.zeros_like(level)
        slope = None if slope is None else slope.mul_(-1 / count)
        dx = passes.backward(x, dy, whole.contiguous(), mean, (slope, level, rule.first))
        return None, dx, _over_groups(d_scale), _over_groups(s1), None, None, None, None


class _Affine(torch.autograd.Function):
    """``scale (x - centre) + shift`` with values of their own, one a channel."""

    @staticmethod
    def forward(
        ctx: Any, x: torch.Tensor, scale: torch.Tensor, shift: torch.Tensor, centre: torch.Tensor
    ) -> torch.Tensor:
        ctx.save_for_backward(x, scale, centre)
        return passes.scaled(x, scale[None], centre[None], shift[None])

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, dy: torch.Tensor) -> tuple[Any, ...]:
        x, scale, centre = ctx.saved_tensors
        dy = _like(dy, x)
        s1, product = passes.sums(x, dy, centre[None])[:, 0].unbind()
        dx = passes.backward(x, dy, scale[None], centre[None], None)
        return dx, product, s1, None


def _over_groups(values: torch.Tensor) -> torch.Tensor:
    return values[0] if len(values) == 1 else values.sum(0)


def _like(dy: torch.Tensor, x: torch.Tensor) -> torch.Tensor:
    """A gradient in the layout of the fields that it belongs to."""
    last = x.ndim == 4 and x.is_contiguous(memory_format=torch.channels_last)
    return dy.contiguous(memory_format=torch.channels_last if last else torch.contiguous_format)


def batch_norm(
    x: torch.Tensor, scale: torch.Tensor, shift: torch.Tensor, eps: float, groups: int = 1
) -> torch.Tensor:
    """Torch's own, group by group."""
    each = [torch.batch_norm(part, scale, shift, None, None, True, 0.0, eps, False)
            for part in passes.parts(x, groups)]  # fmt: skip
    return each[0] if groups == 1 else torch.cat(each)


def normalise(
    x: torch.Tensor, scale: torch.Tensor, shift: torch.Tensor, moments: Moments, rule: Rule,
    constants: Constants | None = None,
) -> torch.Tensor:  # fmt: skip
    """Normalised fields, with gradients through the statistics.

    Parameters
    ----------
    x
        Fields (B, C, ...).
    scale, shift
        One a channel, (C,); gradients go through them.
    moments
        Mean and variance of these very fields, as `moments_of_all` gives them for the images and
        groups of ``rule``: the gradient through them is part of that of ``x``.
    rule, constants
        What is done with the statistics.

    Examples
    --------
    >>> x = torch.tensor([[1.0], [3.0]], requires_grad=True)
    >>> y = normalise(x, torch.ones(1), torch.zeros(1), moments_of_all(x.detach(), x[0].detach()),
    ...               Rule(eps=0.0))
    >>> y.flatten().tolist()
    [-1.0, 1.0]
    """
    whole = rule.subtract and rule.divide and rule.first == 0 and world() == 1
    if whole and passes.fast(x) is None:  # gradients of BN, whose torch has its own fast kernels
        if constants is not None:
            r, d = constants.r[0], constants.d[0]
            scale, shift = scale * r, torch.addcmul(shift, scale, d)
        return batch_norm(x, scale, shift, rule.eps, rule.groups)
    made: torch.Tensor = _Normalise.apply(
        rule, x, scale, shift, *moments, *(constants or (None, None))
    )
    return made


def affine(
    x: torch.Tensor, scale: torch.Tensor, shift: torch.Tensor, centre: torch.Tensor
) -> torch.Tensor:
    """``scale (x - centre) + shift``, with gradients through all but ``centre``."""
    if passes.fast(x) is None:
        return torch.batch_norm(
            x, scale, shift, centre, torch.ones_like(centre), False, 0.0, 0.0, False
        )
    made: torch.Tensor = _Affine.apply(x, scale, shift, centre)
    return made
