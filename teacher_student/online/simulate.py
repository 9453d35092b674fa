"""Monte Carlo simulation of teacher and student: online SGD, many independent runs."""

from __future__ import annotations

import os
import warnings
from collections.abc import Callable, Iterable
from dataclasses import replace
from functools import partial
from typing import Any, Unpack

import numpy as np
from numpy.typing import ArrayLike

from ...results.checks import integer
from ...results.errors import DivergenceWarning, InputError
from ..inputs import ROWS, read_inputs
from ..kernels.online import HUGE
from ..options import RunOptions, check_names
from ..problem import Problem
from ..problem_checks import check_problem, check_start
from ..schedule import MOST_STEPS, check_schedule, stored_steps, stored_times
from ..state_space import ACCUMULATED
from ..supervision import class_error
from ..threads import in_threads
from .committee.collect import committee_values
from .committee.run import check_dimensions
from .committee.runs import CommitteeRuns
from .deployed import check_running, deployed_values
from .engines import engines_of
from .measured_inputs import in_blocks
from .observed import observed_of
from .one_run import run_rows
from .optimised_run import ACCUMULATED_COLUMN, check_chain
from .run import AnyRun, sharing
from .runs import Array, Runs
from .spectral_run import blocks_of

ENGINES = ("chain", "vectors")
MOST_RUNS = 10**6


def simulate(
    problem: Problem,
    *,
    dim: int = 1000,
    runs: int = 64,
    time: float = 20.0,
    points: int = 101,
    times: ArrayLike | None = None,
    engine: str = "chain",
    inputs: str = "gaussian",
    running: bool = False,
    **options: Unpack[RunOptions],
) -> Runs:
    """Simulate online SGD of a student on fresh examples of a teacher.

    Parameters
    ----------
    problem
        The setting. Every run starts exactly at its ``q0, r0, l0``.
    dim
        Input dimension N, at least 3.
    runs
        Number of independent runs. Run k is the same however many are asked for.
    time, points
        End of the run in steps / N, and how many equally spaced times are stored.
    times
        Stored times instead of ``time`` and ``points``: increasing, from 0 on. Stored times
        are rounded to whole steps.
    engine
        ``"chain"``, the exact reduced chain whose cost does not depend on N (theory page
        5), or ``"vectors"``, real N-dimensional vectors.
    inputs
        Law of the inputs' entries, for ``vectors``: ``gaussian rademacher uniform laplace
        student-t:NU`` or the path of a ``.npy`` file (`teacher_student.inputs`).
    running
        Whether a scheme with batch statistics also tells its running ones, ``running_mean`` and
        ``running_variance`` of ``w.x``, and ``error_running``, the error of the student that is
        deployed with them. They are kept as torch keeps them, with ``running_momentum`` (or
        ``running_rate``), the variance unbiased, and begin as those of the population.
    **options
        ``seed`` (0), of all random numbers: the result does not depend on ``workers`` (one a
        core), the threads; ``progress`` is called with (work done, work in all) now and then.

    Returns
    -------
    Runs
        With a status and a message; runs that diverge are not an error.

    Warns
    -----
    DivergenceWarning
        If a run left the finite numbers.

    Raises
    ------
    ValueError
        Naming the parameter, its value and what is accepted.

    Examples
    --------
    >>> import bntheory as bn
    >>> runs = bn.simulate(bn.Problem(scheme="wn"), dim=100, runs=2, time=1, points=2)
    >>> runs.R.shape
    (2, 2)
    """
    found = simulated(problem, dim=dim, runs=runs, time=time, points=points, times=times,
                      engine=engine, inputs=inputs, running=running, **options)  # fmt: skip
    if found.status == "diverged":
        warnings.warn(found.message, DivergenceWarning, stacklevel=2)
    return found


