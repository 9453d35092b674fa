"""The largest stable learning rate by simulation, against that of the derived Jacobian.

Two ensembles of chains with the same random numbers start at the point where training ends: one
aligned, one slightly misaligned. Their difference in ``D = L^2 (1 - R^2)``, the squared
misaligned weights, grows exactly if the learning rate is too large. The learning rate at which
it does neither is found by root bracketing, on the chain and, with the same starts and the same
end, on the flow: the comparison of these two is free of what finite misalignment and finite time
do to both. Under momentum this flow has the inertia of the runs, whose weights are at rest in the
beginning, and a flow at fixed momentum is compared with the Jacobian.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.optimize import brentq

from ...odes.equilibria.dynamics import Dynamics
from ...odes.equilibria.stability import best_limit, largest_learning_rate
from ...odes.flow.integrate import solve
from ...results.checks import integer
from ...results.errors import InputError
from ...teacher_student.momentum import inertia
from ...teacher_student.online.simulate import simulated
from ...teacher_student.options import Progress
from ...teacher_student.problem import Problem

#: The misalignment 1 - R of the displaced start, and the end of a run in units of 1/eta_eff.
MISALIGNED, SPAN = 1e-4, 0.2
#: Under momentum a run is not shorter than so many times what its buffer remembers.
MEMORIES = 10.0
#: A misalignment of 1e-4 is an angle of 1.4e-2, by which a kinked activation shifts the root: a few
#: times that is allowed between flow and Jacobian (at most 1.7% was seen).
SHIFTED = 0.05
#: The bracket, in units of the theory's learning rate, and how finely its root is found.
BRACKET, PRECISION = (0.5, 2.0), 1e-3
#: Standard errors within which chain and flow agree: false alarms 1 in 16 000 (normal law).
WITHIN = 4.0
#: How far above the largest stable rate, and how long, a run shows what goes wrong there.
BEYOND, BEYOND_TIME, BEYOND_RUNS = 1.5, 30.0, 16

Growth = Callable[[float], tuple[float, float]]


@dataclass(frozen=True)
class LearningRateCheck:
    """The largest stable learning rate by three roads.

    Attributes
    ----------
    problem
        The setting; its own learning rate plays no part.
    jacobian
        From the derived Jacobian (Proposition 2), as eta at the start's length.
    flow
        From two flows at the simulation's finite misalignment and time, without inertia; None if
        they have no such rate between half and twice the Jacobian's.
    chain, standard_error
        From the chain; None if it has no such rate between half and twice the Jacobian's.
    dim, runs, seed
        Of the chain.
    beyond
        What happens at 1.5 times ``jacobian`` from the problem's own start, in words.
    diverges
        Whether anything diverges there; otherwise alignment is what fails.
    inertial, inertia
        Under momentum the same as ``flow`` with the inertia kappa of runs, and kappa; otherwise
        None.
    """

    problem: Problem
    jacobian: float
    flow: float | None
    chain: float | None
    standard_error: float | None
    dim: int
    runs: int
    seed: int
    beyond: str
    diverges: bool
    inertial: float | None = None
    inertia: float | None = None

    @property
    def agree(self) -> bool:
        """Whether chain and flow agree within `WITHIN` standard errors, and with the Jacobian."""
        expected = self.flow if self.inertia is None else self.inertial
        if self.flow is None or expected is None:
            return False
        if self.chain is None or self.standard_error is None:
            return False
        if abs(self.flow - self.jacobian) > SHIFTED * self.jacobian:
            return False
        return abs(self.chain - expected) <= WITHIN * self.standard_error + PRECISION * expected

    def summary(self) -> str:
        """The comparison in words."""
        text = f"largest stable eta: {self.jacobian:.5g} from the Jacobian, {_found(self.flow)} "
        text += "the flow at finite misalignment, "
        if self.inertia is not None:
            text += f"{_found(self.inertial)} the flow with inertia kappa = {self.inertia:.4g}, "
        if self.chain is None:
            text += "none found by the chain: disagree"
        else:
            text += f"{self.chain:.5g} +- {self.standard_error:.2g} from the chain: "
            text += "agree" if self.agree else "disagree"
        return f"{text}. {self.beyond}"

    def to_dict(self) -> dict[str, Any]:
        """The JSON form."""
        names = ["jacobian", "flow", "chain", "standard_error", "dim", "runs", "seed", "agree"]
        names += ["beyond", "diverges"]
        names += [] if self.inertia is None else ["inertial", "inertia"]
        return {name: getattr(self, name) for name in names}


def _found(rate: float | None) -> str:
    return "none found by" if rate is None else f"{rate:.5g} from"


def check_learning_rate(
    problem: Problem,
    *,
    dim: int = 20_000,
    runs: int = 256,
    seed: int = 0,
    progress: Progress | None = None,
) -> LearningRateCheck:
    """Find the largest stable learning rate with the chain, and compare.

    Parameters
    ----------
    problem
        The setting; a student with |R| = 1 where training ends.
    dim, runs, seed
        Of the chain; as in `simulate`.
    progress
        Called with (work done, work in all) during every simulation.

    Raises
    ------
    ValueError
        If the problem has no largest stable learning rate to check.
    """
    dim, runs, seed = integer("dim", dim, 3), integer("runs", runs, 2), integer("seed", seed, 0)
    problem = problem.replace(eta=1.0)
    flow = Dynamics(problem)
    end = best_limit(flow)
    bound = None if end is None else largest_learning_rate(flow, end)
    if end is None or bound is None or abs(end[flow.R]) < 1 - 1e-6 or flow.scale(end) <= 0:
        raise InputError(
            "scheme",
            problem.scheme,
            f", activation={problem.activation!r}: no aligned end of training with a largest "
            "stable learning rate; nothing to check",
        )
    Q, L = flow.scale(end), float(end[flow.L])
    at_end = problem.replace(q0=Q, l0=L)
    time = SPAN * L**2 / (bound * Q)
    kappa = inertia(problem, dim) if problem.momentum else None
    if kappa is not None:
        time = max(time, MEMORIES / kappa)
    bound *= 1.0 - problem.momentum  # in the problem's own rate

    def chain(eta: float) -> tuple[float, float]:
        return _chain_growth(at_end.replace(eta=eta), time, dim, runs, seed, progress)

    def by_flow(kappa: float | None) -> float | None:
        def growth(eta: float) -> tuple[float, float]:
            return _flow_growth(at_end.replace(eta=eta), time, kappa), 0.0

        return _root(growth, bound)[0]

    by_chain, error = _root(chain, bound)
    text, diverges = _what_happens(problem.replace(eta=BEYOND * bound), seed)
    return LearningRateCheck(
        problem, bound, by_flow(None), by_chain, error, dim, runs, seed, text, diverges,
        by_flow(kappa) if problem.momentum else None, kappa,
    )  # fmt: skip


def _root(growth: Growth, bound: float) -> tuple[float | None, float | None]:
    """Where the growth changes sign, and the standard error of that place."""
    low, high = (factor * bound for factor in BRACKET)
    below, above = growth(low)[0], growth(high)[0]
    if not below < 0 < above:
        return None, None
    root = float(brentq(lambda eta: growth(eta)[0], low, high, xtol=PRECISION * bound / 2))
    step = 0.05 * bound
    slope = (growth(root + step)[0] - growth(root - step)[0]) / (2 * step)
    return root, abs(growth(root)[1] / slope)


def _misaligned(L: Any, R: Any) -> Any:
    return L**2 * (1 - R**2)


def _chain_growth(
    problem: Problem, time: float, dim: int, runs: int, seed: int, progress: Progress | None
) -> tuple[float, float]:
    """Growth of the mean excess of misaligned weights, with its standard error."""
    ends = []
    for r0 in (1 - MISALIGNED, 1.0):
        made = simulated(
            problem.replace(r0=r0), dim=dim, runs=runs, times=[time], seed=seed, progress=progress
        )
        ends.append(_misaligned(made.L[:, -1], made.R[:, -1]))
    excess = (ends[0] - ends[1]) / _start_excess(problem)
    mean = max(float(excess.mean()), 1e-12)
    return float(np.log(mean)), float(excess.std(ddof=1) / np.sqrt(runs) / mean)


def _flow_growth(problem: Problem, time: float, kappa: float | None) -> float:
    ends = []
    for r0 in (1 - MISALIGNED, 1.0):
        start = problem.replace(r0=r0)
        made = solve(start, times=[0.0, time], rtol=1e-11, atol=1e-13, inertia=kappa)
        ends.append(_misaligned(made.L[-1], made.R[-1]))
    return float(np.log(max(1e-12, (ends[0] - ends[1]) / _start_excess(problem))))


def _start_excess(problem: Problem) -> float:
    L = problem.initial_state[problem.state_space.place("L")]
    return float(_misaligned(L, 1 - MISALIGNED))


def _what_happens(problem: Problem, seed: int) -> tuple[str, bool]:
    """A short run above the largest stable learning rate, in words."""
    made = simulated(problem, dim=1000, runs=BEYOND_RUNS, time=BEYOND_TIME, points=31, seed=seed)
    eta, moves_by = float(problem.eta), float(problem.limit.eta)
    above = f"At eta = {eta:.4g}, {BEYOND:g} times as much, "
    if made.status == "diverged" or made.mean["Q"][-1] > 100 * abs(problem.q0):
        return above + "training diverges: the student's scale grows without bound.", True
    L, R, Q = (made.mean[name] for name in ("L", "R", "Q"))
    text = f"nothing diverges: L goes from {L[0]:.3g} to {L[-1]:.3g}"
    if "gamma" in problem.trained_scalars:
        rates = [moves_by * abs(Q[k]) / L[k] ** 2 for k in (0, -1)]
        text += f" and the effective rate from {rates[0]:.3g} to {rates[1]:.3g}"
    return above + text + f", R to {R[-1]:.3g} at t = {made.t[-1]:g}.", False
