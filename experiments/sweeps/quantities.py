"""What can be asked of every flow of a sweep."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from ...odes.equilibria.stability import learning_rate_bound
from ...odes.flow.ensemble import COLUMNS, OUTSIDE, Ends
from ...odes.flow.flow_kernels import flow_kernels
from ...results.checks import number
from ...results.errors import InputError
from ...teacher_student.problem import Problem
from ...teacher_student.schedule import effective_rate, learning_rate

Array = np.ndarray
PLAIN = ("final-Q", "final-R", "final-L", "final-error", "eta-eff", "plateau", "eta-max",
         "largest-eta", "diverged")  # fmt: skip
TIME_TO = "time-to:"
#: Those of the flow's Jacobian, which no simulation has.
OF_THE_FLOW = ("eta-max", "largest-eta")
STIFF = "stiff: not finished in the steps allowed; `integrate` has a stiff solver"
LEFT_TABLES = "outside-tables: the flow left the range in which its moments are known"
#: What the bound on the learning rate depends on, besides l0.
BOUND_DEPENDS = ("gamma_rate", "zeta", "noise", "batch_size", "weight_decay", "l0")


@dataclass(frozen=True)
class Asked:
    """The quantities asked for.

    Attributes
    ----------
    names
        In the order asked.
    levels
        The error levels of the ``time-to:X`` among them.
    plateau
        Whether plateaus are wanted.
    """

    names: tuple[str, ...]
    levels: tuple[float, ...]
    plateau: bool


def parse_quantities(quantity: str | Sequence[str], simulated: bool = False) -> Asked:
    """The quantities by name, of flows or of simulated runs.

    Raises
    ------
    ValueError
        For an unknown one.

    Examples
    --------
    >>> parse_quantities("final-error,time-to:0.01").levels
    (0.01,)
    """
    names = quantity.split(",") if isinstance(quantity, str) else list(quantity)
    names = list(dict.fromkeys(name.strip() for name in names))
    for name in names:
        if name not in PLAIN and not name.startswith(TIME_TO):
            accepted = ", ".join((*PLAIN, f"{TIME_TO}X"))
            raise InputError("quantity", name, f"any of {accepted} is accepted", PLAIN)
        if simulated and name in OF_THE_FLOW:
            raise InputError("quantity", name, " is one of the flow; accepted without simulate")
    levels = tuple(level_of(name) for name in names if name.startswith(TIME_TO))
    return Asked(tuple(names), levels, "plateau" in names)


def level_of(name: str) -> float:
    """The error level of ``time-to:X``."""
    try:
        return number("quantity", float(name.removeprefix(TIME_TO)), above=0.0)
    except ValueError:
        raise InputError("quantity", name, f"{TIME_TO} with an error above 0 is accepted") from None


def measure(
    asked: Asked, problem: Problem, columns: Mapping[str, Array], numbers: Array, flows: Ends
) -> tuple[dict[str, Array], dict[int, str]]:
    """The quantities of flows, NaN where one does not exist; and messages of failed flows."""
    kernels = flow_kernels(problem)
    complete = flows.status == kernels.COMPLETE
    state = problem.state_space.unpack(flows.states)
    R, L = state["R"], state["L"]
    found = {"final-Q": flows.Q, "final-R": R, "final-L": L, "final-error": flows.error}
    # The effective rate of theory.md, section 3, at the end of the flow.
    rates = _rates(problem, columns, numbers)
    found["eta-eff"] = effective_rate(problem, rates, flows.Q, L)
    found["plateau"] = np.where(flows.plateau > 0, flows.plateau, np.nan)
    values = {name: np.where(complete, v, np.nan) for name, v in found.items()}
    times = iter(flows.times.T)
    for name in asked.names:
        if name.startswith(TIME_TO):
            reached = next(times)
            values[name] = np.where(np.isfinite(reached), reached, np.nan)
    values["diverged"] = (flows.status == kernels.DIVERGED).astype(float)
    if {"eta-max", "largest-eta"} & set(asked.names):
        bounds = learning_rate_bounds(problem, columns, len(complete))
        values["eta-max"], values["largest-eta"] = bounds
    values["diverged"] = np.where(flows.status == OUTSIDE, np.nan, values["diverged"])
    messages = {
        int(k): message
        for status, message in ((kernels.TOO_MANY_STEPS, STIFF), (OUTSIDE, LEFT_TABLES))
        for k in np.flatnonzero(flows.status == status)
    }
    return {name: values[name] for name in asked.names}, messages


def _rates(problem: Problem, columns: Mapping[str, Array], numbers: Array) -> Array:
    """The learning rate at the end of every flow."""
    if not isinstance(problem.eta, str):
        rates: Array = numbers[:, COLUMNS["eta"]]
        return rates
    ends, where = np.unique(columns["time"], return_inverse=True)
    return np.array([learning_rate(problem, t) for t in ends])[where.ravel()]


def learning_rate_bounds(
    problem: Problem, columns: Mapping[str, Array], count: int
) -> tuple[Array, Array]:
    """``eta_max`` and the largest stable eta at L = l0, shape (count,) each."""
    names = [name for name in BOUND_DEPENDS if name in columns]
    keys = np.stack([columns[name] for name in names], axis=1) if names else np.zeros((count, 0))
    unique, inverse = np.unique(keys, axis=0, return_inverse=True)
    bounds = np.full((len(unique), 2), np.nan)
    for k, key in enumerate(unique):
        other = dict(zip(names, (float(x) for x in key), strict=True))
        found = learning_rate_bound(problem.replace(**other))
        if found is not None:
            bounds[k] = found
    eta_max, largest = bounds[inverse.ravel()].T
    return eta_max, largest
