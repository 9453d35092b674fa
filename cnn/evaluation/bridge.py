"""The bridge to theory: a trained network's loss gap of BN, layer by layer, against prediction.

Batch statistics ``mu + s dm``, ``s (1 + ds)`` in place of the population's move the normalised
field to ``f - gamma (dm + u ds - u ds^2 - dm ds)``, ``u`` the field of mean 0 and variance 1. To
first order in 1/M the loss changes by

    noise:     E_ij(k_ij^2) / (2 M),   k_ij = sum_c gamma [b_i m1_j + a_i (m2_j - 1)/2], i != j
    residual:  -E_i(k_ii) / M + sum_c gamma / M [A (V1/2 + 3 V2/8) + B C/2]
    kinks:     E_i of the curvature of what follows the layer, times the slope the loss has there

Image j has its own means ``m1, m2`` of ``u, u^2`` over positions, of variances ``V1, V2`` and
covariance ``C`` between images; image i has derivatives ``a, b`` of its loss by gamma and beta, of
mean ``A, B``. In the noise part the labels are drawn from the network's own answer, which makes it
the Fisher information of gamma and beta, whole matrices of channels. For one neuron that has
learned its teacher, without positions, the residual part is 0 and the noise part is
``gamma^2/(2 M) [E g'^2 + E(g'^2 u^2) (rho + 2)/4]``, the regulariser ``zeta gamma^2``.
The residual part is there because an image is in its own batch's statistics while its loss still
has a slope. ``uncorrelated`` is the noise part with every channel by itself, as zeta has it.

**Kinks.** What follows the layer is linear but for ReLU, so its curvature sits on the kinks. No
single image shows it, the mean over images does: fields have a density on the kink, and the mean
loss is as smooth in (dm, ds) as that density. So a kink changes the first order and forbids no
next one, 1/M^2. A density that jumps on the kink puts M^(-3/2) between, a value that many fields
share exactly (an atom) M^(-1/2); one at a distance d from the kink acts for M up to about
(spread of dm at M = 1)^2/d^2. ``predicted_gap`` is noise and residual, in closed form.
``sampled_gap`` has the kinks and all orders: see `bntheory.cnn.evaluation.sampled`.

**All layers.** ``sampled_gap`` of all is the layers' sum: a later normalisation takes part of an
earlier one's noise out again, which it ignores. The loss of a batch is a functional T of the law of
its images, every normalisation's own response within; its mean over batches is
``T + E_i T2(i, i)/(2 M) + [E_i T3(i, i, i)/6 + E_ij T4(i, i, j, j)/8]/M^2 + ...``, T2, T3, T4 its
derivatives by the weights of images (towards image i from the law). ``joint_gap`` is the first of
these orders, found from large batches alone: pools of 512 images, cut in four
(`bntheory.cnn.evaluation.measured`).
"""

from __future__ import annotations

import math
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn

from ...experiments.regularization.neuron import neuron_regularization
from ...results.errors import InputError
from ...teacher_student.problem import Problem
from ..data.batches import DeviceImages
from ..networks.gamma_decay import predicted_zeta
from ..networks.surgery import norms_of
from ..runs.judge import population, with_population
from .layer_noise import Noise, Record, record, summed
from .measured import measured, share
from .plan import Plan, plan
from .sampled import sampled_gaps

Array = np.ndarray
TOGETHER = "all"
SOURCES = ("from_mean", "from_spread", "from_both", "from_residual")
Progress = Callable[[int, int], None]
Estimate = tuple[float, float]  # and its standard error
Row = dict[str, Any]


