"""What each layer looks like: gamma, kernels, spreads, kurtosis and the zeta they predict."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from torch import nn

from ..networks.gamma_decay import fields_in_batch, predicted_zeta
from ..networks.surgery import norms_of
from ..norms.moments import Pool

COUNTS = ("samples", "positions", "effective")


@torch.no_grad()
def layer_rows(
    model: nn.Module, pools: Mapping[str, Pool], batch_size: int, zeta: Mapping[str, float]
) -> list[dict[str, Any]]:
    """One row a normalisation; means over its channels.

    Parameters
    ----------
    model, pools
        The network, and the moments of the population.
    batch_size
        M of the predicted zeta, which is given for three counts of the fields in a batch.
    zeta
        The gamma decay applied, by normalisation.
    """
    rows = []
    for name, norm in norms_of(model).items():
        pool = pools[name]
        spread = pool.variance.clamp_min(0).sqrt()
        length = torch.linalg.vector_norm(norm.kernel.flatten(1), dim=1).double()
        scale = norm.scale(pool.variance.to(norm.weight.dtype)).abs().double()
        kurtosis = float(torch.nanmean(pool.kurtosis))
        row: dict[str, Any] = {
            "layer": name,
            "gamma_squared": float(norm.weight.square().mean()),
            "kernel_norm": float(length.mean()),
            "sigma": float(spread.mean()),
            "effective_norm": float((scale * length).mean()),
            "kurtosis": kurtosis,
            "positions": pool.positions,
            "effective_positions": float(pool.effective_positions.mean()),
            "zeta": zeta.get(name, 0.0),
        }
        for count in COUNTS:
            fields = fields_in_batch(batch_size, pool, count)
            row[f"zeta_{count}"] = predicted_zeta(fields, kurtosis)
        rows.append(row)
    return rows
