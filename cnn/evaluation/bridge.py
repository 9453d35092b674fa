"""The bridge to theory: a trained network's loss gap of BN, layer by layer, against prediction.

Batch statistics ``mu + s dm``, ``s (1 + ds)`` in place of the population's move the normalised
field to ``f - gamma (dm + u ds - u ds^2 - dm ds)``, ``u`` the field of mean 0 and variance 1. To
first order in 1/M the loss changes by

    noise:     E_ij(k_ij^2) / (2 M),   k_ij = sum_c gamma [b_i m1_j + a_i (m2_j - 1)/2], i != j
    residual:  -E_i(k_ii) / M + sum_c gamma / M [A (V1/2 + 3 V2/8) + B C/2]

Image j has its own means ``m1, m2`` of ``u, u^2`` over positions, of variances ``V1, V2`` and
covariance ``C`` between images; image i has derivatives ``a, b`` of its loss by gamma and beta, of
mean ``A, B``. In the noise part the labels are drawn from the network's own answer, which makes it
the Fisher information of gamma and beta, whole matrices of channels. For one neuron that has
learned its teacher, without positions, the residual part is 0 and the noise part is
``gamma^2/(2 M) [E g'^2 + E(g'^2 u^2) (rho + 2)/4]``, the ``zeta gamma^2`` of theory.md, section 2.
The residual part is there because an image is in its own batch's statistics while its loss still
has a slope. What is left out: the curvature of what follows the layer (kinks of ReLU) where the
loss still has a slope, and everything of order 1/M^2. ``uncorrelated`` is the noise part with every
channel by itself, as zeta has it.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F

from ...experiments.regularization.neuron import neuron_regularization
from ...teacher_student.problem import Problem
from ..data.batches import DeviceImages
from ..networks.gamma_decay import predicted_zeta
from ..networks.surgery import norms_of
from ..runs.judge import population, with_population
from .layer_noise import Noise, layer_noise

TOGETHER = "all"
SOURCES = ("from_mean", "from_spread", "from_both", "from_residual")
Progress = Callable[[int, int], None]


def bridge(
    model: nn.Module,
    images: DeviceImages,
    *,
    augment: bool = False,
    sizes: Sequence[int] = (8, 16, 32, 64),
    seen: int = 4000,
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
        Batch sizes.
    seen
        Images that the gap at each size is a mean over, drawn in batches, at least 40 of them.
    seed
        Of the batches and of the labels drawn for the Fisher information.
    progress
        Called with (batch sizes done, batch sizes in all).
    """
    pools = population(model, images, augment)
    with with_population(model, pools):
        noise = layer_noise(model, images, seed)
        measured = {}
        for done, size in enumerate(sizes):
            batches = max(40, seen // size)
            measured[size] = measured_gaps(model, images, list(noise), size, batches, seed)
            if progress:
                progress(done + 1, len(sizes))
        rows: list[dict[str, Any]] = []
        for name in [*noise, TOGETHER]:
            parts = [noise[part] for part in (noise if name == TOGETHER else [name])]
            sums = {
                key: sum(getattr(part, key) for part in parts) for key in (*SOURCES, "uncorrelated")
            }
            neuron = {} if name == TOGETHER else _neurons(model, name, noise[name], pools[name])
            for size in sizes:
                gap, sem = measured[size][name]
                row = {"layer": name, "batch_size": size, "gap": gap, "gap_sem": sem}
                row |= {key: value / size for key, value in sums.items()}
                row["predicted_gap"] = sum(sums[key] for key in SOURCES) / size
                rows.append(row | _of_neuron(neuron, size))
    return rows


@torch.no_grad()
def measured_gaps(
    model: nn.Module, images: DeviceImages, layers: list[str], size: int, batches: int, seed: int
) -> dict[str, tuple[float, float]]:
    """Mean loss with batch statistics in one layer (or all) minus that in none, and its sem."""
    rng = np.random.default_rng([seed, size])
    choices = {**{name: [name] for name in layers}, TOGETHER: layers}
    gaps: dict[str, list[float]] = {name: [] for name in choices}
    for _ in range(batches):
        chosen = torch.from_numpy(rng.choice(len(images), size, replace=False))
        x, labels = images.take(chosen)
        quiet = F.cross_entropy(model(x), labels)
        for name, parts in choices.items():
            with batch_statistics(model, parts):
                gaps[name].append(float(F.cross_entropy(model(x), labels) - quiet))
    return {
        n: (float(np.mean(g)), float(np.std(g, ddof=1) / len(g) ** 0.5)) for n, g in gaps.items()
    }


@contextmanager
def batch_statistics(model: nn.Module, layers: Sequence[str]) -> Iterator[None]:
    """Only these normalisations use the batch's statistics; the others stay in evaluation."""
    norms = norms_of(model)
    for name in layers:
        norms[name].mode = "batch"
    try:
        yield
    finally:
        for name in layers:
            norms[name].mode = "normal"


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