def bridge(
    model: nn.Module,
    images: DeviceImages,
    *,
    augment: bool = False,
    sizes: Sequence[int] = (8, 16, 32, 64),
    seen: int | None = None,
    seed: int = 0,
    progress: Progress | None = None,
) -> list[dict[str, Any]]:
    """Measured and predicted loss gap by layer and batch size; rows of ``bridge.csv``.

    Parameters
    ----------
    model
        A network with BN.
    images
        Its training images.
    augment
        Whether it was trained on moved images.
    sizes
        Batch sizes, at most half the images.
    seen
        Images that each gap is measured on; 2048 by default, but none for a single layer of a large
        network, which is sampled only (`bntheory.cnn.evaluation.plan`).
    seed
        Of images, batches, and the labels drawn for the Fisher information.
    progress
        Called with (images passed through the network, images in all).

    Raises
    ------
    ValueError
        If a size is below 2 or above half the images, or there is none.
    """
    most = len(images) // 2
    if not sizes or min(sizes) < 2 or max(sizes) > most:
        accepted = f"batch sizes from 2 to half the images, {most}, are accepted"
        raise InputError("sizes", list(sizes), accepted)
    pools = population(model, images, augment)
    with with_population(model, pools):
        work = _Work(model, images, sizes, seed, plan(model, images, sizes, seen), progress)
        known = record(model, images, work.plan.recorded, seed, work.advance)
        norms, rows, drawn = norms_of(model), [], []
        noise = {name: summed(norm, known.layers[name]) for name, norm in norms.items()}
        for name, part in noise.items():
            gaps = work.measured([name], sizes, work.plan.pools)
            drawn.append(work.sampled(name, known))
            alone = _neurons(model, name, part, pools[name])
            found = work.rows(name, [part], gap=gaps, sampled_gap=estimates(drawn[-1]))
            rows += [row | _of_neuron(alone, row["batch_size"]) for row in found]
        gaps = work.measured(list(noise), sizes, work.plan.together)
        # From pools of its own: what was measured is not to agree with it by its own scatter.
        joint = work.measured(list(noise), [work.plan.pool // 4], work.plan.joint)
        rows += work.rows(
            TOGETHER, list(noise.values()), gap=gaps, sampled_gap=estimates(np.sum(drawn, axis=0)),
            joint_gap=joint * len(sizes),
        )  # fmt: skip
    return rows


class _Work:
    """The measurements of one bridge, and how far they are."""

    def __init__(
        self,
        model: nn.Module,
        images: DeviceImages,
        sizes: Sequence[int],
        seed: int,
        chosen: Plan,
        progress: Progress | None,
    ) -> None:
        self.model, self.images, self.sizes, self._seed = model, images, list(sizes), seed
        self.plan, self._progress, self._done = chosen, progress, 0

    def advance(self, images: int) -> None:
        """Say that so many images more have passed."""
        self._done += images
        if self._progress:
            self._progress(min(self._done, self.plan.passes), self.plan.passes)

    def measured(self, layers: Sequence[str], sizes: Sequence[int], pools: int) -> list[Estimate]:
        """Measured gaps by size, with the share of 1/M divided out; none without pools."""
        self._seed += 1  # other images for every gap
        if not pools:
            return []
        of = (pools, self.plan.pool)
        return estimates(
            measured(self.model, self.images, layers, sizes, of, self._seed, self.advance)
        )

    def sampled(self, name: str, known: Record) -> Array:
        """Sampled gaps of a layer by image and size, with the share of 1/M divided out."""
        found, count = {}, len(known.losses)
        for place, size in enumerate(self.plan.sampled):
            seed = 1000 * self._seed + place
            gaps = sampled_gaps(self.model, self.images, name, known, size, seed)
            found[size] = gaps.cpu().numpy() / share(size, count)
            self.advance(count)
        other = found[self.plan.sampled[0]]  # by first order
        return np.stack([found.get(size, other) for size in self.sizes], axis=1)

    def rows(self, name: str, parts: Sequence[Noise], **gaps: Sequence[Estimate]) -> list[Row]:
        """The rows of a layer, or of all of them; NaN where nothing was measured."""
        keys = (*SOURCES, "uncorrelated")
        sums = {key: sum(getattr(part, key) for part in parts) for key in keys}
        rows: list[Row] = []
        for place, size in enumerate(self.sizes):
            factor = share(size, len(self.images))
            row: Row = {"layer": name, "batch_size": size}
            for key, found in gaps.items():
                mean, sem = found[place] if found else (math.nan, math.nan)
                row[key], row[f"{key}_sem"] = mean * factor, sem * factor
            row |= {key: value * factor for key, value in sums.items()}
            row["predicted_gap"] = sum(row[key] for key in SOURCES)
            rows.append(row)
        return rows


def estimates(found: Array) -> list[Estimate]:
    """Means over rows, with their standard errors."""
    means, sems = found.mean(0), found.std(0, ddof=1) / len(found) ** 0.5
    return list(zip(means.tolist(), sems.tolist(), strict=True))


def _neurons(model: nn.Module, name: str, noise: Noise, pool: Any) -> dict[str, float]:
    """Kurtosis and zeta (at M = 1) of a layer's neurons by `bntheory.neuron_regularization`."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "fields.npy"
        np.save(path, noise.fields)
        found = neuron_regularization(Problem(activation="relu", batch_size=32), path)
    alive = np.isfinite(found.zeta)
    count = max(1, int(alive.sum()))
    return {
        "kurtosis": float(torch.nanmean(pool.kurtosis)),
        "zeta": 32 * float(np.mean(found.zeta[alive])) if alive.any() else 0.0,
        "zeta_sem": 32 * float(np.sqrt(np.sum(found.zeta_sem[alive] ** 2))) / count,
        "gamma_squared": float(norms_of(model)[name].weight.detach().square().mean()),
    }


def _of_neuron(neuron: dict[str, float], size: int) -> dict[str, float]:
    """The columns that only a single layer has."""
    if not neuron:
        return {}
    return {
        "zeta_samples": predicted_zeta(size, neuron["kurtosis"]),
        "neuron_zeta": neuron["zeta"] / size,
        "neuron_zeta_sem": neuron["zeta_sem"] / size,
        "kurtosis": neuron["kurtosis"],
        "gamma_squared": neuron["gamma_squared"],
    }
