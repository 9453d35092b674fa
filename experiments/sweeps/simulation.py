"""Simulated grid points of a sweep: the seed of a point, its runs, and what is kept of each."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from ...teacher_student.online.observed import observed_of
from ...teacher_student.online.simulate import run_makers, run_rows
from ...teacher_student.parameters import PARAMETERS
from ...teacher_student.problem import Problem
from ...teacher_student.schedule import learning_rate, stored_steps, stored_times
from ..cost import SECONDS_A_NORMAL, SECONDS_A_RUN
from .ending import Ending
from .quantities import Asked

Array = np.ndarray
#: A plateau is the longest time in which the error falls by this factor.
FALL = 0.9
#: Parameters whose defaults enter the seed of a point; of any other only what differs from its
#: default does, so that a parameter that is added moves no seed.
SEEDING = frozenset(
    ("activation", "scheme", "eta", "gamma_rate", "zeta", "noise", "batch_size", "weight_decay",
     "q0", "r0", "l0", "train_beta")
)  # fmt: skip


class StoppedError(Exception):
    """The sweep was interrupted while a point was being simulated."""


@dataclass(frozen=True)
class Simulation:
    """How a sweep simulates.

    Attributes
    ----------
    dim, seed
        As for `bntheory.simulate`; where the grid has them, its values count.
    engine, inputs
        As for `bntheory.simulate`.
    points
        Stored times, between which ``time-to:X`` and ``plateau`` are interpolated.
    """

    dim: int = 1000
    seed: int = 0
    engine: str = "chain"
    inputs: str = "gaussian"
    points: int = 101


def point_seed(problem: Problem, dim: int, seed: int) -> int:
    """The seed of a grid point, such that ``simulate(problem, dim=dim, seed=...)`` repeats it.

    It depends on what is simulated there and on the sweep's seed alone: not on the other points,
    on the place in the grid, or on the number of runs. Points are independent of one another.

    Examples
    --------
    >>> point_seed(Problem(), 1000, 0) == point_seed(Problem(), 1000, 1)
    False
    """
    given = problem.to_dict().items()
    own = {n: value for n, value in given
           if n in SEEDING or n not in PARAMETERS or value != PARAMETERS[n].default}  # fmt: skip
    described = json.dumps([own, int(dim), int(seed)], sort_keys=True)
    return int.from_bytes(hashlib.sha256(described.encode()).digest()[:8], "big") >> 1


def simulate_point(
    problem: Problem,
    simulation: Simulation,
    time: float,
    which: Sequence[int],
    asked: Asked,
    stopped: Callable[[], bool],
) -> dict[str, Array]:
    """Some runs of one grid point: the asked quantities, each of shape (runs,).

    Raises
    ------
    StoppedError
        If ``stopped()`` says so on the way.
    ValueError
        For what `bntheory.simulate` does not accept.
    """
    dim = int(simulation.dim)
    points = simulation.points if asked.levels or asked.plateau else 2
    steps = stored_steps(stored_times(time, points), dim)
    makers = run_makers(
        problem, dim=dim, steps=steps, which=which, engine=simulation.engine,
        inputs=simulation.inputs, seed=point_seed(problem, dim, simulation.seed),
    )  # fmt: skip
    values = {name: np.full(len(which), np.nan) for name in asked.names}
    for k, make in enumerate(makers):
        rows = run_rows(make(), steps, stopped)
        if rows is None:
            raise StoppedError
        for name, value in asked.read(ending_of_run(problem, rows, steps / dim, asked)).items():
            values[name][k] = value[0]
    return values


def ending_of_run(problem: Problem, rows: Array, t: Array, asked: Asked) -> Ending:
    """Where one run ended whose rows were stored at some times, or at the first of them."""
    arrived, reached = len(rows) == len(t), t[: len(rows)]
    seen = {name: x[0] for name, x in observed_of(problem, rows[None], 1).items()}
    error, numbers = seen["error"], [np.nan] * 6
    if arrived:
        at_end = [seen[name][-1] for name in ("Q", "R", "L", "error", "spread")]
        numbers = [*at_end, learning_rate(problem.limit, t[-1])]
    names = ("Q", "R", "L", "error", "spread", "rate")
    end = dict(zip(names, np.array(numbers)[:, None], strict=True))
    watched = arrived and asked.plateau
    return Ending(
        problem, {}, **end, diverged=np.array([0.0 if arrived else 1.0]),
        passages={X: np.array([first_passage(reached, error, X)]) for X in asked.levels},
        plateau=np.array([plateau(reached, error) if watched else np.nan]),
    )  # fmt: skip


def first_passage(t: Array, error: Array, level: float) -> float:
    """When an error first falls to a level, linear between stored times; NaN if it does not.

    Examples
    --------
    >>> float(first_passage(np.array([0.0, 1.0, 2.0]), np.array([4.0, 2.0, 0.0]), 1.0))
    1.5
    """
    below = np.flatnonzero(error <= level)
    if not below.size:
        return np.nan
    k = below[0]
    if k == 0:
        return float(t[0])
    part = (error[k - 1] - level) / (error[k - 1] - error[k])
    return float(t[k - 1] + part * (t[k] - t[k - 1]))


def plateau(t: Array, error: Array) -> float:
    """The longest time in which the error falls by a tenth; NaN if it never does.

    Examples
    --------
    >>> t = np.linspace(0.0, 2.0, 2001)
    >>> round(float(plateau(t, np.exp(-t))), 4)
    0.1054
    """
    lowest = error.min()
    if not 0 < lowest <= FALL * error[0]:
        return np.nan
    falls = int(np.floor(np.log(lowest / error[0]) / np.log(FALL)))
    times = [first_passage(t, error, error[0] * FALL**k) for k in range(1, falls + 1)]
    return float(np.diff([t[0], *times]).max())


def seconds_a_run(problem: Problem, simulation: Simulation, values: dict[str, Array]) -> float:
    """What a run takes, about; a mean over the grid."""
    M = float(np.mean(values.get("batch_size", problem.M)))
    dim = float(np.mean(values.get("dim", simulation.dim)))
    a_step = 3 * M + 2 if simulation.engine == "chain" else M * (dim + 1)
    normals = dim * a_step * float(np.mean(values["time"]))
    return SECONDS_A_RUN + SECONDS_A_NORMAL * normals
