"""`sweep`: a grid over learning rates and any other number of a problem."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from ..odes.flow import ATOL, RTOL
from ..odes.flow_ensemble import COLUMNS, STARTS, Progress, flow_ends, rows
from ..results.checks import number
from ..results.files import dataset
from ..teacher_student.problem import Problem
from ..teacher_student.schedule import check_schedule
from .sweep_quantities import measure, parse_quantities

if TYPE_CHECKING:
    import xarray
    from matplotlib.figure import Figure

Array = np.ndarray
Range = float | Sequence[float] | Array
#: Grid points whose flows are held at a time: memory does not grow with the grid.
CHUNK = 16_384
DEFAULT_QUANTITIES = ("final-Q", "final-R", "final-L", "final-error", "diverged")


@dataclass(frozen=True)
class Sweep:
    """Quantities of many problems on a grid.

    Attributes
    ----------
    problem
        Everything that the grid does not vary.
    grid
        Values by parameter name (``time`` is one as well), in the order of the axes.
    values
        Quantities by name, each of the grid's shape; NaN where one does not exist.
    failed
        Grid points whose flow was given up, with a message.
    time
        End of the flows; None where it is in the grid.
    """

    problem: Problem
    grid: Mapping[str, Array]
    values: Mapping[str, Array]
    failed: tuple[Mapping[str, Any], ...] = ()
    time: float | None = 20.0

    @property
    def shape(self) -> tuple[int, ...]:
        """Numbers of values along the grid's axes."""
        return tuple(len(values) for values in self.grid.values())

    def __getitem__(self, quantity: str) -> Array:
        return self.values[quantity]

    def columns(self) -> dict[str, Array]:
        """The CSV form: one row a grid point, the last axis fastest."""
        axes = np.meshgrid(*self.grid.values(), indexing="ij")
        columns = {name: axis.ravel() for name, axis in zip(self.grid, axes, strict=True)}
        return columns | {name: values.ravel() for name, values in self.values.items()}

    def to_dict(self) -> dict[str, Any]:
        """The JSON form, keys as in ``interface.md``."""
        columns = {name: values.tolist() for name, values in self.columns().items()}
        rows = zip(*columns.values(), strict=True)
        return {
            "problem": self.problem.to_dict(),
            "time": self.time,
            "grid": self.grid,
            "rows": [dict(zip(columns, row, strict=True)) for row in rows],
            "failed": self.failed,
            "store": None,
        }

    def to_dataset(self) -> xarray.Dataset:
        """All quantities, with the grid's axes as dimensions."""
        axes = tuple(self.grid)
        return dataset(
            {name: (axes, values) for name, values in self.values.items()},
            dict(self.grid),
            {"problem": self.problem.to_json(), **({"time": self.time} if self.time else {})},
        )

    def plot(self) -> Figure:
        """Curves of a one-dimensional grid, maps of a two-dimensional one.

        Raises
        ------
        ValueError
            For a grid of more dimensions.
        """
        from .sweep_pictures import draw

        return draw(self)


