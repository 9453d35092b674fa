"""What a run will take, before it begins: nobody should find out after hours."""

from __future__ import annotations

import math
import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from ..results.errors import InputError
from ..teacher_student.problem import Problem

#: Where Linux says what memory there is.
MEMORY = Path("/proc/meminfo")
#: Seconds that one normal number of a simulation takes on one core, and a run besides, about.
SECONDS_A_NORMAL, SECONDS_A_RUN = 2e-8, 1e-4
#: The same of a product with an input, forwards and backwards.
SECONDS_A_PRODUCT = 3e-9
#: Numbers that are stored of a run at every stored time, and of a flow of a sweep.
STORED, KEPT = 8, 30
#: What is refused without being asked for twice: longer than this, or more of the free memory.
LONGEST, MOST_MEMORY = 3600.0, 0.9


@dataclass(frozen=True)
class Cost:
    """An estimate.

    Attributes
    ----------
    seconds
        Of all cores together, about.
    bytes
        Held at a time.
    """

    seconds: float
    bytes: float

    def __str__(self) -> str:
        return f"{_time(self.seconds)} and {self.bytes / 1e9:.2g} GB of memory"


def simulation_cost(
    problem: Problem, *, dim: float, runs: float, time: float, points: float, engine: str
) -> Cost:
    """Of runs of the chain, or of vectors.

    Examples
    --------
    >>> small = simulation_cost(Problem(), dim=1000, runs=64, time=20, points=101, engine="chain")
    >>> small.seconds < 60
    True
    """
    cores = os.cpu_count() or 1
    vectors = engine == "vectors"
    width = 1 if not problem.several_units else problem.units + problem.teacher_units
    a_step = width * problem.M * (dim + 1) if vectors else 3 * problem.M + 2
    if problem.several_units and not vectors:
        a_step = 10 * width * problem.M + 16 * problem.units**2
    seconds = runs * (SECONDS_A_RUN + SECONDS_A_NORMAL * dim * time * a_step) / cores
    held = runs * min(points, dim * time + 1) * STORED
    if problem.several_units:
        held *= len(problem.state_space.labels)
    held += min(cores, runs) * dim * 4 * width if vectors else 0.0
    return Cost(seconds, 8 * held)


def training_cost(*, loads: Iterable[float], dim: float, runs: float, epochs: float) -> Cost:
    """Of students trained on ``load * dim`` examples, at every load."""
    cores, sizes = os.cpu_count() or 1, [load * dim * dim for load in loads]
    seconds = runs * epochs * SECONDS_A_PRODUCT * sum(sizes) / cores
    return Cost(seconds, 8 * min(cores, runs) * max(sizes, default=0.0))


def flows_cost(flows: float, quantities: int) -> Cost:
    """Of many flows with closed moments; a table, or a quadrature, comes on top."""
    return Cost(flows * 2e-5, 8 * flows * (quantities + 2) + 8 * min(flows, 16_384) * KEPT)


def free_memory() -> float:
    """Bytes that a process may still take, about; infinite where the system does not say.

    Linux counts as free only what no file is cached in: what can be had is ``MemAvailable``.
    """
    try:
        lines = MEMORY.read_text().splitlines()
        return next(
            1024.0 * float(line.split()[1]) for line in lines if line.startswith("MemAvailable:")
        )
    except (OSError, StopIteration):
        pass
    try:
        return float(os.sysconf("SC_AVPHYS_PAGES") * os.sysconf("SC_PAGE_SIZE"))
    except (AttributeError, ValueError, OSError):  # macOS has no such number
        return math.inf


class Values(int):
    """How many values a range has, as messages say it."""

    def __repr__(self) -> str:
        return f"{int(self)} values"


def check_cost(cost: Cost, parameters: Mapping[str, object]) -> None:
    """Refuse what takes longer than an hour, or more memory than there is.

    Parameters
    ----------
    cost
        The estimate.
    parameters
        What it comes from: ``{"dim": 1000, "runs": 64}``.

    Raises
    ------
    ValueError
        With the estimate.
    """
    if cost.seconds > LONGEST or cost.bytes > MOST_MEMORY * free_memory():
        (first, value), *others = parameters.items()
        also = "".join(f", {name}={other!r}" for name, other in others)
        raise InputError(
            first,
            value,
            f"{also}{': ' if also else ''}this takes about {cost}; less than an hour and than the "
            f"{free_memory() / 1e9:.2g} GB that are free is accepted, or --force",
        )


def _time(seconds: float) -> str:
    for unit, size in (("years", 3.15e7), ("days", 86400.0), ("hours", 3600.0), ("minutes", 60.0)):
        if seconds >= size:
            return f"{seconds / size:.3g} {unit}"
    return f"{seconds:.2g} seconds"
