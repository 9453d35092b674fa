"""Means and variances of a layer's fields by channel: of a batch, and pooled over many.

The variance is always the biased one, divided by the count, as BN normalises with it. (torch's own
running variance is the unbiased one; nothing here uses it.)
"""

from __future__ import annotations

from dataclasses import dataclass

import torch

from ..recipe.processes import sum_over_processes, world


def channels(values: torch.Tensor, x: torch.Tensor) -> torch.Tensor:
    """One value a channel, in the shape that broadcasts against ``x``."""
    return values.reshape(1, -1, *[1] * (x.ndim - 2))


@dataclass
class Pool:
    """Moments of a layer's fields gathered over many batches and summed in float64.

    Attributes
    ----------
    count
        Images so far.
    powers
        Sums of ``(x - centre)^k / positions``, k = 1 to 4, shape (4, C).
    squared_means
        Sum of the squares of each image's own mean about the centre, shape (C,): how far one
        image's positions vary together.
    positions
        Positions of a field map.
    """

    centre: torch.Tensor | None = None
    count: float = 0.0
    powers: torch.Tensor | float = 0.0
    squared_means: torch.Tensor | float = 0.0
    positions: int = 1

    def add(self, x: torch.Tensor) -> None:
        """Add a batch; all processes add theirs."""
        x = x.detach().flatten(2) if x.ndim > 2 else x.detach()[:, :, None]
        if self.centre is None:
            self.centre = sum_over_processes(x.mean((0, 2)).double()) / world()
        self.positions = x.shape[2]
        x = x - self.centre.to(x.dtype)[None, :, None]
        square = x.square()
        means = [x.mean(2), square.mean(2), (square * x).mean(2), square.square().mean(2)]
        powers = torch.stack([mean.double().sum(0) for mean in means])
        sums = sum_over_processes(torch.cat([powers, means[0].double().square().sum(0)[None]]))
        self.powers = self.powers + sums[:4]
        self.squared_means = self.squared_means + sums[4]
        self.count += len(x) * world()

    def _raw(self) -> torch.Tensor:
        return torch.as_tensor(self.powers) / self.count

    @property
    def mean(self) -> torch.Tensor:
        """Of each channel."""
        assert self.centre is not None
        return self.centre + self._raw()[0]

    @property
    def variance(self) -> torch.Tensor:
        """Biased, of each channel over images and positions."""
        raw = self._raw()
        return raw[1] - raw[0] ** 2

    @property
    def kurtosis(self) -> torch.Tensor:
        """Excess kurtosis of each channel; NaN for one that never changes."""
        m1, m2, m3, m4 = self._raw()
        fourth = m4 - 4 * m1 * m3 + 6 * m1**2 * m2 - 3 * m1**4
        variance = m2 - m1**2
        constant = variance <= 1e-14 * m2
        return torch.where(constant, torch.nan, fourth / variance.clamp_min(1e-300) ** 2 - 3)

    @property
    def effective_positions(self) -> torch.Tensor:
        """How many independent positions an image's mean is worth, at most all, each channel."""
        between = torch.as_tensor(self.squared_means) / self.count - self._raw()[0] ** 2
        ratio = self.variance / between.clamp_min(1e-300)
        return ratio.clamp(1.0, float(self.positions))
