"""The equilibrium of length and effective rate under weight decay, against the chain.

Under momentum runs at finite N rest elsewhere than the flow at fixed momentum, by terms of order 1
over their inertia: the difference of two flows, with inertia and without, says by how much.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from ...odes.equilibria.fixed_points import fixed_points
from ...odes.flow.integrate import solve
from ...odes.flow.trajectory import Flow
from ...results.checks import integer
from ...results.errors import InputError
from ...teacher_student.online.runs import Runs
from ...teacher_student.online.simulate import simulated
from ...teacher_student.options import Progress
from ...teacher_student.problem import Problem

#: Relaxation times after which, and during which, the chain is averaged.
SETTLE, AVERAGE, MOMENTS = 8.0, 4.0, 41
#: Initial lengths, in units of the equilibrium's.
FROM = (0.7, 2.0)
#: What agreement allows: standard errors (false alarms 1 in 16 000) and a bias of order 1/N.
WITHIN, BIAS = 4.0, 5.0


@dataclass(frozen=True)
class EquilibriumCheck:
    """Where weight decay lets the length settle, by two roads.

    Attributes
    ----------
    problem, dim, runs, seed
        What was simulated.
    relaxation_time
        Of the slowest displacement from the equilibrium.
    theory
        ``L`` and ``eta_eff`` of the stable fixed point.
    chain, standard_error
        The same by the chain, for each of two initial lengths.
    shift
        By how much inertia at N = dim moves it, likewise; 0 without momentum.
    """

    problem: Problem
    dim: int
    runs: int
    seed: int
    relaxation_time: float
    theory: dict[str, float]
    chain: tuple[dict[str, float], ...]
    standard_error: tuple[dict[str, float], ...]
    shift: tuple[dict[str, float], ...]

    @property
    def agree(self) -> bool:
        """Whether both starts end at the theory's values."""
        return all(
            abs(chain[name] - value - shift[name])
            <= WITHIN * error[name] + BIAS * self._size() / self.dim * value
            for chain, error, shift in zip(self.chain, self.standard_error, self.shift, strict=True)
            for name, value in self.theory.items()
        )

    def _size(self) -> float:
        """The step's size in units in which 1/N corrections are of order one."""
        return max(1.0, self.theory["eta_eff"] ** 2 / self.problem.M)

    def summary(self) -> str:
        """The comparison in words."""
        L, rate = self.theory["L"], self.theory["eta_eff"]
        words = [f"L settles at {L:.5g} and eta_eff at {rate:.5g}; "]
        words += [f"slowest relaxation in a time of {self.relaxation_time:.3g}; "]
        if self.problem.momentum:
            moved = ", ".join(f"{name} by {self.shift[0][name]:.1g}" for name in self.theory)
            words.append(f"at N = {self.dim} inertia moves {moved}; ")
        for factor, chain, error in zip(FROM, self.chain, self.standard_error, strict=True):
            words.append(
                f"by the chain from {factor:g} times this length: L = {chain['L']:.5g} +- "
                f"{error['L']:.1g}, eta_eff = {chain['eta_eff']:.5g} +- {error['eta_eff']:.1g}; "
            )
        return "".join(words) + ("agree." if self.agree else "disagree.")

    def to_dict(self) -> dict[str, Any]:
        """The JSON form."""
        names = ["dim", "runs", "seed", "relaxation_time", "theory", "chain", "standard_error"]
        names += ["shift"] if self.problem.momentum else []
        return {name: getattr(self, name) for name in names} | {"agree": self.agree}


def check_equilibrium(
    problem: Problem,
    *,
    dim: int = 4000,
    runs: int = 32,
    seed: int = 0,
    progress: Progress | None = None,
) -> EquilibriumCheck:
    """Let chains with weight decay settle from two lengths, and compare.

    Parameters
    ----------
    problem
        With ``weight_decay`` above 0 and a trained gamma.
    dim, runs, seed, progress
        As in `simulate`.

    Raises
    ------
    ValueError
        If the problem has no stable equilibrium of the length.
    """
    dim, runs, seed = integer("dim", dim, 3), integer("runs", runs, 2), integer("seed", seed, 0)
    found = fixed_points(problem)
    point = found.reached
    if problem.weight_decay == 0 or point is None or point.L is None:
        raise InputError(
            "weight_decay",
            problem.weight_decay,
            "a decay above 0 at which the flow reaches a stable fixed point is accepted",
        )
    time = 1 / point.slow_rate
    times = time * np.linspace(SETTLE, SETTLE + AVERAGE, MOMENTS)
    means, errors, shifts = [], [], []
    for factor in FROM:
        start = problem.replace(l0=factor * point.L)
        made = simulated(start, dim=dim, runs=runs, times=times, seed=seed, progress=progress)
        # One number a run, so that the times' correlation does not matter.
        samples = _averages(made)
        means.append({name: float(s.mean()) for name, s in samples.items()})
        errors.append({n: float(s.std(ddof=1) / np.sqrt(runs)) for n, s in samples.items()})
        shifts.append(_shift(start, dim, times))
    theory = {"L": point.L, "eta_eff": point.eta_eff}
    found_by_chain = tuple(means), tuple(errors), tuple(shifts)
    return EquilibriumCheck(problem, dim, runs, seed, time, theory, *found_by_chain)


def _averages(made: Runs | Flow) -> dict[str, Any]:
    """Averages of L and the effective rate over the times, of a flow or of every run."""
    rates = float(made.problem.limit.eta) * np.abs(made.Q) / made.L**2
    return {"L": made.L.mean(axis=-1), "eta_eff": rates.mean(axis=-1)}


def _shift(start: Problem, dim: int, times: np.ndarray) -> dict[str, float]:
    """What inertia at N = dim does to the averages."""
    if not start.momentum:
        return {"L": 0.0, "eta_eff": 0.0}
    light, heavy = (_averages(solve(start, times=times, dim=N)) for N in (None, dim))
    return {name: float(heavy[name] - light[name]) for name in light}
