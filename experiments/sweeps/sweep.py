"""`sweep`: a grid over learning rates and any other number of a problem."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from ...odes.flow.records import ATOL, RTOL
from ...odes.flow.rows import COLUMNS
from ...odes.flow.solver import Progress
from ...results.checks import integer, number
from ...results.errors import InputError
from ...results.files import package_version
from ...store.blocks import Layout, Memory
from ...store.engines import fill_in_order, fill_in_threads
from ...store.store import Store
from ...teacher_student.online.simulate import MOST_RUNS, run_makers
from ...teacher_student.parameters import START_PARAMETERS
from ...teacher_student.problem import Problem
from ...teacher_student.schedule import MOST_POINTS, MOST_STEPS, check_schedule
from .quantities import parse_quantities
from .simulation import Simulation, seconds_a_run
from .work import FlowWork, SimulationWork

if TYPE_CHECKING:
    import xarray

Array = np.ndarray
Range = float | Sequence[float] | Array
#: Grid points whose flows are held at a time: memory does not grow with the grid.
CHUNK = 16_384
#: A chunk of simulations takes about so many seconds; fewer, down to a least, where a sweep
#: would have less than so many chunks.
SECONDS, LEAST_SECONDS, CHUNKS = 2.0, 0.4, 32
DEFAULT_QUANTITIES = ("final-Q", "final-R", "final-L", "final-error", "diverged")
#: Numbers of a sweep that are no range, with their defaults, least and most values.
SIZES = {"runs": (64, 1, MOST_RUNS), "points": (101, 2, MOST_POINTS)}
#: Whole numbers that a simulation takes as a range: default, least and most value.
WHOLE = {"dim": (1000, 3, MOST_STEPS), "seed": (0, 0, 2**63 - 1)}


def sweep(
    problem: Problem,
    *,
    quantity: str | Sequence[str] = DEFAULT_QUANTITIES,
    rtol: float = RTOL,
    atol: float = ATOL,
    simulate: bool = False,
    engine: str = "chain",
    inputs: str = "gaussian",
    store: str | Path | None = None,
    mode: str = "resume",
    workers: int | None = None,
    dask: str | None = None,
    progress: Progress | None = None,
    **grid: Range,
) -> xarray.Dataset:
    """Integrate or simulate a grid of problems and keep a few numbers of each.

    Parameters
    ----------
    problem
        Everything that the grid does not vary.
    quantity
        ``final-Q final-R final-L final-error eta-eff time-to:X plateau eta-max largest-eta
        diverged``, as a list or separated by commas. ``time-to:X``: when the error first falls
        to X. ``plateau``: the longest time the error takes to fall by a tenth. ``eta-eff``: at
        the end. ``eta-max``: the largest stable ``eta_eff`` (Proposition 2), ``largest-eta``
        the same as a learning rate at L = l0; these two are of flows only.
    rtol, atol
        Relative and absolute bounds on the error of a flow's step.
    simulate
        Simulate every grid point instead of integrating its flow.
    engine, inputs
        How it is simulated, as for `bntheory.simulate`.
    store
        Folder in which finished chunks are kept (docs/sweeps.md); the same call goes on from
        there after an interruption.
    mode
        What a store that exists is for: ``"resume"``, and it must be this sweep's; ``"extend"``
        adds the grid's values and runs to those that it has; ``"new"`` discards it.
    workers
        Threads, or processes of ``dask="local"``; one a core by default. No result depends on it.
    dask
        Address of a Dask scheduler, or ``"local"``; needs a store.
    progress
        Called with (grid points or runs done, all of them).
    **grid
        Values of any numeric parameter of `Problem`: a number, a list, an array. Likewise
        ``time``, the end in steps / N (default 20), and for simulations ``dim`` (1000) and
        ``seed`` (0). Single numbers: ``runs`` (64) and ``points`` (101), the stored times
        between which ``time-to:X`` and ``plateau`` are interpolated.

    Returns
    -------
    xarray.Dataset
        The quantities, with the grid's axes, and ``run`` for simulations, as dimensions; NaN
        where one does not exist. ``status`` is 0 (missing), 1 (complete) or 2 (failed), with
        the reason in ``message``. `bntheory.Sweep` makes means, tables and pictures of it.

    Raises
    ------
    ValueError
        Naming the parameter, its value and what is accepted.

    Examples
    --------
    >>> import bntheory as bn
    >>> map = bn.sweep(bn.Problem(scheme="wn"), eta=[0.1, 1.0], zeta=[0, 0.1], time=300)
    >>> map["final-R"].dims, bool((map["final-R"] > 0.9).all())
    (('eta', 'zeta'), True)
    >>> bn.sweep(bn.Problem(), eta=[0.5, 1.0], dim=50, time=1, runs=3, simulate=True).sizes["run"]
    3
    """
    asked = parse_quantities(quantity, simulate)
    sizes = {name: integer(name, grid.pop(name, default), least, most)
             for name, (default, least, most) in SIZES.items()}  # fmt: skip
    fixed = {name: grid.pop(name, 20.0 if name == "time" else WHOLE[name][0])
             for name in ("time", *WHOLE) if np.ndim(grid.get(name, 0)) == 0}  # fmt: skip
    axes = _axes(problem, grid, simulate)
    end = number("time", fixed["time"], above=0.0) if "time" in fixed else math.nan
    check_schedule(problem, float(np.max(axes.get("time", end))))
    rtol, atol = number("rtol", rtol, least=1e-13, most=1e-2), number("atol", atol, above=0.0)
    about: dict[str, Any] = {"problem": problem.to_json(), "quantities": list(asked.names)}
    about |= {"time": end} if "time" in fixed else {}
    work: FlowWork | SimulationWork
    if simulate:
        whole = {name: integer(name, fixed[name], least, most)
                 for name, (_, least, most) in WHOLE.items() if name in fixed}  # fmt: skip
        simulation = Simulation(engine=engine, inputs=inputs, points=sizes["points"], **whole)
        run_makers(problem, dim=int(np.min(axes.get("dim", simulation.dim))), steps=np.ones(1),
                   which=(), engine=engine, inputs=inputs, seed=0)  # fmt: skip
        work = SimulationWork(problem, asked.names, end, simulation)
        about |= {"engine": engine, "inputs": inputs, "points": sizes["points"], **whole}
        chunk = _simulated_chunk(work, axes, sizes["runs"])
        axes |= {"run": np.arange(sizes["runs"])}
    else:
        work = FlowWork(problem, asked.names, end, rtol, atol, 1 if dask else workers)
        about |= {"rtol": rtol, "atol": atol}
        chunk = filled(tuple(map(len, axes.values())), CHUNK)
    layout = Layout(axes, asked.names, chunk, *_described(about))
    return _filled(layout, work, store, mode, workers, dask, progress)


def _filled(
    layout: Layout,
    work: FlowWork | SimulationWork,
    store: str | Path | None,
    mode: str,
    workers: int | None,
    dask: str | None,
    progress: Progress | None,
) -> xarray.Dataset:
    """The dataset of a layout, all of its chunks done."""
    from ...store.access import writing

    if store is None:
        if dask is not None:
            raise InputError("dask", dask, "accepted with store, which the workers write to")
        table = Memory(layout)
        _fill_here(table, work, workers, progress)
        return table.dataset()
    with writing(store, layout, mode) as kept:
        if dask is None:
            _fill_here(kept, work, workers, progress)
        else:
            from ...store.dask import fill_on_dask

            fill_on_dask(kept, work, dask, workers, progress)
    return kept.dataset()


def _fill_here(
    table: Memory | Store,
    work: FlowWork | SimulationWork,
    workers: int | None,
    progress: Progress | None,
) -> None:
    if isinstance(work, FlowWork):
        fill_in_order(table, work, progress)  # its threads are inside a chunk
    else:
        fill_in_threads(table, work, workers, progress)


def _described(about: dict[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """The identity of a sweep, and the attributes of its dataset."""
    versions = {name: version(name) for name in ("numpy", "numba")}
    versions["bntheory"] = package_version()
    identity = {**about, "problem": json.loads(about["problem"]), "versions": versions}
    shown = {f"{name}_version": text for name, text in versions.items()}
    return identity, {**about, **shown}


def filled(shape: tuple[int, ...], entries: float) -> tuple[int, ...]:
    """A chunk of about so many entries: whole last axes first.

    Examples
    --------
    >>> filled((100, 200), 1000)
    (5, 200)
    """
    chunk: list[int] = []
    for length in reversed(shape):
        chunk.append(int(min(length, max(1, entries))))
        entries = entries / length
    return tuple(reversed(chunk))


def _simulated_chunk(work: SimulationWork, axes: dict[str, Array], runs: int) -> tuple[int, ...]:
    """A chunk that takes about two seconds, or less where a sweep would have too few of them."""
    shape = (*map(len, axes.values()), runs)
    values = {"time": np.array(work.time), **axes}
    a_run = seconds_a_run(work.problem, work.simulation, values)
    seconds = min(SECONDS, max(LEAST_SECONDS, math.prod(shape) * a_run / CHUNKS))
    return filled(shape, seconds / a_run)


def _axes(problem: Problem, grid: Mapping[str, Range], simulate: bool) -> dict[str, Array]:
    """The grid as arrays, every value checked as `Problem` checks it."""
    axes = {}
    for name, given in grid.items():
        known = (*COLUMNS, *START_PARAMETERS, "time", *(WHOLE if simulate else ()))
        if name not in known:
            also = "" if simulate or name not in WHOLE else "; with simulate also for dim, seed"
            accepted = ", ".join(known)
            raise ValueError(
                f"unknown parameter {name!r}; a range is accepted for {accepted}{also}"
            )
        try:
            values = np.atleast_1d(np.asarray(given, dtype=None if name in WHOLE else float))
        except (TypeError, ValueError):
            values = np.empty(0)
        if values.ndim != 1 or not values.size or values.dtype.kind not in "iuf":
            raise InputError(name, given, "a list of numbers is accepted")
        if name in WHOLE:
            _, least, most = WHOLE[name]
            values = np.array([integer(name, v.item(), least, most) for v in values])
        else:
            _check_values(problem, name, values)
        axes[name] = values
    return axes


def _check_values(problem: Problem, name: str, values: Array) -> None:
    """Check a range by its extremes: what a number must satisfy is an interval."""
    if name == "eta" and isinstance(problem.eta, str):
        raise InputError("eta", problem.eta, "a range replaces a number, not a schedule")
    if name == "l0" and "gamma" not in problem.trained_scalars:
        raise InputError(
            "l0",
            values.tolist(),
            f"scheme={problem.scheme!r} has no gamma, its length starts at q0",
        )
    extremes = [values.min(), values.max(), *values[~np.isfinite(values)][:1]]
    if name == "batch_size":
        extremes += [*values[values != np.rint(values)][:1]]
    for value in extremes:
        if name == "time":
            number("time", float(value), above=0.0)
        else:
            problem.replace(**{name: float(value)})