def sweep(
    problem: Problem,
    *,
    quantity: str | Sequence[str] = DEFAULT_QUANTITIES,
    time: Range = 20.0,
    rtol: float = RTOL,
    atol: float = ATOL,
    workers: int | None = None,
    progress: Progress | None = None,
    **grid: Range,
) -> Sweep:
    """Integrate the flows of a grid of problems and keep a few numbers of each.

    Parameters
    ----------
    problem
        Everything that the grid does not vary.
    quantity
        ``final-Q final-R final-L final-error eta-eff time-to:X plateau eta-max largest-eta
        diverged``, as a list or separated by commas. ``time-to:X``: when the error first falls
        to X. ``plateau``: the longest time the error takes to fall by a tenth. ``eta-eff``: at
        the end. ``eta-max``: the largest stable ``eta_eff`` (Proposition 2), ``largest-eta``
        the same as a learning rate at L = l0.
    time
        End of the flows in steps / N; may be a range as well.
    rtol, atol
        Relative and absolute bounds on the error of a step.
    workers
        Threads; one a core by default.
    progress
        Called with (flows done, flows in all).
    **grid
        Values of any numeric parameter of `Problem`: a number, a list, an array.

    Returns
    -------
    Sweep

    Raises
    ------
    ValueError
        Naming the parameter, its value and what is accepted.

    Examples
    --------
    >>> import bntheory as bn
    >>> map = bn.sweep(bn.Problem(scheme="wn"), eta=[0.1, 1.0], zeta=[0, 0.1], time=300)
    >>> map["final-R"].shape, bool((map["final-R"] > 0.9).all())
    ((2, 2), True)
    """
    asked = parse_quantities(quantity)
    axes = _axes(problem, {**grid, "time": time} if np.ndim(time) else grid)
    end = 0.0 if np.ndim(time) else number("time", time, above=0.0)
    check_schedule(problem, float(np.max(axes.get("time", end))))
    rtol, atol = number("rtol", rtol, least=1e-13, most=1e-2), number("atol", atol, above=0.0)
    shape = tuple(len(values) for values in axes.values())
    total = int(np.prod(shape))
    values = {name: np.empty(total) for name in asked.names}
    failed: list[dict[str, Any]] = []
    for first in range(0, total, CHUNK):
        part = np.arange(first, min(first + CHUNK, total))
        columns = _columns(axes, shape, part)
        ends = columns.get("time", np.full(len(part), end))
        starts, numbers = rows(problem, columns, len(part))
        step = _later(progress, first, total)
        flows = flow_ends(problem, starts, numbers, ends, levels=asked.levels,
                          watch=asked.plateau, rtol=rtol, atol=atol, workers=workers,
                          progress=step)  # fmt: skip
        chunk, messages = measure(asked, problem, columns, numbers, flows)
        for name in asked.names:
            values[name][part] = chunk[name]
        failed += [{n: float(c[k]) for n, c in columns.items()} | {"message": message}
                   for k, message in messages.items()]  # fmt: skip
    shaped = {name: flat.reshape(shape) for name, flat in values.items()}
    if "diverged" in shaped:
        shaped["diverged"] = shaped["diverged"].astype(bool)
    return Sweep(problem, axes, shaped, tuple(failed), end or None)


def check_drawable(grid: Mapping[str, Range]) -> None:
    """Refuse a grid that no picture shows.

    Raises
    ------
    ValueError
        Unless one or two ranges have more than one value.
    """
    long = [name for name, values in grid.items() if np.size(values) > 1]
    if len(long) not in (1, 2):
        raise ValueError(f"{len(long)} ranges have more than one value; a picture needs one or two")


def _columns(axes: Mapping[str, Array], shape: tuple[int, ...], part: Array) -> dict[str, Array]:
    """The grid's values at some of its points, by parameter."""
    places = np.unravel_index(part, shape) if shape else ()
    return {name: axes[name][place] for name, place in zip(axes, places, strict=True)}


def _later(progress: Progress | None, first: int, total: int) -> Progress | None:
    return None if progress is None else (lambda done, _: progress(first + done, total))


def _axes(problem: Problem, grid: Mapping[str, Range]) -> dict[str, Array]:
    """The grid as arrays, every value checked as `Problem` checks it."""
    axes = {}
    for name, given in grid.items():
        if name not in (*COLUMNS, *STARTS, "time"):
            accepted = ", ".join((*COLUMNS, *STARTS, "time"))
            raise ValueError(f"unknown parameter {name!r}; a range is accepted for {accepted}")
        try:
            values = np.atleast_1d(np.asarray(given, dtype=float))
        except (TypeError, ValueError):
            raise ValueError(f"{name}={given!r}: a list of numbers is accepted") from None
        if values.ndim != 1 or not values.size:
            raise ValueError(f"{name}={given!r}: a list of numbers is accepted")
        _check_values(problem, name, values)
        axes[name] = values
    return axes


def _check_values(problem: Problem, name: str, values: Array) -> None:
    """Check a range by its extremes: what a number must satisfy is an interval."""
    if name == "eta" and isinstance(problem.eta, str):
        raise ValueError(f"eta={problem.eta!r}: a range replaces a number, not a schedule")
    if name == "l0" and "gamma" not in problem.trained_scalars:
        raise ValueError(f"l0: scheme={problem.scheme!r} has no gamma, its length starts at q0")
    extremes = [values.min(), values.max(), *values[~np.isfinite(values)][:1]]
    if name == "batch_size":
        extremes += [*values[values != np.rint(values)][:1]]
    for value in extremes:
        if name == "time":
            number("time", float(value), above=0.0)
        else:
            problem.replace(**{name: float(value)})
