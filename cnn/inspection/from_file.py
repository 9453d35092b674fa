"""A network from a Python file of the user's, and batches of a data set, for the command line."""

from __future__ import annotations

import importlib.util
import pickle
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
from torch import nn
from torch.optim import Optimizer

from ...results.checks import integer
from ...results.errors import InputError
from ..data.batches import DeviceImages
from ..data.data import load
from ..recipe.devices import choose_device, settle
from ..recipe.recipe import Machine
from .inspect import inspect
from .report import Inspection

VALIDATION = 1000  # images held out by `bntheory cnn train`: these are not looked at


def inspect_file(
    source: str,
    *,
    data: str = "synthetic",
    side: int = 0,
    batch_size: int = 32,
    batches: int = 16,
    weights: str | None = None,
    measure: Sequence[int] = (),
    each: bool = False,
    seed: int = 0,
    device: str = "auto",
) -> Inspection:
    """Inspect the network that a function in a Python file makes, on images of a data set.

    Parameters
    ----------
    source
        ``file.py:function``. The file is run, with all that it does, and the function called; it
        returns the network, or the network and its optimiser.
    data, side
        As `bntheory.cnn.data.data.load` takes them. Images are normalised by their channels' mean
        and spread.
    batch_size, batches
        The batch size in use, and how many batches are looked at.
    weights
        A file of ``torch.save(model.state_dict())``; tensors only are read.
    measure, each
        Batch sizes at which gaps are measured, and whether of each layer too.
    seed
        Of torch's generators before the function is called, and of what `inspect` draws.
    device
        ``auto``, ``cpu``, ``cuda`` or ``cuda:N``.

    Raises
    ------
    InputError
        If there is no such function, what it makes cannot be inspected, or the files do not fit.
    """
    size, count = integer("batch_size", batch_size, 2), integer("batches", batches, 1)
    machine = Machine(device=device)
    place = choose_device(machine)
    settle(machine)
    splits = load(data, side=side, train=0, validation=VALIDATION)
    if size * count > len(splits.train.labels):
        reason = f"of {len(splits.train.labels)} images, at most that many batches are accepted"
        raise InputError("batches", f"{count} of {size}", reason)
    images = DeviceImages(splits.train, splits, place, last=False)
    torch.manual_seed(seed)
    model, optimiser = make(source)
    if weights is not None:
        _load(model, weights)
    model.to(place)
    taken = [images.take(chosen) for chosen in torch.arange(size * count).split(size)]
    return inspect(model, taken, optimiser, limit=count, measure=measure, each=each, seed=seed)


def make(source: str) -> tuple[nn.Module, Optimizer | None]:
    """What the function of ``file.py:function`` returns: a network, and an optimiser if it does."""
    path, _, name = source.rpartition(":")
    if not path or not name.isidentifier():
        raise InputError("model", source, "file.py:function is accepted")
    if not Path(path).is_file():
        raise InputError("model", source, f"the file {path!r} does not exist")
    try:
        module = _module(Path(path))
        if not callable(getattr(module, name, None)):
            raise InputError("model", source, f"there is no function {name!r} in the file")
        made = getattr(module, name)()
    except InputError:
        raise
    except Exception as error:
        said = f"{type(error).__name__}: {error}"
        raise InputError("model", source, f"running it raised {said}") from error
    model, optimiser = made if isinstance(made, tuple) and len(made) == 2 else (made, None)
    if not isinstance(model, nn.Module):
        reason = "a function that returns a torch.nn.Module, or that and its optimiser, is accepted"
        raise InputError("model", source, reason)
    return model, optimiser


def _module(path: Path) -> Any:
    """The file as a module; it finds its neighbours, as a script would."""
    spec = importlib.util.spec_from_file_location(path.stem, path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.path.insert(0, str(path.resolve().parent))
    try:
        spec.loader.exec_module(module)
    finally:
        sys.path.pop(0)
    return module


def _load(model: nn.Module, weights: str) -> None:
    try:
        model.load_state_dict(torch.load(weights, map_location="cpu", weights_only=True))
    except (OSError, RuntimeError, TypeError, EOFError, AttributeError,
            pickle.UnpicklingError) as error:  # fmt: skip
        said = " ".join(str(error).split())[:200]
        reason = f"a state_dict of this network, saved by torch.save, is accepted: {said}"
        raise InputError("weights", weights, reason) from None
