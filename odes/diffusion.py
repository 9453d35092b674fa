"""Diffusion and finite-size drift, derived from the same update as the drift (theory.md, 6).

Coordinates here are ``y = (gamma, beta, P = L R, A = L^2)``, in which one step's increment is a
mean over the batch. With ``psi`` N times the increment as N grows, ``D = Cov(psi)``; and ``f1``
is what the mean of N times the increment still lacks, times N.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import sympy
from sympy import Expr, Symbol

from ..teacher_student.hooks import structure
from ..teacher_student.problem import Problem
from .derive import example_factors, expectation
from .gaussian_moments import Moment
from .student_field import student_field
from .symbols import BATCH, DECAY, ETA, GAMMA_RATE, SIGN, L, R

#: Below this ``1 - R^2`` the plane of student and teacher has no second direction to speak of.
SMALLEST_ACROSS = 1e-9
ACROSS = Symbol("across2", positive=True)


@dataclass(frozen=True)
class Diffusion:
    """Second-order statistics of one step.

    Attributes
    ----------
    coordinates
        Names of the coordinates, ``gamma beta P A`` as far as they exist.
    covariance
        D, a symmetric matrix of expressions in order parameters, parameters and moments.
    finite_size
        f1 of the coordinate ``A``; the others have none. Holds `ACROSS`, which stands for
        ``1 - R^2``.
    moments
        The Gaussian moments that both ask for, by symbol.
    """

    coordinates: tuple[str, ...]
    covariance: sympy.Matrix
    finite_size: Expr
    moments: dict[Symbol, Moment]


@lru_cache(maxsize=64)
def _derive(formulas: str, problem: Problem) -> Diffusion:
    moments: dict[Symbol, Moment] = {}

    def mean(integrand: Expr) -> Expr:
        return expectation(sympy.expand(integrand), moments)

    increments = _increments(problem)
    names = tuple(increments)
    rows = [[_covariance(a, b, mean) for b in increments.values()] for a in increments.values()]
    covariance = sympy.Matrix(rows) / BATCH
    return Diffusion(names, covariance, _finite_size(problem, mean), moments)


def derive_diffusion(problem: Problem) -> Diffusion:
    """Derive the diffusion of a problem whose field is one example's own.

    Raises
    ------
    ValueError
        For a batch scheme: one step's covariance asks for moments of four examples.
    """
    if problem.uses_batch:
        raise ValueError(
            f"scheme={problem.scheme!r} normalises by batch statistics; a diffusion is derived "
            "for sgd, wn, pn and formulas without mu and sigma"
        )
    return _derive(structure(problem), problem)


def _increments(problem: Problem) -> dict[str, Expr]:
    """What one example adds to N times a step's increment, up to constants."""
    by = student_field(problem).derivatives
    residual, u, v = example_factors()
    pull, push = residual * by["n2"], residual * by["a"]
    every = {
        "gamma": ETA * GAMMA_RATE * residual * by["gamma"],
        "beta": ETA * GAMMA_RATE * residual * by["beta"],
        "P": ETA * (push * v + 2 * pull * L * R),
        "A": 2 * ETA * (push * L * SIGN * u + 2 * pull * L**2) + ETA**2 / BATCH * push**2,
    }
    return {name: every[name] for name in (*problem.trained_scalars, "P", "A")}


def _covariance(a: Expr, b: Expr, mean) -> Expr:  # type: ignore[no-untyped-def]
    return sympy.expand(mean(a * b) - mean(a) * mean(b))


def _finite_size(problem: Problem, mean) -> Expr:  # type: ignore[no-untyped-def]
    """N times what ``E |step|^2`` has beyond its limit.

    The squared length of an input is 1 only in the mean, and correlated with the residual by
    its part in the plane of student and teacher; two examples of a batch have an overlap by
    that part too; and the step along w itself is of order 1/N.
    """
    by = student_field(problem).derivatives
    residual, u, v = example_factors()
    push, pull = residual * by["a"], residual * by["n2"]
    student = SIGN * u
    plane = student**2 - 2 * R * student * v + v**2
    own = (mean(push**2 * plane) - 2 * ACROSS * mean(push**2)) / ACROSS / BATCH
    along, teacher = mean(push * student), mean(push * v)
    pairs = (along**2 - 2 * R * along * teacher + teacher**2) / ACROSS * (1 - 1 / BATCH)
    shrink, work = 2 * mean(pull) - DECAY, L * along
    scatter = 2 * mean(pull * push * L * student) - 2 * mean(pull) * work
    both = 2 * (shrink * work + scatter / BATCH)
    square = shrink**2 + 4 * (mean(pull**2) - mean(pull) ** 2) / BATCH
    return ETA**2 * (own + pairs + both + square * L**2)
