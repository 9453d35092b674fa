"""Putting another normalisation into a network that has plain batch normalisation."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import NamedTuple

import torch
from torch import nn
from torch.nn.modules.batchnorm import _BatchNorm

from ...results.errors import InputError
from ..norms.norms import BatchNorm, GhostNorm, Norm
from ..norms.population_norms import ConstantNorm, PopulationNorm, RenormNorm
from ..norms.weight_norms import MeanOnlyNorm, NoNorm, VarianceOnlyNorm, WeightNorm
from ..recipe.norm_names import NormChoice, parse_norm


class Pair(NamedTuple):
    """A normalisation and the layer whose output it gets, with their names in the network."""

    name: str
    layer_name: str
    layer: nn.Module
    norm: nn.Module


def find_pairs(model: nn.Module, images: torch.Tensor) -> list[Pair]:
    """The (layer, norm) pairs of a network, found by following a few images through it.

    Parameters
    ----------
    model
        Any network with batch normalisations.
    images
        A batch that it takes; it is run in evaluation mode and changes nothing.

    Raises
    ------
    ValueError
        Naming a normalisation that does not directly follow one convolution or linear layer.

    Examples
    --------
    >>> model = nn.Sequential(nn.Conv2d(1, 4, 3), nn.BatchNorm2d(4), nn.ReLU())
    >>> [(pair.layer_name, pair.name) for pair in find_pairs(model, torch.zeros(1, 1, 8, 8))]
    [('0', '1')]
    """
    names = {module: name for name, module in model.named_modules()}
    norms = [module for module in names if isinstance(module, _BatchNorm)]
    layers = [module for module in names if isinstance(module, nn.modules.conv._ConvNd | nn.Linear)]
    outputs: list[tuple[torch.Tensor, nn.Module]] = []  # kept alive, so that `is` means the same
    found: dict[nn.Module, nn.Module] = {}

    def after_layer(module: nn.Module, inputs: object, output: torch.Tensor) -> None:
        outputs.append((output, module))

    def before_norm(module: nn.Module, inputs: tuple[torch.Tensor, ...]) -> None:
        made_by = [layer for output, layer in outputs if output is inputs[0]]
        if not made_by or module in found:
            raise ValueError(f"norm {names[module]!r} does not follow one layer of its own")
        found[module] = made_by[0]

    hooks = [layer.register_forward_hook(after_layer) for layer in layers]
    hooks += [norm.register_forward_pre_hook(before_norm) for norm in norms]
    training = model.training
    try:
        with torch.no_grad():
            model.eval()(images)
    finally:
        model.train(training)
        for hook in hooks:
            hook.remove()
    missing = [names[norm] for norm in norms if norm not in found]
    if missing:
        raise ValueError(f"norm {missing[0]!r} is not reached")
    return [Pair(names[norm], names[found[norm]], found[norm], norm) for norm in norms]


def put_norm(
    model: nn.Module, norm: str, images: torch.Tensor, only: str | None = None
) -> list[Pair]:
    """Replace the batch normalisations of a network, and return the pairs as they are now.

    Parameters
    ----------
    model
        A network with plain batch normalisations; changed in place.
    norm
        As `parse_norm` reads it.
    images
        A few images that it takes, as for `find_pairs`.
    only
        Name of one normalisation (``stages.1.bn2``): the others stay BN.

    Raises
    ------
    ValueError
        If a pair is not found, or ``only`` names none.

    Examples
    --------
    >>> model = nn.Sequential(nn.Conv2d(1, 4, 3), nn.BatchNorm2d(4), nn.ReLU())
    >>> type(put_norm(model, "ghost-bn:8", torch.zeros(1, 1, 8, 8))[0].norm).__name__
    'GhostNorm'
    """
    pairs = find_pairs(model, images)
    names = [pair.name for pair in pairs]
    if only is not None and only not in names:
        raise InputError("only", only, f"one of {' '.join(names)} is accepted")
    chosen, plain = parse_norm(norm), parse_norm("bn")
    made = []
    for pair in pairs:
        assert isinstance(pair.norm, _BatchNorm)
        kind = chosen if only in (None, pair.name) else plain
        new = _make(kind, pair.norm.num_features, pair.layer)
        new.to(next(pair.norm.parameters()).device).train(pair.norm.training)
        parent, _, own = pair.name.rpartition(".")
        setattr(model.get_submodule(parent), own, new)
        made.append(pair._replace(norm=new))
    replaced = sum(isinstance(module, Norm) for module in model.modules())
    left = sum(isinstance(m, _BatchNorm) for m in model.modules()) - replaced
    if (replaced, left) != (len(pairs), 0):
        raise ValueError(f"{replaced} of {len(pairs)} normalisations were replaced, {left} left")
    return made


def norms_of(model: nn.Module) -> dict[str, Norm]:
    """The normalisations that `put_norm` put in, by name, in the order of the network."""
    return {
        name.removeprefix("module."): module
        for name, module in model.named_modules()
        if isinstance(module, Norm)
    }


@contextmanager
def mode(model: nn.Module, name: str) -> Iterator[None]:
    """All normalisations in another mode for a while: ``"collect"`` or ``"start"``."""
    norms = norms_of(model).values()
    for norm in norms:
        norm.mode = name
    try:
        yield
    finally:
        for norm in norms:
            norm.mode = "normal"


def _make(choice: NormChoice, count: int, layer: nn.Module) -> Norm:
    if choice.kind == "ghost-bn":
        return GhostNorm(count, layer, choice.number)
    if choice.kind == "pn:population":
        return PopulationNorm(count, layer, choice.number)
    plain: dict[str, Callable[[int, nn.Module], Norm]] = {
        "bn": BatchNorm,
        "pn:renorm": RenormNorm,
        "pn:constant": ConstantNorm,
        "wn": WeightNorm,
        "wn+mean-bn": MeanOnlyNorm,
        "wn+var-bn": VarianceOnlyNorm,
        "none": NoNorm,
    }
    return plain[choice.kind](count, layer)
