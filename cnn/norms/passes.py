"""The passes over a layer's fields that every normalisation is made of, in groups of images.

Fields are (B, C, ...), in ``groups`` parts of B/groups images that follow each other; what belongs
to a channel of a group has shape (groups, C). On CUDA each pass is one Triton kernel that reads
the fields in their own type and counts in float32; everywhere else they are torch's operations.
"""

from __future__ import annotations

import warnings
from functools import lru_cache
from types import ModuleType

import torch

#: What a backward pass adds to some images: slopes and levels (groups, C), and their first image.
Source = tuple[torch.Tensor, torch.Tensor, int]


@lru_cache
def kernels() -> ModuleType | None:
    """The Triton kernels; None, with a warning, where Triton is missing or does not work."""
    try:
        from . import kernels as found

        x = torch.ones(2, 16, device="cuda")
        found.sums(x, None, x[:1], 1)
    except Exception as error:  # a missing compiler, driver or library, each in its own words
        warnings.warn(f"norms run without Triton: {error}", stacklevel=2)
        return None
    return found


def fast(x: torch.Tensor) -> ModuleType | None:
    """The kernels, if these fields can be given to them."""
    layout = torch.channels_last if x.ndim == 4 else torch.contiguous_format
    if not x.is_cuda or x.dtype == torch.float64 or not x.is_contiguous(memory_format=layout):
        return None
    return kernels() if x.ndim in (2, 4) else None


def wide(x: torch.Tensor) -> torch.Tensor:
    """Statistics in float32 at least, whatever autocast chose."""
    return x.float() if x.dtype in (torch.bfloat16, torch.float16) else x


def grouped(x: torch.Tensor, groups: int) -> torch.Tensor:
    """(groups, B/groups, C, ...)."""
    return x.unflatten(0, (groups, len(x) // groups))


def across(x: torch.Tensor, values: torch.Tensor) -> torch.Tensor:
    """Values (groups, C) in the shape that broadcasts against `grouped` fields."""
    return values.reshape(len(values), 1, -1, *[1] * (x.ndim - 2))


def over(x: torch.Tensor) -> list[int]:
    """All dimensions of `grouped` fields but the group's and the channel's."""
    return [1, *range(3, x.ndim + 1)]


def moments(
    x: torch.Tensor, centre: torch.Tensor, groups: int = 1
) -> tuple[torch.Tensor, torch.Tensor]:
    """Mean and biased variance, (groups, C) each.

    Parameters
    ----------
    x
        Fields.
    centre
        Anything near the mean, shape (C,): a kernel takes squares about it.
    groups
        Number of groups.
    """
    found = fast(x)
    if found is None:
        variance, mean = torch.var_mean(grouped(wide(x), groups), over(x), correction=0)
        return mean, variance
    return from_sums(found.sums(x, None, centre, groups), x.numel() / (x.shape[1] * groups), centre)


def from_sums(
    sums: torch.Tensor, count: float | torch.Tensor, centre: torch.Tensor
) -> tuple[torch.Tensor, torch.Tensor]:
    """Mean and biased variance from the sums of ``x - centre`` and of its square."""
    first, second = (sums / count).unbind()
    return centre + first, torch.addcmul(second, first, first, value=-1).clamp_min_(0.0)


def sums(
    x: torch.Tensor, dy: torch.Tensor | None, centre: torch.Tensor, groups: int = 1
) -> torch.Tensor:
    """Sums of z and z^2, or with ``dy`` of dy and dy z, ``z = x - centre``: (2, groups, C).

    ``centre`` is (C,) without ``dy`` and (groups, C) with it.
    """
    found = fast(x)
    if found is not None:
        return found.sums(x, dy, centre, groups)
    z = grouped(wide(x), groups) - across(x, centre.reshape(-1, x.shape[1]))
    other = z if dy is None else grouped(wide(dy), groups)
    return torch.stack([other.sum(over(x)), (other * z).sum(over(x))])


def scaled(
    x: torch.Tensor, scale: torch.Tensor, centre: torch.Tensor, shift: torch.Tensor
) -> torch.Tensor:
    """``scale (x - centre) + shift``, each (groups, C)."""
    found = fast(x)
    if found is not None:
        return found.scaled(x, scale, centre, shift)
    fields = grouped(wide(x), len(scale))
    level = torch.addcmul(shift, scale, centre, value=-1)
    result = torch.addcmul(across(x, level), fields, across(x, scale))
    return result.flatten(0, 1).to(x.dtype)


def backward(
    x: torch.Tensor, dy: torch.Tensor, scale: torch.Tensor, centre: torch.Tensor, source: Source
) -> torch.Tensor:
    """``scale dy``, and for images from a first one on ``slope (x - centre) + level`` besides.

    A first image other than 0 is for one group.
    """
    found = fast(x)
    if found is not None:
        return found.backward(x, dy, scale, centre, source)
    slope, level, first = source
    groups = len(scale)
    level = torch.addcmul(level, slope, centre, value=-1)
    result = (grouped(wide(dy), groups) * across(x, scale)).flatten(0, 1)
    part = grouped(result[first:], groups)
    part += across(x, level)
    part.addcmul_(grouped(wide(x[first:]), groups), across(x, slope))
    return result.to(x.dtype)
