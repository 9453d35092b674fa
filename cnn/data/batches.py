"""Batches: the whole data set as uint8 on the device, with order and augmentation from the seed.

Order and augmentation of a step are functions of (seed, epoch, place in the epoch): every process
makes the whole batch's and takes its own slice, so that they do not depend on how many there are.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import torch

from ...results.errors import InputError
from ..recipe.processes import rank, world
from ..recipe.recipe import Recipe
from .data import Splits
from .raw import Images

#: Images are shifted by up to this share of their side: 4 pixels at 32 x 32.
REACH = 1 / 8


class DeviceImages:
    """Images and labels on a device, handed out as normalised float32 (B, C, H, W)."""

    def __init__(self, part: Images, splits: Splits, device: torch.device, last: bool) -> None:
        self.images = torch.from_numpy(part.images).to(device)  # (n, H, W, C): gathers by row
        self.labels = torch.from_numpy(part.labels).to(device)
        self.scale = torch.tensor(1 / (255 * splits.std), dtype=torch.float32, device=device)
        self.shift = torch.tensor(-splits.mean / splits.std, dtype=torch.float32, device=device)
        self.channels_last = last

    def __len__(self) -> int:
        return len(self.labels)

    @property
    def reach(self) -> int:
        """Pixels by which augmentation shifts at most."""
        return max(1, round(REACH * self.images.shape[1]))

    def take(
        self, chosen: torch.Tensor, moves: torch.Tensor | None = None
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """The images of these indices, moved if asked, and their labels."""
        chosen = chosen.to(self.labels.device, non_blocking=True)
        picked = self.images[chosen] if moves is None else self._moved(chosen, moves)
        x = torch.addcmul(self.shift, picked.float(), self.scale).permute(0, 3, 1, 2)
        return x if self.channels_last else x.contiguous(), self.labels[chosen]

    def _moved(self, chosen: torch.Tensor, moves: torch.Tensor) -> torch.Tensor:
        """Shifted by (row, column), reflected at the edges, and mirrored, in one gather."""
        moves = moves.to(chosen.device, non_blocking=True)
        side = self.images.shape[1]
        line = torch.arange(side, device=chosen.device)
        columns = torch.where(moves[:, 2:] > 0, side - 1 - line, line)
        rows = _reflect(line + moves[:, :1], side)
        columns = _reflect(columns + moves[:, 1:2], side)
        return self.images[chosen[:, None, None], rows[:, :, None], columns[:, None, :]]


class Batches:
    """The batches of a run, by step."""

    def __init__(self, images: DeviceImages, recipe: Recipe) -> None:
        self.images, self.recipe = images, recipe
        whole = recipe.training.batch_size + recipe.extra
        if whole > len(images):
            raise InputError("batch_size", whole, f"at most the {len(images)} images is accepted")
        for name, size in (("batch_size", recipe.training.batch_size), ("norm", recipe.extra)):
            if size % world():
                raise ValueError(f"{name}: {size} images do not divide among {world()} processes")

    @property
    def an_epoch(self) -> int:
        """Steps of one pass over the training set; what is left over waits for another."""
        return len(self.images) // self.recipe.training.batch_size

    def step(self, step: int) -> tuple[torch.Tensor, torch.Tensor]:
        """Images and labels of a step; extra images come last, with labels that nobody uses."""
        chosen, moves = self.plan(step, step + 1)
        return self.images.take(chosen[0], moves[0] if self.recipe.data.augment else None)

    def plan(self, first: int, until: int) -> tuple[torch.Tensor, torch.Tensor]:
        """Which images steps take, (steps, images), and how they are moved, (steps, images, 3)."""
        rows = [self._row(step) for step in range(first, until)]
        return torch.stack([chosen for chosen, _ in rows]), torch.stack([m for _, m in rows])

    def _row(self, step: int) -> tuple[torch.Tensor, torch.Tensor]:
        """The same of one step."""
        epoch, place = divmod(step, self.an_epoch)
        size, extra = self.recipe.training.batch_size, self.recipe.extra
        order, moves = moves_of_epoch(
            self.recipe.training.seed, epoch, len(self.images), self.images.reach
        )
        mine = _slice(place * size, size)
        chosen, moved = order[mine], moves[mine]
        if extra:  # drawn from those that have no loss in this step
            rng = np.random.default_rng([self.recipe.training.seed, epoch, place])
            ahead = rng.choice(len(self.images) - size, extra, replace=False) + (place + 1) * size
            others = torch.from_numpy(ahead % len(self.images))[_slice(0, extra)]
            chosen = torch.cat([chosen, order[others]])
            moved = torch.cat([moved, moves[others]])
        return chosen, moved


def _slice(start: int, size: int) -> slice:
    """This process's part of ``size`` images from ``start``."""
    part = size // world()
    return slice(start + rank() * part, start + (rank() + 1) * part)


@lru_cache(maxsize=2)
def moves_of_epoch(
    seed: int, epoch: int, count: int, reach: int
) -> tuple[torch.Tensor, torch.Tensor]:
    """The order of an epoch; each image's shift by row and column, and whether it is mirrored."""
    rng = np.random.default_rng([seed, epoch])
    order = rng.permutation(count)
    moves = np.column_stack(
        [rng.integers(-reach, reach + 1, (count, 2)), rng.integers(0, 2, count)]
    )
    return torch.from_numpy(order), torch.from_numpy(moves)


def _reflect(place: torch.Tensor, side: int) -> torch.Tensor:
    place = place.abs()
    return torch.where(place >= side, 2 * side - 2 - place, place)
