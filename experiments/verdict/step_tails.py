"""Whether the runs hold enough steps for their scatter to be the predicted one.

A run's variance adds up those of its steps. Of an activation that grows like ``h^3`` or ``exp(h)``
the variance of a step is owed to steps so large that all runs together may hold none of them: the
sample's scatter is then far below the true one, most of the time, and says nothing of the theory.
"""

from __future__ import annotations

import math

import numpy as np
import sympy

from ...odes.derivation.diffusion import increments_of
from ...odes.derivation.symbols import ORDER_PARAMETERS, PARAMETERS, SIGN, SLOPE, XI, G, T, U, V
from ...odes.fluctuations.covariance import Fluctuations
from ...teacher_student.activations import ACTIVATIONS
from ...teacher_student.bends import by_numpy
from ...teacher_student.formula_kernels import compiled_activation, specialise
from ...teacher_student.online.runs import Runs
from ...teacher_student.parameters import KERNEL_PARAMETERS
from ...teacher_student.problem import Problem
from ...teacher_student.schedule import learning_rate

Array = np.ndarray
#: Examples that are asked for, in units of a step's kurtosis: variances are then good to 1/sqrt of
#: it, and what is left of the tails is seen in the runs (`chi_square`).
ENOUGH = 30.0
#: Fields are summed over on a grid, noise by Gauss and Hermite; of so many times the mean is taken.
FIELD = np.linspace(-36.0, 36.0, 181)
NOISE_NODES, TIMES = 5, 3


def scatter_is_sampled(runs: Runs, predicted: Fluctuations) -> bool:
    """Whether the runs hold `ENOUGH` examples for the kurtosis of a step.

    Batch schemes count as ``wn``, whose steps have the same tails.

    Parameters
    ----------
    runs
        The runs.
    predicted
        The prediction of their scatter, at their times.
    """
    problem = runs.problem
    if problem.activation in ACTIVATIONS or not problem.squares:
        return True  # of bounded slopes: twenty runs of a hundred steps hold enough
    if problem.activation_.homogeneous:
        return True
    examples = runs.runs * runs.dim * runs.t[-1] * problem.M
    return bool(examples >= ENOUGH * kurtosis(problem, predicted.mean))


def kurtosis(problem: Problem, states: Array) -> float:
    """Of one example's share in a step, the largest among the order parameters.

    Parameters
    ----------
    problem
        The setting.
    states
        Order parameters of the flow at its times, shape (times, order parameters).

    Returns
    -------
    float
        3 of a Gaussian; infinite where squares have no mean.
    """
    own, names = _without_batches(problem), problem.order_parameters
    squares, fourths = [], []
    for k in np.linspace(0, len(states) - 1, TIMES).round().astype(int):
        at = dict(zip(names, states[k], strict=True))
        shift = 0.0 if own is problem else at.get("beta", 0.0)
        two, four = second_and_fourth(own, {name: at[name] for name in own.order_parameters}, shift)
        squares.append(two)
        fourths.append(four)
    two, four = np.mean(squares, axis=0), np.mean(fourths, axis=0)
    moving = two > 0.0
    if not np.isfinite(four).all():
        return np.inf
    return float((four[moving] / two[moving] ** 2).max(initial=3.0))


def _without_batches(problem: Problem) -> Problem:
    """A problem whose steps depend on one example, with the activation and numbers of another."""
    if not problem.uses_batch:
        return problem
    kept = ("activation", "parameters", "eta", "noise", "batch_size", "gamma_rate", "weight_decay")
    return Problem(scheme="wn", **{name: getattr(problem, name) for name in kept})


def second_and_fourth(
    problem: Problem, at: dict[str, float], beside: float = 0.0
) -> tuple[Array, Array]:
    """Central moments of what an example adds to N times a step, by order parameter.

    Parameters
    ----------
    problem
        The setting, without batch statistics.
    at
        Its order parameters.
    beside
        A shift of the field beside that which the problem knows of.
    """
    kernels = compiled_activation(problem.activation_)
    shift, scale = _field(problem, at)
    shift += beside
    rho = math.copysign(min(abs(at["R"]), 1.0), at["R"] * scale)
    xi, weight_xi = np.polynomial.hermite_e.hermegauss(NOISE_NODES)
    u, z = FIELD[:, None, None], FIELD[None, :, None]
    weight = np.exp(-0.5 * (u**2 + z**2)) * weight_xi
    weight /= weight.sum()
    v = rho * u + np.sqrt(1.0 - rho**2) * z
    with np.errstate(all="ignore"):
        g, slope = kernels.evaluate(shift + abs(scale) * FIELD)
        target = kernels.evaluate(v.ravel())[0].reshape(v.shape)
        factors = {G: g[:, None, None], SLOPE: slope[:, None, None], U: u, T: target, V: v,
                   XI: math.sqrt(problem.noise) * xi}  # fmt: skip
        found = []
        for increment in _increments(problem, at, math.copysign(1.0, scale)):
            x = by_numpy(increment, *factors)(*factors.values()) * np.ones_like(weight)
            x = x - np.sum(weight * x)
            found.append((np.sum(weight * x**2), np.sum(weight * x**4)))
    two, four = np.array(found).T
    return two, four


def _field(problem: Problem, at: dict[str, float]) -> tuple[float, float]:
    """Shift and signed scale of the student's field."""
    observables = specialise(problem, "observables")
    gamma, beta = at.get("gamma", 1.0), at.get("beta", 0.0)
    shift, scale = observables.population_field(gamma, beta, at["L"])
    return float(shift), float(scale)


def _increments(problem: Problem, at: dict[str, float], sign: float) -> list[sympy.Expr]:
    known = {ORDER_PARAMETERS[name]: value for name, value in at.items()} | {SIGN: sign}
    problem = problem.replace(eta=learning_rate(problem, 0.0))
    numbers = {s: getattr(problem, n) for n, s in zip(KERNEL_PARAMETERS, PARAMETERS, strict=True)}
    known |= {symbol: x for symbol, x in numbers.items() if isinstance(x, float | int)}
    return [increment.subs(known) for increment in increments_of(problem).values()]
