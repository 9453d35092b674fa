"""A fixed point or attractor followed while one number of the problem changes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from ...results.base import Result
from ...results.errors import InputError
from ...results.files import dataset
from ...teacher_student.problem import Problem
from ...teacher_student.problem_checks import check_problem
from .dynamics import Dynamics
from .fixed_points import all_points
from .points import FixedPoint, in_rates_of

if TYPE_CHECKING:
    import xarray

Array = np.ndarray
#: Sizes, which are followed as they are given, not bisected.
WHOLE = ("batch_size", "statistics_size")
FOLLOWED = ("eta", "gamma_rate", "zeta", "noise", "weight_decay", *WHOLE, "momentum", "l0")
#: Two points of neighbouring values belong together if they differ by less than this.
JUMP = 0.35
#: Bisection steps in which a change is located.
REFINE = 30


@dataclass(frozen=True)
class Bifurcation:
    """Where a branch changes its character.

    Attributes
    ----------
    value
        Of the parameter followed.
    branch
        Number of the branch.
    change
        ``"loses stability"``, ``"gains stability"``, ``"oscillation sets in"`` (eigenvalues
        become complex at a change of stability: Hopf), ``"appears"``, ``"disappears"``.
    """

    value: float
    branch: int
    change: str


@dataclass(frozen=True)
class Continuation(Result):
    """Branches of fixed points along a parameter.

    Attributes
    ----------
    problem, parameter, grid
        What is followed, and the parameter's values, shape (values,).
    branches
        For every branch one point a value, or None where it does not exist.
    bifurcations
        Where branches change, in the parameter's order.
    """

    _drawn_by: ClassVar[str] = "continuation.draw_continuation"

    problem: Problem
    parameter: str
    grid: Array
    branches: tuple[tuple[FixedPoint | None, ...], ...]
    bifurcations: tuple[Bifurcation, ...]

    def rows(self) -> list[dict[str, Any]]:
        """One row a branch and value."""
        return [
            {self.parameter: float(value), "branch": b, **point.to_dict()}
            for b, branch in enumerate(self.branches)
            for value, point in zip(self.grid, branch, strict=True)
            if point is not None
        ]

    def to_dict(self) -> dict[str, Any]:
        """The JSON form."""
        return {
            "problem": self.problem.to_dict(),
            "follow": self.parameter,
            "values": self.grid,
            "rows": self.rows(),
            "bifurcations": [vars(bifurcation) for bifurcation in self.bifurcations],
        }

    def columns(self) -> dict[str, list[Any]]:
        """The CSV form."""
        names = [self.parameter, "branch", "Q", "R", "L", "kind", "stable", "eta_eff", "eta_max"]
        return {name: [row[name] for row in self.rows()] for name in [*names, "error"]}

    def to_dataset(self) -> xarray.Dataset:
        """Numbers of every branch, with dimensions ``branch`` and the parameter."""
        axes = ("branch", self.parameter)
        names = ("Q", "R", "L", "eta_eff", "eta_max", "error", "stable")
        return dataset(
            {name: (axes, self.numbers(name)) for name in names},
            {"branch": np.arange(len(self.branches)), self.parameter: self.grid},
            {"problem": self.problem.to_json()},
        )

    def numbers(self, name: str) -> Array:
        """A quantity of every point, shape (branches, values); nan where a branch is not."""
        rows = [[getattr(p, name, None) for p in branch] for branch in self.branches]
        return np.array(rows, dtype=float).reshape(len(self.branches), len(self.grid))


def follow(problem: Problem, parameter: str, values: Sequence[float] | Array) -> Continuation:
    """Follow all fixed points and attractors while one number changes.

    Points are found anew at every value and joined to the nearest of the value before; a change
    of stability, and the end of a branch, are then located by bisection.

    Parameters
    ----------
    problem
        Everything else.
    parameter
        ``eta gamma_rate zeta noise weight_decay batch_size statistics_size momentum l0``.
    values
        Increasing, at least two.

    Returns
    -------
    Continuation

    Raises
    ------
    ValueError
        Naming the parameter, its value and what is accepted.

    Examples
    --------
    >>> import bntheory as bn  # alignment is lost at eta = 2 M
    >>> path = bn.follow(bn.Problem(scheme="sgd"), "eta", [1.0, 1.5, 2.5])
    >>> [(round(b.value, 6), b.change) for b in path.bifurcations]
    [(2.0, 'loses stability')]
    """
    check_problem(problem)
    if parameter not in FOLLOWED:
        raise InputError("follow", parameter, f"any of {', '.join(FOLLOWED)} is accepted", FOLLOWED)
    grid = np.asarray(values, dtype=float)
    if grid.ndim != 1 or grid.size < 2 or not np.isfinite(grid).all() or (np.diff(grid) <= 0).any():
        raise InputError(parameter, values, "two or more increasing numbers are accepted")
    found = [_at(problem, parameter, value) for value in grid]
    branches: list[list[FixedPoint | None]] = []
    for k, points in enumerate(found):
        _join(branches, points, k)
    marks = [
        bifurcation
        for b, branch in enumerate(branches)
        for bifurcation in _changes(problem, parameter, grid, branch, b)
    ]
    marks.sort(key=lambda mark: (mark.value, mark.branch))
    fixed = tuple(tuple(branch) for branch in branches)
    return Continuation(problem, parameter, grid, fixed, tuple(marks))


def _at(problem: Problem, parameter: str, value: float) -> list[FixedPoint]:
    own = problem.replace(**{parameter: float(value)})
    return [*in_rates_of(own, all_points(Dynamics(own)))]


def _upper(points: Sequence[FixedPoint]) -> list[FixedPoint]:
    """Without mirror images: (-Q, -R) is the same student as (Q, R)."""
    return [p for p in points if p.Q >= 0]


def _join(branches: list[list[FixedPoint | None]], points: Sequence[FixedPoint], k: int) -> None:
    """Add the points of the k-th value to the branches they continue, or begin new ones."""
    free = _upper(points)
    for branch in branches:
        last = branch[-1]
        near = min(free, key=lambda p: _apart(p, last), default=None) if last else None
        if near is not None and last is not None and _apart(near, last) < JUMP:
            free.remove(near)
            branch.append(near)
        else:
            branch.append(None)
    branches += [[None] * k + [point] for point in free]


def _apart(x: FixedPoint, y: FixedPoint | None) -> float:
    return np.inf if y is None else max(abs(x.Q - y.Q), abs(x.R - y.R))


def _changes(
    problem: Problem, parameter: str, grid: Array, branch: Sequence[FixedPoint | None], b: int
) -> list[Bifurcation]:
    marks = []
    for low, high, before, after in zip(grid, grid[1:], branch, branch[1:], strict=False):
        if before is None and after is None:
            continue
        same = before is not None and after is not None and before.stable == after.stable
        if same:
            continue
        value = _locate(problem, parameter, (low, high), before, after)
        marks.append(Bifurcation(float(value), b, _describe(before, after)))
    return marks


def _describe(before: FixedPoint | None, after: FixedPoint | None) -> str:
    if before is None:
        return "appears"
    if after is None:
        return "disappears"
    complex_pair = max(before.eigenvalues, key=lambda v: v.real)
    if abs(complex_pair.imag) > 1e-6 * abs(complex_pair):
        return "oscillation sets in" if before.stable else "oscillation dies out"
    return "loses stability" if before.stable else "gains stability"


def _locate(
    problem: Problem,
    parameter: str,
    bracket: tuple[float, float],
    before: FixedPoint | None,
    after: FixedPoint | None,
) -> float:
    """Bisect for the value at which the point at the lower end changes its character.

    The end of a branch is where the number of points changes; a change of stability is looked
    for on the nearest point.
    """
    low, high = bracket
    if parameter in WHOLE:
        return high
    count = len(_upper(_at(problem, parameter, low)))
    for _ in range(REFINE):
        middle = 0.5 * (low + high)
        points = _upper(_at(problem, parameter, middle))
        if before is None or after is None:
            unchanged = len(points) == count
        else:
            near = min(points, key=lambda p: _apart(p, before), default=before)
            unchanged = near.stable == before.stable
        low, high = (middle, high) if unchanged else (low, middle)
    return 0.5 * (low + high)
