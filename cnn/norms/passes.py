"""The passes over a layer's fields that every normalisation is made of, in groups of images.

Fields are (B, C, ...), in ``groups`` parts of B/groups images that follow each other; what belongs
to a channel of a group has shape (groups, C). On CUDA each pass is one Triton kernel that reads
the fields in their own type and counts in float32. Everywhere else they are torch's passes of its
own batch normalisation, group by group: on a CPU those are several times as fast as general sums.
"""

from __future__ import annotations

import warnings
from functools import lru_cache
from types import ModuleType

import torch

from .moments import channels

#: What a backward pass adds to images from a first one on: slopes (None: 0) and levels (groups, C),
#: and the first image.
Source = tuple[torch.Tensor | None, torch.Tensor, int]


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


def parts(x: torch.Tensor, groups: int) -> tuple[torch.Tensor, ...]:
    """The groups' fields, (B/groups, C, ...) each."""
    return (x,) if groups == 1 else x.split(len(x) // groups)


def rows(values: torch.Tensor) -> tuple[torch.Tensor, ...]:
    """The groups' values, (C,) each."""
    return (values[0],) if len(values) == 1 else values.unbind()


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
        each = [torch.batch_norm_update_stats(p, None, None, 0.0) for p in parts(wide(x), groups)]
        mean, variance = zip(*each, strict=True)
        return torch.stack(mean), torch.stack(variance)
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
    x, dy = wide(x), None if dy is None else wide(dy)
    if dy is None:
        z = x - channels(centre, x)
        over = [0, *range(2, x.ndim)]
        return torch.stack([z.sum(over), z.square().sum(over)])[:, None]
    one, mask = torch.ones_like(centre[0]), [False, True, True]
    products, plain = [], []
    for part, d, middle in zip(parts(x, groups), parts(dy, groups), rows(centre), strict=True):
        _, product, total = torch.ops.aten.native_batch_norm_backward(
            d, part, one, middle, one, None, None, False, 0.0, mask
        )
        products.append(product)
        plain.append(total)
    return torch.stack([torch.stack(plain), torch.stack(products)])


def scaled(
    x: torch.Tensor, scale: torch.Tensor, centre: torch.Tensor, shift: torch.Tensor
) -> torch.Tensor:
    """``scale (x - centre) + shift``, each (groups, C)."""
    found = fast(x)
    if found is not None:
        return found.scaled(x, scale, centre, shift)
    one = torch.ones_like(shift[0])
    each = [
        torch.native_batch_norm(part, *values, one, False, 0.0, 0.0)[0]
        for part, *values in zip(
            parts(wide(x), len(scale)), rows(scale), rows(shift), rows(centre), strict=True
        )
    ]
    return (each[0] if len(each) == 1 else torch.cat(each)).to(x.dtype)


def backward(
    x: torch.Tensor, dy: torch.Tensor, scale: torch.Tensor, centre: torch.Tensor,
    source: Source | None,
) -> torch.Tensor:  # fmt: skip
    """``scale dy``, and for images from a first one on ``slope (x - centre) + level`` besides.

    A first image other than 0 is for one group.
    """
    found = fast(x)
    if found is not None:
        return found.backward(x, dy, scale, centre, source)
    none = torch.zeros_like(scale)
    if source is None:
        return scaled(dy, scale, none, none)
    slope, level, first = source
    if first:
        rest = backward(x[first:], dy[first:], scale, centre, (slope, level, 0))
        return torch.cat([scaled(dy[:first], scale, none, none), rest])
    if slope is None:
        return scaled(dy, scale, none, level)
    result = scaled(wide(dy), scale, none, torch.addcmul(level, slope, centre, value=-1))
    for part, fields, a in zip(
        parts(result, len(scale)), parts(wide(x), len(scale)), rows(slope), strict=True
    ):
        part.addcmul_(fields, channels(a, x))
    return result.to(x.dtype)
