"""Training networks: `train` against a bare PyTorch loop, and every normalisation against BN."""

from __future__ import annotations

import sys
from importlib.util import find_spec

from timing import side_by_side

STEPS = 40
NORMS = ("ghost-bn:8", "pn:renorm", "wn", "wn+mean-bn", "wn+var-bn", "none")


def trainer(norm: str, **changes: object):  # type: ignore[no-untyped-def]
    """A trainer of a small network on synthetic images, on the CPU with one thread."""
    import torch
    from bntheory.cnn.recipe.recipe import Recipe
    from bntheory.cnn.runs.networks import set_warm
    from bntheory.cnn.runs.trainer import Trainer

    recipe = Recipe().change(
        train=2000, validation=100, width=16, steps=10**6, device="cpu", threads=1, norm=norm
    )
    made = Trainer(recipe.change(**changes), torch.device("cpu"))
    set_warm(made.model)
    return made


def bare_loop():  # type: ignore[no-untyped-def]
    """The same network, images and batch size, in the loop that everybody writes."""
    import numpy as np
    import torch
    from bntheory.cnn.data.data import load
    from bntheory.cnn.networks.models import build
    from torch.nn import functional as F

    splits = load("synthetic", side=0, train=2000, validation=100)
    model = build("resnet8", 16, 1, 10).to(memory_format=torch.channels_last)
    optimiser = torch.optim.SGD(model.parameters(), 0.05, 0.9, weight_decay=5e-4)
    pixels = (splits.train.images / np.float32(255) - splits.mean) / splits.std
    images = torch.from_numpy(pixels.astype(np.float32)).permute(0, 3, 1, 2)
    labels = torch.from_numpy(splits.train.labels)

    def steps() -> None:
        for chosen in torch.randperm(2000)[: 32 * STEPS].split(32):
            loss = F.cross_entropy(model(images[chosen]), labels[chosen])
            optimiser.zero_grad(set_to_none=True)
            loss.backward()
            optimiser.step()

    return steps


def advance(made):  # type: ignore[no-untyped-def]
    """Forty steps of a trainer."""
    return lambda: made.advance(made.step + STEPS)


def rows() -> list[dict[str, object]]:
    """All rows of this module; none where PyTorch is missing."""
    if find_spec("torch") is None:
        print("  PyTorch is not installed: make .venv/installed-cnn", file=sys.stderr)
        return []
    plain = advance(trainer("bn"))
    ours, bare = side_by_side(plain, bare_loop(), 15)
    speed = f"{32 * STEPS / ours:.0f} images/s, ResNet8 of width 16 at 8 x 8, one thread"
    found: list[dict[str, object]] = [
        {"name": "train, bn / bare PyTorch loop", "ratio": bare / ours, "target": ">= 0.95",
         "note": speed},
    ]  # fmt: skip
    for norm in NORMS:
        other, bn = side_by_side(advance(trainer(norm)), plain, 5)
        row = {"name": f"a step with {norm} / with bn", "ratio": other / bn, "target": "reported"}
        found.append(row | {"note": "time"})
    return found
