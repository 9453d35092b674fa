"""Triton kernels for CUDA: sums by channel, and scaled fields, one pass over the fields each.

A field is read as rows of channels, (groups * rows, C) with the channels next to each other, which
is what ``channels_last`` is in memory. Whatever the fields' type, all arithmetic is in float32.
What is summed is summed in parts, one a program, and the parts in a second kernel: no atomics, so
that the same fields have the same sums bit by bit.
"""

# mypy: disallow-untyped-defs=False
# Triton gives the arguments of a kernel their types when it is called.

from __future__ import annotations

import torch
import triton
import triton.language as tl

kernel = triton.jit

TILE, WARPS = 4096, 8  # values that a program has in hand at once, and warps that hold them
PROGRAMS = 512  # about so many sum: enough to fill a card, few enough for their parts to be few
FINISH = 256  # values that a program of the second kernel has in hand, a channel


@kernel
def _sum_parts(x, dy, centre, parts, rows, count, share, PAIR: tl.constexpr, R: tl.constexpr,
               C: tl.constexpr):  # fmt: skip
    """Sums over a share of a group's rows: of z and z^2, or of dy and dy z; z = x - centre."""
    part, group = tl.program_id(0), tl.program_id(2)
    column = tl.program_id(1) * C + tl.arange(0, C)
    inside = column < count
    middle = tl.load(centre + group * count * PAIR + column, mask=inside, other=0.0)
    first = tl.zeros((R, C), tl.float32)  # summed over rows once, at the end
    second = tl.zeros((R, C), tl.float32)
    for start in range(part * share, tl.minimum(rows, (part + 1) * share), R):
        row = start + tl.arange(0, R)
        here = (row < rows)[:, None] & inside[None, :]
        place = (group.to(tl.int64) * rows + row)[:, None] * count + column[None, :]
        z = tl.load(x + place, mask=here, other=0.0).to(tl.float32) - middle[None, :]
        z = tl.where(here, z, 0.0)
        if PAIR:
            d = tl.load(dy + place, mask=here, other=0.0).to(tl.float32)
            first += d
            second += d * z
        else:
            first += z
            second += z * z
    place = (part * tl.num_programs(2) + group) * count + column
    tl.store(parts + place, tl.sum(first, 0), mask=inside)
    far = tl.num_programs(0) * tl.num_programs(2) * count
    tl.store(parts + far + place, tl.sum(second, 0), mask=inside)


@kernel
def _sum_of_parts(parts, sums, number, width, S: tl.constexpr, C: tl.constexpr):
    """Sums over the parts: (2, number, width) to (2, width)."""
    which = tl.program_id(1)
    column = tl.program_id(0) * C + tl.arange(0, C)
    inside = column < width
    total = tl.zeros((C,), tl.float32)
    for start in range(0, number, S):
        part = start + tl.arange(0, S)
        here = (part < number)[:, None] & inside[None, :]
        place = (which * number + part)[:, None] * width + column[None, :]
        total += tl.sum(tl.load(parts + place, mask=here, other=0.0), 0)
    tl.store(sums + which * width + column, total, mask=inside)


@kernel
def _scaled(x, out, scale, centre, shift, rows, count, R: tl.constexpr, C: tl.constexpr):
    """``scale (x - centre) + shift`` with one of each a group and channel."""
    group = tl.program_id(2)
    row = tl.program_id(0) * R + tl.arange(0, R)
    column = tl.program_id(1) * C + tl.arange(0, C)
    inside = column < count
    here = (row < rows)[:, None] & inside[None, :]
    place = (group.to(tl.int64) * rows + row)[:, None] * count + column[None, :]
    at = group * count + column
    a = tl.load(scale + at, mask=inside, other=0.0)
    m = tl.load(centre + at, mask=inside, other=0.0)
    b = tl.load(shift + at, mask=inside, other=0.0)
    z = tl.load(x + place, mask=here, other=0.0).to(tl.float32) - m[None, :]
    tl.store(out + place, (a[None, :] * z + b[None, :]).to(out.dtype.element_ty), mask=here)


