"""The network of a recipe, with its normalisation in place and its first weights."""

from __future__ import annotations

import torch
from torch import nn

from ...results.errors import InputError
from ..data.batches import DeviceImages
from ..data.data import Splits
from ..networks.checkpoints import load_weights, saved_weights
from ..networks.folding import fold
from ..networks.models import build, last_norms
from ..networks.surgery import mode, norms_of, put_norm
from ..norms.norms import Norm
from ..norms.population_norms import RenormNorm
from ..recipe.recipe import Recipe
from .judge import population
from .records import RunFolder

FIRST_BATCH = 500  # images that decide the first scales of WN and of networks without norm


def make_network(recipe: Recipe, splits: Splits, images: DeviceImages) -> nn.Module:
    """Build the network of a recipe on its device.

    Parameters
    ----------
    recipe
        What to build; with ``start`` its weights are those of another run.
    splits
        For the shape of the images and the number of classes.
    images
        The training images: the first of them decide scales.

    Raises
    ------
    ValueError
        If ``only`` or ``start`` do not fit.
    """
    choice = recipe.network
    model = empty_network(recipe, splits, images)
    if choice.start:
        _start_from(choice.start, model, recipe, splits, images)
        return model
    if choice.zero_gamma:
        _zero_gammas(model)
    first = torch.arange(min(FIRST_BATCH, len(images)))
    with torch.no_grad(), mode(model, "start"):
        model.eval()(images.take(first)[0])
    return model.train()


def empty_network(recipe: Recipe, splits: Splits, images: DeviceImages) -> nn.Module:
    """The network with its normalisation, before any image has been seen."""
    choice = recipe.network
    channels = splits.train.images.shape[3]
    model: nn.Module = build(
        choice.model, choice.width or None, channels, splits.classes, choice.dropout,
        recipe.training.seed,
    )  # fmt: skip
    model = model.to(images.labels.device)
    put_norm(model, choice.norm, images.take(torch.arange(2))[0], choice.only or None)
    layout = torch.channels_last if recipe.machine.channels_last else torch.contiguous_format
    return model.to(memory_format=layout)


@torch.no_grad()
def _zero_gammas(model: nn.Module) -> None:
    """Let every residual block begin as its shortcut."""
    norms = norms_of(model)
    for name in last_norms(model):
        if norms[name].has_gamma:
            norms[name].weight.zero_()


def set_warm(model: nn.Module) -> None:
    """From here on renormalising PN uses the population's statistics."""
    for norm in norms_of(model).values():
        if isinstance(norm, RenormNorm):
            norm.warm = True


def trained_network(
    folder: RunFolder, splits: Splits, images: DeviceImages
) -> tuple[nn.Module, Recipe]:
    """The network of a run as its last checkpoint has it, or what was kept of that for others."""
    recipe = folder.recipe()
    model = empty_network(recipe, splits, images)
    load_weights(model, saved_weights(folder.path, images.labels.device))
    return model, recipe


def _start_from(
    start: str, model: nn.Module, recipe: Recipe, splits: Splits, images: DeviceImages
) -> None:
    """Take the weights of another run, folding its normalisation away if this one has none."""
    other, before = trained_network(RunFolder(start), splits, images)
    same = (before.network.norm, before.network.only) == (recipe.network.norm, recipe.network.only)
    if same:
        load_weights(model, other.state_dict())
    elif recipe.network.norm == "none" and not recipe.network.only:
        fold(other, population(other, images, before.data.augment), model)
    else:
        raise InputError(
            "start",
            start,
            f"a run with norm {recipe.network.norm!r} is accepted, or any norm "
            "where this one is none",
        )


def other_parameters(model: nn.Module) -> tuple[list[nn.Parameter], list[nn.Parameter]]:
    """Kernels, which decay, and shifts, which do not; gammas are in neither."""
    norms = [module for module in model.modules() if isinstance(module, Norm)]
    gammas = {id(norm.weight) for norm in norms}
    rest = [p for p in model.parameters() if id(p) not in gammas]
    return [p for p in rest if p.ndim > 1], [p for p in rest if p.ndim <= 1]
