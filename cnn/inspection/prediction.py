"""The predicted loss gap of each layer from single images: one backward pass a batch.

What is estimated is what `bntheory.cnn.evaluation.bridge` derives, with u the field of mean 0 and
variance 1, ``m1, m2`` an image's means of ``u, u^2`` over positions, ``a, b`` the slopes of its
loss by gamma and beta:

    noise:     E_ij(k_ij^2) / (2 M),   k_ij = sum_c gamma [b_i m1_j + a_i (m2_j - 1)/2], i != j
    residual:  -E_i(k_ii) / M + sum_c gamma / M [A (V1/2 + 3 V2/8) + B C/2]

The noise part wants slopes for labels drawn from the network's own answer (Fisher information), the
residual part those for the true labels. Here half of the images, at random, have drawn labels: with
statistics of the population images are independent, so one backward pass gives both. Images are
counted in blocks, and the standard errors are those of leaving each block out (jackknife).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
import torch

Array = np.ndarray
BLOCKS = 10  # of images, for standard errors
SOURCES = ("from_mean", "from_spread", "from_both", "from_residual")


class Known(NamedTuple):
    """What is known of each image at one layer: float64, shape (images, channels) each.

    Slopes of its loss by beta and gamma, and its means of u and u^2 over positions.
    """

    b: Array
    a: Array
    m1: Array
    m2: Array


@dataclass
class Slopes:
    """The same, as it is gathered batch by batch."""

    b: list[torch.Tensor] = field(default_factory=list)
    a: list[torch.Tensor] = field(default_factory=list)
    m1: list[torch.Tensor] = field(default_factory=list)
    m2: list[torch.Tensor] = field(default_factory=list)

    def joined(self) -> Known:
        """All images', in float64."""
        parts = (self.b, self.a, self.m1, self.m2)
        return Known(*(torch.cat(part).cpu().double().numpy() for part in parts))


@dataclass(frozen=True)
class Estimate:
    """A layer's gap at M = 1 by source, and the same with each block of images left out.

    Attributes
    ----------
    parts
        By source, shape (4,).
    without
        Shape (blocks, 4).
    """

    parts: Array
    without: Array

    @property
    def gap(self) -> float:
        """All sources."""
        return float(self.parts.sum())

    @property
    def gap_sem(self) -> float:
        """The standard error of `gap`."""
        return jackknife(self.without.sum(1))

    @property
    def noise(self) -> float:
        """What the batch's noise does: all sources but the residual slope."""
        return float(self.parts[:3].sum())

    @property
    def noise_sem(self) -> float:
        """The standard error of `noise`."""
        return jackknife(self.without[:, :3].sum(1))

    def __add__(self, other: Estimate) -> Estimate:
        return Estimate(self.parts + other.parts, self.without + other.without)


def jackknife(without: Array) -> float:
    """The standard error of an estimate whose values without each block are given.

    Examples
    --------
    >>> sample = np.array([1.0, 2.0, 4.0, 9.0])
    >>> left = (sample.sum() - sample) / 3
    >>> bool(np.isclose(jackknife(left), sample.std(ddof=1) / 2))
    True
    """
    blocks = len(without)
    return float(np.sqrt((blocks - 1) / blocks * np.sum((without - without.mean()) ** 2)))


def estimate(gamma: Array, known: Known, drawn: Array) -> Estimate:
    """One layer's predicted gap at M = 1.

    Parameters
    ----------
    gamma
        Of each channel.
    known
        Of each image.
    drawn
        Which images' slopes stand for the Fisher information; those of the others are of the loss
        itself. Shape (images,).
    """
    b, a, m1, m2 = known
    first, second = gamma * (m1 - m1.mean(0)), gamma * (m2 - m2.mean(0)) / 2
    block = np.arange(len(b)) * BLOCKS // len(b)
    groups = np.eye(BLOCKS)[block]
    sums = np.zeros((4, BLOCKS, BLOCKS))
    for k in range(BLOCKS):  # a block at a time: all pairs at once would take much memory
        rows = np.flatnonzero(drawn & (block == k))
        by_mean, by_spread = b[rows] @ first.T, a[rows] @ second.T  # k_ij
        pairs = [by_mean**2 / 2, by_spread**2 / 2, by_mean * by_spread, np.ones_like(by_mean)]
        for pair, total in zip(pairs, sums, strict=True):
            pair[np.arange(len(rows)), rows] = 0.0
            total[k] = pair.sum(0) @ groups
    total, crossed = sums.sum((1, 2)), sums.sum(1) + sums.sum(2)
    left = total[:, None] - crossed + np.diagonal(sums, axis1=1, axis2=2)
    own = _residual(gamma, known, first, second)
    kept = groups[~drawn].T
    counts, blocks = kept.sum(1), kept @ own[~drawn]
    residual = blocks.sum() / counts.sum()
    residuals = (blocks.sum() - blocks) / (counts.sum() - counts)
    return Estimate(
        np.append(total[:3] / total[3], residual),
        np.column_stack([*(left[:3] / left[3]), residuals]),
    )


def _residual(gamma: Array, known: Known, first: Array, second: Array) -> Array:
    """Each image's part of the residual: its mean over images is the residual at M = 1."""
    b, a, m1, m2 = known
    v1, v2 = m1.var(0), m2.var(0)
    covariance = (m1 * m2).mean(0) - m1.mean(0) * m2.mean(0)
    bent = a @ (gamma * (v1 / 2 + 3 * v2 / 8)) + b @ (gamma * covariance / 2)
    found: Array = bent - (b * first + a * second).sum(1)
    return found