def simulated(
    problem: Problem,
    *,
    dim: int = 1000,
    runs: int = 64,
    time: float = 20.0,
    points: int = 101,
    times: ArrayLike | None = None,
    engine: str = "chain",
    inputs: str = "gaussian",
    running: bool = False,
    **options: Unpack[RunOptions],
) -> Runs:
    """`simulate` without its warning, for callers that expect runs to diverge."""
    check_problem(problem)
    check_names("simulate", options, RunOptions)
    dim, runs = integer("dim", dim, 3, MOST_STEPS), integer("runs", runs, 1, MOST_RUNS)
    check_start(problem, HUGE)
    if running:
        check_running(problem)
    seed, workers = options.get("seed", 0), options.get("workers") or os.cpu_count() or 1
    steps = stored_steps(stored_times(time, points, times), dim)
    makers = run_makers(
        problem, dim=dim, steps=steps, which=range(runs), engine=engine, inputs=inputs, seed=seed
    )
    rows, finished = in_threads(
        lambda make, stopped: run_rows(make(), steps, stopped),
        makers, workers, options.get("progress"),
    )  # fmt: skip
    found = _collect(problem, dim, engine, int(seed), steps, rows, finished)
    if running:
        table = np.stack([row[: found.t.size] for row in rows])
        found = replace(found, values={**found.values, **deployed_values(problem, table)})
    return replace(found, inputs=inputs)


def run_makers(
    problem: Problem,
    *,
    dim: int,
    steps: Array,
    which: Iterable[int],
    engine: str,
    inputs: str,
    seed: int,
) -> list[Callable[[], AnyRun]]:
    """What makes the runs of a simulation; run k is the same whichever others are made.

    Parameters
    ----------
    problem, dim, engine, inputs, seed
        As for `simulate`.
    steps
        Stored steps, increasing.
    which
        Numbers of the runs.

    Raises
    ------
    ValueError
        Naming the parameter, its value and what is accepted.
    """
    if engine not in ENGINES:
        raise InputError("engine", engine, f"{' or '.join(ENGINES)} is accepted", ENGINES)
    seed = integer("seed", seed, 0, 2**63 - 1)  # what a file's attribute holds
    if problem.several_units:
        check_dimensions(problem, dim, engine)
    if engine == "chain":
        check_chain(problem)
    if not problem.several_units:
        sharing(problem, dim)  # refuses a rate that no run of this dim has
    check_schedule(problem, steps[-1] / dim)
    law = read_inputs(inputs, dim)
    if engine == "chain" and law.name != "gaussian":
        raise InputError(
            "inputs",
            inputs,
            "engine='chain' follows from the rotational symmetry of Gaussian "
            "inputs; other laws are accepted with engine='vectors'",
        )
    if problem.spectrum_ is not None:
        sizes = problem.spectrum_.sizes(dim)  # every block has directions enough
        law = in_blocks(law, problem.spectrum_, sizes) if law.kind == ROWS else law
    chain, vectors = engines_of(problem)
    make: Callable[..., Any] = chain if engine == "chain" else partial(vectors, law=law)
    # The k-th child of spawn(), made by itself.
    children = (np.random.SeedSequence(seed, spawn_key=(k,)) for k in which)
    return [partial(make, problem, dim, steps, child) for child in children]


def _collect(
    problem: Problem,
    dim: int,
    engine: str,
    seed: int,
    steps: Array,
    rows: list[Array],
    finished: bool,
) -> Runs:
    if not rows:
        raise KeyboardInterrupt
    reached = [len(row) for row in rows]
    common = min(reached)
    status, message = "complete", ""
    if common < len(steps):
        diverged = sum(r < len(steps) for r in reached)
        at = steps[common] / dim
        status = "diverged"
        message = f"{diverged} of {len(rows)} runs diverged, the first before t = {at:g}"
    if not finished:
        status, message = "interrupted", f"interrupted after {len(rows)} runs"
    table = np.stack([r[:common] for r in rows])
    t = steps[:common] / dim
    if problem.several_units:
        values = committee_values(problem, table)
        runs = CommitteeRuns(problem, dim, engine, seed, t, values, status, message)
        return runs.matched() if problem.committee.random else runs
    values = observed_of(problem, table, os.cpu_count() or 1)
    del values["spread"]
    values |= class_error(problem, values["Q"], values["R"])
    for column, name in enumerate(("gamma", "beta")):
        if name in problem.trained_scalars:
            values[name] = table[..., column]
    if problem.accumulates:
        values[ACCUMULATED] = table[..., ACCUMULATED_COLUMN]
    return Runs(
        problem, dim, engine, seed, t, values, status, message, blocks=blocks_of(problem, table)
    )
