"""One training step, everything that changes from step to step read from tensors that stay put.

So the step can be captured once in a CUDA graph and replayed: `bntheory.cnn.runs.captured`.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import nn
from torch.nn import functional as F
from torch.optim.sgd import sgd

from ..data.batches import Batches
from ..recipe.devices import autocast
from ..recipe.processes import world
from ..recipe.recipe import Recipe

MOST = 1024  # steps whose images and rates are on the device at once


class Descent:
    """The update of an optimiser, with its rate, and the decays of gammas, as tensors.

    Weights, momentum and decays are the optimiser's own: it is what checkpoints keep.

    Parameters
    ----------
    optimiser
        Its groups with ``gamma_of`` have a weight decay that may change.
    device
        Where the weights are.
    """

    def __init__(self, optimiser: torch.optim.SGD, device: torch.device) -> None:
        self.optimiser, self.rate = optimiser, torch.zeros((), device=device)
        self.momentum = float(optimiser.defaults["momentum"])
        steady = [group for group in optimiser.param_groups if "gamma_of" not in group]
        self.moving = [group for group in optimiser.param_groups if "gamma_of" in group]
        self.gammas = [p for group in self.moving for p in group["params"]]
        self.decays = [torch.zeros((), device=device) for _ in self.gammas]
        self.lists = [(_trained(group["params"]), group["weight_decay"]) for group in steady]
        self.lists = [(weights, decay) for weights, decay in self.lists if weights]
        if self.gammas:
            self.lists.append((self.gammas, 0.0))
        if self.momentum:
            for weights, _ in self.lists:
                for weight in weights:
                    optimiser.state[weight].setdefault("momentum_buffer", torch.zeros_like(weight))
        self.refresh()

    def refresh(self) -> None:
        """Take the decays of gammas over from the optimiser."""
        for decay, group in zip(self.decays, self.moving, strict=True):
            decay.fill_(group["weight_decay"])

    def forget(self) -> None:
        """Drop the gradients."""
        self.optimiser.zero_grad(set_to_none=True)

    @torch.no_grad()
    def step(self) -> None:
        """Move all weights along their gradients."""
        for gamma, decay in zip(self.gammas, self.decays, strict=True):
            assert gamma.grad is not None
            gamma.grad.addcmul_(gamma, decay)
        state = self.optimiser.state
        for weights, decay in self.lists:
            sgd(
                weights,
                [weight.grad for weight in weights],
                [state[weight].get("momentum_buffer") for weight in weights],
                fused=True,
                weight_decay=decay,
                momentum=self.momentum,
                lr=self.rate,
                dampening=0.0,
                nesterov=False,
                maximize=False,
            )


class Step:
    """One step: images, forward, backward, update.

    Parameters
    ----------
    runner
        The network, as it is called in training.
    batches, descent, recipe
        Where images come from, and what is done with gradients.
    """

    def __init__(
        self, runner: nn.Module, batches: Batches, descent: Descent, recipe: Recipe
    ) -> None:
        self.runner, self.batches, self.descent, self.recipe = runner, batches, descent, recipe
        self.device = descent.rate.device
        self.size = recipe.training.batch_size // world()
        whole = self.size + recipe.extra // world()
        self.chosen = torch.zeros((MOST, whole), dtype=torch.int64, device=self.device)
        self.moves = torch.zeros((MOST, whole, 3), dtype=torch.int64, device=self.device)
        self.rates = torch.zeros(MOST, device=self.device)
        self.place = torch.zeros(1, dtype=torch.int64, device=self.device)
        self.total = torch.zeros((), device=self.device)

    def prepare(self, first: int, rates: Sequence[float]) -> None:
        """Put down the images of the steps from ``first`` on, one for each rate, at most `MOST`."""
        count = len(rates)
        chosen, moves = self.batches.plan(first, first + count)
        self.chosen[:count].copy_(chosen)
        self.moves[:count].copy_(moves)
        self.rates[:count].copy_(torch.tensor(rates))
        self.place.zero_()

    def __call__(self) -> None:
        """Take the next step of those prepared; its loss is added to ``total``."""
        row = self.place
        self.descent.rate.copy_(self.rates.index_select(0, row)[0])
        moves = self.moves.index_select(0, row)[0] if self.recipe.data.augment else None
        x, labels = self.batches.images.take(self.chosen.index_select(0, row)[0], moves)
        self.descent.forget()
        with autocast(self.recipe.machine, self.device):
            loss = F.cross_entropy(self.runner(x)[: self.size], labels[: self.size])
        loss.backward()
        self.descent.step()
        self.total += loss.detach()
        self.place += 1


def _trained(weights: Sequence[torch.Tensor]) -> list[torch.Tensor]:
    return [weight for weight in weights if weight.requires_grad]
