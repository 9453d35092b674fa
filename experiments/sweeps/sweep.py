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
from ...odes.flow.solver import Progress
from ...results.checks import integer, number
from ...results.errors import InputError
from ...results.files import package_version, with_identifiers
from ...store.blocks import Layout, Memory
from ...store.engines import fill_in_order, fill_in_threads
from ...store.store import Store
from ...teacher_student.online.simulate import MOST_RUNS, run_makers
from ...teacher_student.problem import Problem
from ...teacher_student.problem_checks import check_problem
from ...teacher_student.schedule import MOST_POINTS, check_schedule
from .axes import WHOLE, checked_axes
from .committees import CommitteeWork, flow_work
from .quantities import DEFAULT_QUANTITIES, quantities_of
from .simulation import Simulation, seconds_a_run
from .work import FlowWork, SimulationWork

if TYPE_CHECKING:
    import xarray

Array = np.ndarray
Range = float | Sequence[float] | Array
Work = FlowWork | SimulationWork | CommitteeWork
#: Grid points whose flows are held at a time: memory does not grow with the grid.
CHUNK = 16_384
#: Committees likewise, which take milliseconds to seconds.
COMMITTEES = 16
#: A chunk of simulations takes about so many seconds; fewer, down to a least, where a sweep
#: would have less than so many chunks.
SECONDS, LEAST_SECONDS, CHUNKS = 2.0, 0.4, 32
#: Numbers of a sweep that are no range, with their defaults, least and most values.
SIZES = {"runs": (64, 1, MOST_RUNS), "points": (101, 2, MOST_POINTS)}
#: Other single values, with their defaults.
SINGLE = {"rtol": RTOL, "atol": ATOL, "engine": "chain", "inputs": "gaussian"}


def sweep(
    problem: Problem,
    *,
    quantity: str | Sequence[str] = DEFAULT_QUANTITIES,
    simulate: bool = False,
    store: str | Path | None = None,
    mode: str = "resume",
    workers: int | None = None,
    dask: str | None = None,
    progress: Progress | None = None,
    **grid: Range | str,
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
        the same as a learning rate at L = l0; these two are of flows only. Committees have
        ``final-error final-specialisation time-to:X plateau escape-rate specialisation-time
        diverged``. ``escape-rate``: at which the plateau is left, in 1/time, at the length l0; of
        flows only. ``specialisation-time``: when the specialisation first is half of all.
    simulate
        Simulate every grid point instead of integrating its flow.
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
        ``seed`` (0). Single values: of flows ``rtol`` (1e-8) and ``atol`` (1e-10), bounds on
        the error of a step; of simulations ``engine`` and ``inputs``, as for
        `bntheory.simulate`, ``runs`` (64) and ``points`` (101), the stored times between which
        ``time-to:X`` and ``plateau`` are interpolated.

    Returns
    -------
    xarray.Dataset
        The quantities (``final_Q`` is ``final-Q``), with the grid's axes, and ``run`` for
        simulations, as dimensions; NaN where one does not exist. ``status`` is 0 (missing),
        1 (complete) or 2 (failed), with the reason in ``message``. `bntheory.Sweep` makes means,
        tables and pictures of it.

    Raises
    ------
    ValueError
        Naming the parameter, its value and what is accepted.

    Examples
    --------
    >>> import bntheory as bn
    >>> map = bn.sweep(bn.Problem(scheme="wn"), eta=[0.1, 1.0], zeta=[0, 0.1], time=300)
    >>> map.final_R.dims, bool((map.final_R > 0.9).all())
    (('eta', 'zeta'), True)
    >>> bn.sweep(bn.Problem(), eta=[0.5, 1.0], dim=50, time=1, runs=3, simulate=True).sizes["run"]
    3
    """
    check_problem(problem)
    asked = quantities_of(quantity, simulate, problem.several_units)
    single = _taken_out(grid)
    axes = checked_axes(problem, grid, simulate)
    end = number("time", single["time"], above=0.0) if "time" in single else math.nan
    check_schedule(problem, float(np.max(axes.get("time", end))))
    about: dict[str, Any] = {"problem": problem.to_json(), "quantities": list(asked.names)}
    about |= {"time": end} if "time" in single else {}
    rtol = number("rtol", single["rtol"], least=1e-13, most=1e-2)
    atol = number("atol", single["atol"], above=0.0)
    work: Work
    if simulate:
        simulation, runs = _simulation(problem, axes, single), single["runs"]
        kind = CommitteeWork if problem.several_units else SimulationWork
        work = kind(problem, asked.names, end, simulation=simulation)
        kept = [n for n in ("engine", "inputs", "points", *WHOLE) if n not in axes]
        about |= {name: getattr(simulation, name) for name in kept}
        chunk = _simulated_chunk(problem, simulation, end, axes, runs)
        axes |= {"run": np.arange(runs)}
    else:
        about |= {"rtol": rtol, "atol": atol}
        work = flow_work(problem, asked.names, end, (rtol, atol), 1 if dask else workers)
        most = COMMITTEES if problem.several_units else CHUNK
        chunk = filled(tuple(map(len, axes.values())), most)
    layout = Layout(axes, asked.names, chunk, *_described(about))
    return _filled(layout, work, store, mode, workers, dask, progress)


def _taken_out(grid: dict[str, Any]) -> dict[str, Any]:
    """Take out of a grid what is no range, with defaults."""
    sizes = {name: integer(name, grid.pop(name, default), least, most)
             for name, (default, least, most) in SIZES.items()}  # fmt: skip
    others = {name: grid.pop(name, default) for name, default in SINGLE.items()}
    defaults = {"time": 20.0} | {name: default for name, (default, _, _) in WHOLE.items()}
    numbers = {name: grid.pop(name, default) for name, default in defaults.items()
               if np.ndim(grid.get(name, 0)) == 0}  # fmt: skip
    return {**sizes, **others, **numbers}


def _simulation(problem: Problem, axes: Mapping[str, Array], single: dict[str, Any]) -> Simulation:
    """How a sweep simulates; what cannot be simulated so is refused."""
    whole = {name: integer(name, single[name], least, most)
             for name, (_, least, most) in WHOLE.items() if name in single}  # fmt: skip
    engine, inputs = single["engine"], single["inputs"]
    numbers: dict[str, Any] = {"points": single["points"], **whole}
    simulation = Simulation(engine=engine, inputs=inputs, **numbers)
    run_makers(problem, dim=int(np.min(axes.get("dim", simulation.dim))), steps=np.ones(1),
               which=(), seed=0, engine=engine, inputs=inputs)  # fmt: skip
    return simulation


def _filled(
    layout: Layout,
    work: Work,
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
        return with_identifiers(table.dataset())
    with writing(store, layout, mode) as kept:
        if dask is None:
            _fill_here(kept, work, workers, progress)
        else:
            from ...store.dask import fill_on_dask

            fill_on_dask(kept, work, dask, workers, progress)
    return with_identifiers(kept.dataset())


def _fill_here(
    table: Memory | Store,
    work: Work,
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


def _simulated_chunk(
    problem: Problem, simulation: Simulation, time: float, axes: dict[str, Array], runs: int
) -> tuple[int, ...]:
    """A chunk that takes about two seconds, or less where a sweep would have too few of them."""
    shape = (*map(len, axes.values()), runs)
    values = {"time": np.array(time), **axes}
    a_run = seconds_a_run(problem, simulation, values)
    seconds = min(SECONDS, max(LEAST_SECONDS, math.prod(shape) * a_run / CHUNKS))
    return filled(shape, seconds / a_run)
