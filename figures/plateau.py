"""Escape from the plateau by scheme: exact batch normalisation against its decomposition.

An erf committee of K = T = 2 units starts next to its plateau. Population normalisation with
gamma decay, which stands for batch normalisation of one unit, moves the escape the wrong way.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from ..odes.committee.fixed_points import committee_fixed_points
from ..odes.committee.points import Sampling
from ..odes.flow.integrate import solve_any
from ..results.checks import integer
from ..teacher_student.committee.order import first_rise, specialisation_level
from ..teacher_student.online.simulate import simulate
from ..teacher_student.problem import Problem
from .plateau_result import Escape, PlateauFigure

Progress = Callable[[int, int], None]
SCHEMES, ACTIVATIONS = ("sgd", "wn", "bn", "pn"), ("erf", "relu")
#: The setting, its end, and stored times; rates are those of small learning rates.
M, ETA, TIME, POINTS, SMALL = 8, 0.5, 240.0, 121, 0.01
#: Overlaps at the start, in units of the length.
START = 0.01 * np.array([[1.0, -0.3], [0.2, 0.6]])
#: What simulates it unless told otherwise, and the record of that.
DIM, RUNS = 20_000, 6
RECORD = Path(__file__).with_name("records") / "plateau" / "escape.json"


def plateau_figure(
    *,
    dim: int | None = None,
    runs: int | None = None,
    seed: int = 0,
    progress: Progress | None = None,
) -> PlateauFigure:
    """Escape from the plateau under plain SGD, weight, batch and population normalisation.

    Parameters
    ----------
    dim, runs
        Dimension and runs of the chain (20 000 and 6, a quarter of an hour of one core). With
        neither of them nothing is computed: the result is the record that comes with the package.
    seed
        Of the chain.
    progress
        Called with (parts done, parts in all).

    Raises
    ------
    InputError
        For a dimension or a number of runs that is none.

    Examples
    --------
    >>> found = plateau_figure()
    >>> found.escapes["bn"].flow_time < found.escapes["wn"].flow_time
    True
    """
    if dim is None and runs is None:
        return PlateauFigure.read(RECORD)
    dim = integer("dim", DIM if dim is None else dim, 6)
    runs = integer("runs", RUNS if runs is None else runs, 2)
    parts = len(SCHEMES) * (1 + len(ACTIVATIONS))
    done = 0

    def step() -> None:
        nonlocal done
        done += 1
        if progress:
            progress(done, parts)

    rates: dict[str, dict[str, Any]] = {}
    for activation in ACTIVATIONS:
        rates[activation] = {}
        for scheme in SCHEMES:
            rates[activation][scheme] = escape_rate(activation, scheme)
            step()
    escapes = {}
    for scheme in SCHEMES:
        escapes[scheme] = escape(scheme, rates["erf"][scheme]["scale"], dim, runs, seed)
        step()
    command = f"bntheory figure plateau --dim {dim} --runs {runs} --output escape.json"
    return PlateauFigure(escapes, rates, M, ETA, dim, runs, seed, command)


def implied_decay(activation: str) -> float:
    """The gamma decay that batches of M imply for one unit, at the plateau's gamma of erf.

    ``(E g'^2 / 2 + E[g'^2 u^2] / 4) / M``; for ReLU, where it is 3/(8 M), at every gamma.
    """
    if activation == "relu":
        return 3.0 / (8.0 * M)
    wide = 1.0 + 2.0 / 3.0  # 1 + 2 gamma^2 with gamma^2 = 1/(2K - 1)
    squares = (2.0 / math.pi) * np.array([wide**-0.5, wide**-1.5])
    return float((squares[0] / 2.0 + squares[1] / 4.0) / M)


def setting(activation: str, scheme: str, eta: float, **others: Any) -> Problem:
    """The problem of one scheme."""
    zeta: dict[str, Any] = {"zeta": implied_decay(activation)} if scheme == "pn" else {}
    return Problem(
        activation, scheme, units=2, teacher_units=2, batch_size=M, eta=eta, **zeta, **others
    )


def escape_rate(activation: str, scheme: str) -> dict[str, Any]:
    """The plateau of a scheme at small learning rates.

    Returns
    -------
    dict
        ``rate`` (over ``eta_eff``) and ``rho``, with ``_error`` of a sampled flow, else 0;
        ``scale``, gamma or, of ``sgd``, the length.
    """
    point = committee_fixed_points(setting(activation, scheme, SMALL), Sampling(8)).plateau
    if point is None or point.relative_rate is None:
        raise RuntimeError(f"no plateau was found of {activation}, {scheme}")
    scale = point.L if point.gamma is None else point.gamma[0]
    errors = {name: point.std_error.get(name, 0.0) for name in ("relative_rate", "rho")}
    return {
        "rate": point.relative_rate,
        "rate_error": errors["relative_rate"],
        "rho": point.rho,
        "rho_error": errors["rho"],
        "scale": float(scale or 0.0),
    }


def escape(scheme: str, scale: float, dim: int, runs: int, seed: int) -> Escape:
    """One scheme by flow and by chain, from gamma = L = its plateau's scale."""
    start: dict[str, Any] = {"A": scale * START, "C": scale**2 * np.eye(2)}
    if scheme != "sgd":
        start["gamma"] = [scale, scale]
    problem = setting("erf", scheme, ETA, start=start)
    flow = solve_any(problem, time=TIME, points=POINTS)
    sample = simulate(problem, dim=dim, runs=runs, time=TIME, points=POINTS, seed=seed)
    level = specialisation_level(2)
    passed = first_rise(flow.t, flow.specialisation, level)
    error = 0.0
    if flow.scramblings and np.isfinite(passed):
        # The curve's standard error over its slope, where it passes the level.
        slope = np.interp(passed, flow.t, np.gradient(flow.specialisation, flow.t))
        sem = np.interp(passed, flow.t, flow.std_error["specialisation"])
        error = float(sem / slope)
    return Escape(
        scheme, scale, flow.t, flow.specialisation, flow.R, sample.values["specialisation"],
        sample.values["R"].mean(axis=0), passed, error,
    )  # fmt: skip
