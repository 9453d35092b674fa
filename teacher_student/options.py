"""Options that several functions take as keywords and hand on: named, and typed, once.

A function says ``**options: Unpack[...]`` in its signature; `check_names` refuses others as Python
itself would.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypedDict

from numpy.typing import ArrayLike

Progress = Callable[[int, int], None]


class RunOptions(TypedDict, total=False):
    """How independent random runs are done, whatever they are runs of."""

    seed: int
    workers: int | None
    progress: Progress | None


class SimulationOptions(RunOptions, total=False):
    """All that `bntheory.simulate` takes beside a problem."""

    dim: int
    runs: int
    time: float
    points: int
    times: ArrayLike | None
    engine: str
    inputs: str


def check_names(function: str, options: Mapping[str, Any], accepted: type) -> None:
    """Refuse a keyword that a function does not take.

    Parameters
    ----------
    function
        The name of the function that was called.
    options
        What was given.
    accepted
        The typed dictionary of what is accepted.

    Raises
    ------
    TypeError
        Naming the function and the keyword.

    Examples
    --------
    >>> check_names("train", {"sead": 1}, RunOptions)
    Traceback (most recent call last):
    TypeError: train() got an unexpected keyword argument 'sead'
    """
    for name in options:
        if name not in accepted.__annotations__:
            raise TypeError(f"{function}() got an unexpected keyword argument {name!r}")