@kernel
def _backward(x, dy, out, scale, centre, slope, level, rows, count, start, R: tl.constexpr,
              C: tl.constexpr):  # fmt: skip
    """``scale dy``, and from row ``start`` on ``slope (x - centre) + level`` besides."""
    group = tl.program_id(2)
    row = tl.program_id(0) * R + tl.arange(0, R)
    column = tl.program_id(1) * C + tl.arange(0, C)
    inside = column < count
    here = (row < rows)[:, None] & inside[None, :]
    place = (group.to(tl.int64) * rows + row)[:, None] * count + column[None, :]
    at = group * count + column
    a = tl.load(scale + at, mask=inside, other=0.0)
    m = tl.load(centre + at, mask=inside, other=0.0)
    p = tl.load(slope + at, mask=inside, other=0.0)
    q = tl.load(level + at, mask=inside, other=0.0)
    used = here & (row >= start)[:, None]
    z = tl.load(x + place, mask=used, other=0.0).to(tl.float32) - m[None, :]
    d = tl.load(dy + place, mask=here, other=0.0).to(tl.float32)
    result = a[None, :] * d + tl.where(used, p[None, :] * z + q[None, :], 0.0)
    tl.store(out + place, result.to(out.dtype.element_ty), mask=here)


def _tile(count: int) -> tuple[int, int]:
    """Rows and channels of a tile: whole lines of memory."""
    channels = min(64, triton.next_power_of_2(count))
    return TILE // channels, channels


def sums(
    x: torch.Tensor, dy: torch.Tensor | None, centre: torch.Tensor, groups: int
) -> torch.Tensor:
    """Sums over each group's rows, (2, groups, C): see `bntheory.cnn.norms.passes.sums`."""
    count = x.shape[1]
    rows = x.numel() // (count * groups)
    R, C = _tile(count)
    columns = triton.cdiv(count, C)
    most = max(1, PROGRAMS // (columns * groups))
    share = R * triton.cdiv(triton.cdiv(rows, R), most)
    number = triton.cdiv(rows, share)
    parts = torch.empty((2, number, groups, count), dtype=torch.float32, device=x.device)
    pair = dy is not None
    _sum_parts[(number, columns, groups)](
        x, dy if pair else x, centre, parts, rows, count, share, int(pair), R, C, num_warps=WARPS
    )
    if number == 1:
        return parts[:, 0]
    found = torch.empty((2, groups, count), dtype=torch.float32, device=x.device)
    width, narrow = groups * count, 16
    _sum_of_parts[(triton.cdiv(width, narrow), 2)](parts, found, number, width, FINISH, narrow)
    return found


def scaled(
    x: torch.Tensor, scale: torch.Tensor, centre: torch.Tensor, shift: torch.Tensor
) -> torch.Tensor:
    """See `bntheory.cnn.norms.passes.scaled`."""
    out = torch.empty_like(x)
    rows, count = x.numel() // scale.numel(), x.shape[1]
    R, C = _tile(count)
    grid = (triton.cdiv(rows, R), triton.cdiv(count, C), len(scale))
    _scaled[grid](x, out, scale, centre, shift, rows, count, R, C, num_warps=WARPS)
    return out


def backward(
    x: torch.Tensor, dy: torch.Tensor, scale: torch.Tensor, centre: torch.Tensor,
    source: tuple[torch.Tensor | None, torch.Tensor, int] | None,
) -> torch.Tensor:  # fmt: skip
    """See `bntheory.cnn.norms.passes.backward`."""
    slope, level, start = source or (scale, scale, len(x))  # unread where it starts at the end
    if slope is None:
        slope = torch.zeros_like(level)
    out = torch.empty_like(x)
    rows, count = x.numel() // scale.numel(), x.shape[1]
    R, C = _tile(count)
    first = start * (rows * len(scale) // len(x))
    grid = (triton.cdiv(rows, R), triton.cdiv(count, C), len(scale))
    _backward[grid](
        x, dy, out, scale, centre, slope, level, rows, count, first, R, C, num_warps=WARPS
    )
    return out
