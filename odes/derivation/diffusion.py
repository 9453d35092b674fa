"""Diffusion and finite-size drift, derived from the same update as the drift (theory page 6).

With ``psi`` N times one step's increment of ``gamma, beta, R, L`` to first order, as N grows,
``D = Cov(psi)``; and ``f1`` is what the mean of N times the increment of ``L^2`` still lacks,
times N. Of a step ``sum_k c_k x_k`` only the part across the student turns it, ``v - R u`` in an
example: near ``|R| = 1`` that is small by itself.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache

import sympy
from sympy import Expr, Symbol

from ...results.errors import InputError
from ...teacher_student.formula_kernels import structure
from ...teacher_student.problem import Problem
from .drift import mean_of
from .gaussian_moments import Moment
from .signal_moments import SignalMoment
from .step import SQUARED_LOSS, Step, Training, one_step, oriented
from .symbols import BATCH, DECAY, ETA, GAMMA_RATE, L, R, V

#: Below this ``1 - R^2`` the plane of student and teacher has no second direction to speak of.
SMALLEST_ACROSS = 1e-9
ACROSS = Symbol("across2", positive=True)


@dataclass(frozen=True)
class Diffusion:
    """Second-order statistics of one step.

    Attributes
    ----------
    coordinates
        Names of the coordinates, ``gamma beta R L`` as far as they exist.
    covariance
        D, a symmetric matrix of expressions in order parameters, parameters and moments.
    finite_size
        f1 of ``L^2``; ``L R`` and the others have none. Holds `ACROSS`, which stands for
        ``1 - R^2``.
    moments
        The moments that both ask for, by symbol.
    """

    coordinates: tuple[str, ...]
    covariance: sympy.Matrix
    finite_size: Expr
    moments: Mapping[Symbol, Moment | SignalMoment]


@lru_cache(maxsize=64)
def _derive(formulas: str, problem: Problem, loss: Expr) -> Diffusion:
    step = one_step(problem, Training(loss))
    moments: dict[Symbol, Moment | SignalMoment] = {}

    def mean(integrand: Expr) -> Expr:
        return mean_of(problem, sympy.expand(integrand), moments)

    increments = _increments(problem, step)
    names = tuple(increments)
    rows = [[_covariance(a, b, mean) for b in increments.values()] for a in increments.values()]
    covariance = sympy.Matrix(rows) / BATCH
    return Diffusion(names, covariance, _finite_size(step, mean), moments)


def derive_diffusion(problem: Problem, loss: Expr = SQUARED_LOSS) -> Diffusion:
    """Derive the diffusion of SGD for a problem whose field is one example's own.

    Parameters
    ----------
    problem
        The setting; only its formulas matter here.
    loss
        Of one example (`odes.derivation.step.Training`).

    Raises
    ------
    ValueError
        For a batch scheme: one step's covariance asks for moments of four examples.
    """
    if problem.uses_batch:
        raise InputError(
            "scheme",
            problem.scheme,
            " normalises by batch statistics; a diffusion is derived "
            "for sgd, wn, pn and formulas without mu and sigma",
        )
    return _derive(structure(problem), problem, loss)


def increments_of(problem: Problem) -> dict[str, Expr]:
    """What one example adds to N times a step's increment, up to constants, by order parameter.

    Parameters
    ----------
    problem
        The setting, of a scheme without batch statistics.
    """
    return _increments(problem, one_step(problem))


def _increments(problem: Problem, step: Step) -> dict[str, Expr]:
    pull, push, u = step.push("n2"), step.push("a"), oriented(step.u)
    longer = ETA**2 / (2 * BATCH * L) * push**2  # what the step's length adds to L
    every = {
        "gamma": ETA * GAMMA_RATE * step.push("gamma"),
        "beta": ETA * GAMMA_RATE * step.push("beta"),
        "R": (ETA * push * (V - R * u) - R * longer) / L,
        "L": ETA * (push * u + 2 * pull * L) + longer,
    }
    return {name: every[name] for name in problem.order_parameters}


def _covariance(a: Expr, b: Expr, mean: Callable[[Expr], Expr]) -> Expr:
    return sympy.expand(mean(a * b) - mean(a) * mean(b))


def _finite_size(step: Step, mean: Callable[[Expr], Expr]) -> Expr:
    """N times what ``E |step|^2`` has beyond its limit.

    The squared length of an input is 1 only in the mean, and correlated with the residual by
    its part in the plane of student and teacher; two examples of a batch have an overlap by
    that part too; and the step along w itself is of order 1/N.
    """
    push, pull, student = step.push("a"), step.push("n2"), oriented(step.u)
    plane = student**2 - 2 * R * student * V + V**2
    own = (mean(push**2 * plane) - 2 * ACROSS * mean(push**2)) / ACROSS / BATCH
    along, teacher = mean(push * student), mean(push * V)
    pairs = (along**2 - 2 * R * along * teacher + teacher**2) / ACROSS * (1 - 1 / BATCH)
    shrink, work = 2 * mean(pull) - DECAY, L * along
    scatter = 2 * mean(pull * push * L * student) - 2 * mean(pull) * work
    both = 2 * (shrink * work + scatter / BATCH)
    square = shrink**2 + 4 * (mean(pull**2) - mean(pull) ** 2) / BATCH
    return ETA**2 * (own + pairs + both + square * L**2)
