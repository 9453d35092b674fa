"""The bridge to theory: a trained network's loss gap of BN, layer by layer, against prediction.

Batch statistics instead of the population's change the loss by, to second order in their noise,

    gap = sum_c gamma_c^2 / (2 M) [ F_beta,c V1_c + F_gamma,c V2_c / 4 ]

``F`` are the Fisher informations of beta and gamma of a channel, ``V1`` and ``V2`` the variances,
from image to image, of the image's own mean of ``u`` and of ``u^2``, ``u`` the field of mean 0 and
variance 1. For one neuron followed by g, without positions, ``F_beta = E g'^2``, ``F_gamma =
E g'^2 u^2``, ``V1 = 1``, ``V2 = rho + 2``: this is ``zeta gamma^2`` (theory.md, section 2).
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F

from ..experiments.regularization import neuron_regularization
from ..teacher_student.problem import Problem
from .batches import DeviceImages
from .gamma_decay import predicted_zeta
from .judge import population, with_population
from .moments import channels
from .norms import Norm
from .surgery import norms_of

RECORDED = 1024  # images whose fields are looked at one by one
FIELDS = 20_000  # rows that the kurtosis of neurons is estimated from
TOGETHER = "all"
Progress = Callable[[int, int], None]


class Noise(NamedTuple):
    """What one layer's prediction needs: sums over channels, at M = 1; and recorded fields."""

    from_mean: float
    from_spread: float
    fields: np.ndarray


def bridge(
    model: nn.Module,
    images: DeviceImages,
    *,
    augment: bool = False,
    sizes: Sequence[int] = (8, 16, 32, 64),
    batches: int = 40,
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
    batches
        Batches of each size that the gap is a mean over.
    seed
        Of the batches and of the labels drawn for the Fisher information.
    progress
        Called with (layers done, layers in all).
    """
    pools = population(model, images, augment)
    rows: list[dict[str, Any]] = []
    with with_population(model, pools):
        noise = layer_noise(model, images, seed)
        names = [*noise, TOGETHER]
        for done, name in enumerate(names):
            parts = list(noise) if name == TOGETHER else [name]
            from_mean = sum(noise[part].from_mean for part in parts)
            from_spread = sum(noise[part].from_spread for part in parts)
            neuron = {} if name == TOGETHER else _neurons(model, name, noise[name], pools[name])
            for size in sizes:
                gap, sem = measured_gap(model, images, parts, size, batches, seed)
                row = {"layer": name, "batch_size": size, "gap": gap, "gap_sem": sem}
                row |= {"from_mean": from_mean / size, "from_spread": from_spread / size}
                row["predicted_gap"] = (from_mean + from_spread) / size
                if neuron:
                    row["zeta_samples"] = predicted_zeta(size, neuron["kurtosis"])
                    row["neuron_zeta"] = neuron["zeta"] / size
                    row["neuron_zeta_sem"] = neuron["zeta_sem"] / size
                    row |= {k: neuron[k] for k in ("kurtosis", "gamma_squared")}
                rows.append(row)
            if progress:
                progress(done + 1, len(names))
    return rows


@torch.no_grad()
def measured_gap(
    model: nn.Module, images: DeviceImages, layers: Sequence[str], size: int, batches: int, seed: int
) -> tuple[float, float]:
    """Mean loss with batch statistics in these layers minus that with none, and its sem."""
    rng = np.random.default_rng([seed, size])
    gaps = []
    for _ in range(batches):
        chosen = torch.from_numpy(rng.choice(len(images), size, replace=False))
        x, labels = images.take(chosen)
        quiet = F.cross_entropy(model(x), labels)
        with batch_statistics(model, layers):
            gaps.append(float(F.cross_entropy(model(x), labels) - quiet))
    return float(np.mean(gaps)), float(np.std(gaps, ddof=1) / len(gaps) ** 0.5)


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


def layer_noise(model: nn.Module, images: DeviceImages, seed: int) -> dict[str, Noise]:
    """Fisher informations and variances of every layer, the network in evaluation mode."""
    norms = norms_of(model)
    kept: dict[str, tuple[torch.Tensor, torch.Tensor]] = {}

    def keep(name: str, norm: Norm) -> Callable[[nn.Module, Any, torch.Tensor], None]:
        def hook(_: nn.Module, inputs: tuple[torch.Tensor, ...], output: torch.Tensor) -> None:
            output.retain_grad()
            kept[name] = (inputs[0].detach(), output)

        return hook

    hooks = [norm.register_forward_hook(keep(name, norm)) for name, norm in norms.items()]
    generator = torch.Generator().manual_seed(seed)
    sums: dict[str, list[dict[str, torch.Tensor]]] = {name: [] for name in norms}
    fields: dict[str, list[torch.Tensor]] = {name: [] for name in norms}
    try:
        for chosen in torch.arange(min(RECORDED, len(images))).split(256):
            logits = model(images.take(chosen)[0])
            chances = logits.detach().softmax(1).cpu()
            labels = torch.multinomial(chances, 1, generator=generator)[:, 0].to(logits.device)
            model.zero_grad(set_to_none=True)
            F.cross_entropy(logits, labels, reduction="sum").backward()
            for name, norm in norms.items():
                x, output = kept[name]
                assert output.grad is not None
                u = standard(norm, x)
                sums[name].append(_per_image(u, output.grad))
                fields[name].append(x.movedim(1, -1).flatten(0, -2))
    finally:
        model.zero_grad(set_to_none=True)
        for hook in hooks:
            hook.remove()
    return {n: _noise(norm, sums[n], torch.cat(fields[n])) for n, norm in norms.items()}


def standard(norm: Norm, x: torch.Tensor) -> torch.Tensor:
    """The field with mean 0 and variance 1 in the population."""
    inverse = torch.rsqrt(norm.running_var + norm.eps)
    return channels(inverse, x) * (x - channels(norm.running_mean, x))


def _per_image(u: torch.Tensor, gradient: torch.Tensor) -> dict[str, torch.Tensor]:
    """Of each image and channel: gradient by beta and gamma, means of u and u^2."""
    over = list(range(2, u.ndim))
    gradient, u = gradient.double(), u.double()
    return {
        "beta": gradient.sum(over),
        "gamma": (gradient * u).sum(over),
        "first": u.mean(over),
        "second": u.square().mean(over),
    }


def _noise(norm: Norm, parts: list[dict[str, torch.Tensor]], fields: torch.Tensor) -> Noise:
    whole = {key: torch.cat([part[key] for part in parts]) for key in parts[0]}
    squared = norm.weight.detach().double().square()
    fisher = {key: whole[key].square().mean(0) for key in ("beta", "gamma")}
    variance = {key: whole[key].var(0, correction=0) for key in ("first", "second")}
    from_mean = 0.5 * (squared * fisher["beta"] * variance["first"]).sum()
    from_spread = 0.125 * (squared * fisher["gamma"] * variance["second"]).sum()
    every = max(1, len(fields) // FIELDS)
    return Noise(float(from_mean), float(from_spread), fields[::every].cpu().numpy())


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
