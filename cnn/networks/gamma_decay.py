"""Gamma decay, layer by layer: the explicit half of BN = PN + gamma decay.

``zeta`` is the coefficient in the *flow*, ``d gamma/dt = eta (... - zeta gamma)`` (theory page
2): it adds ``zeta gamma`` to the gradient, as SGD's weight decay does, and that is how it
is applied. The potential of this term, ``sum zeta gamma^2 / 2``, is reported apart from the loss.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import torch
from torch import nn

from ...teacher_student.regularization import zeta_sources
from ..norms.moments import Pool
from .surgery import norms_of


def predicted_zeta(batch_size: float, kurtosis: float) -> float:
    """Zeta of a layer followed by ReLU: the theory's, for one neuron.

    Parameters
    ----------
    batch_size
        How many independent fields a batch statistic averages over.
    kurtosis
        Excess kurtosis of the fields.

    Examples
    --------
    >>> round(32 * predicted_zeta(32, 0.0), 6)
    0.375
    """
    from_mean, from_spread = zeta_sources("relu", 1, kurtosis)  # both fall like 1/M
    return (from_mean + from_spread) / batch_size


def fields_in_batch(batch_size: int, pool: Pool, count: str) -> float:
    """How many fields a layer's batch statistic averages over, counted one of three ways.

    ``"samples"``: images. ``"positions"``: images times positions of the field map.
    ``"effective"``: images times the number of independent positions an image is worth, measured
    by the variance of images' means.
    """
    if count == "samples":
        return float(batch_size)
    if count == "positions":
        return float(batch_size * pool.positions)
    return batch_size * float(pool.effective_positions.mean())


class GammaDecay:
    """Zeta of each layer, and the optimiser's groups that apply it.

    Parameters
    ----------
    choice
        A number, or ``auto:samples``, ``auto:positions``, ``auto:effective``.
    batch_size
        Images that the statistics replaced would have been taken over.
    """

    def __init__(self, model: nn.Module, choice: str, batch_size: int) -> None:
        self.norms = {n: norm for n, norm in norms_of(model).items() if norm.has_gamma}
        kind, _, self.count = choice.partition(":")
        self.automatic, self.batch_size = kind == "auto", batch_size
        self.zeta = dict.fromkeys(self.norms, 0.0 if self.automatic else float(choice))

    def groups(self) -> list[dict[str, object]]:
        """Parameter groups for the optimiser: one gamma each."""
        return [
            {"params": [norm.weight], "weight_decay": self.zeta[name], "gamma_of": name}
            for name, norm in self.norms.items()
        ]

    def measure(self, pools: Mapping[str, Pool], groups: Iterable[dict[str, object]]) -> None:
        """Take zeta from measured fields, if it is automatic, and hand it to the optimiser."""
        if not self.automatic:
            return
        for name in self.zeta:
            pool = pools[name]
            fields = fields_in_batch(self.batch_size, pool, self.count)
            kurtosis = float(torch.nanmean(pool.kurtosis))
            self.zeta[name] = predicted_zeta(fields, kurtosis if kurtosis == kurtosis else 0.0)
        for group in groups:
            if "gamma_of" in group:
                group["weight_decay"] = self.zeta[str(group["gamma_of"])]

    def penalty(self) -> float:
        """``sum zeta gamma^2 / 2`` over layers and channels: what the decay descends."""
        with torch.no_grad():
            parts = [0.5 * self.zeta[n] * m.weight.square().sum() for n, m in self.norms.items()]
            return float(sum(parts))
