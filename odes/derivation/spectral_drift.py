"""What the flow of inputs with a spectrum asks of the isotropic averages (theory page 11).

Given its fields, an input of covariance ``Lambda/N`` has in block b the mean products
``lambda_b (alpha C_b + beta A_b)`` with the student's weights and ``lambda_b (alpha A_b + beta
T_b)`` with the teacher's (Stein), and two sums over the blocks say what alpha and beta are::

    alpha q + beta r = E[sum_k c_k a_k],    alpha r + beta = E[sum_k c_k v_k],

with ``a = w.x`` of variance ``q = sum lambda C`` and ``r = sum lambda A``. The right-hand sides,
the noise ``E[mean((M c_k)^2)]``, and what gamma and beta move by, are averages over the fields
alone: those of isotropic inputs, with ``sqrt(q)`` for the length. Only the norm ``|w|``, where a
scheme divides by it, is then a number of its own.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import sympy
from sympy import Expr, Symbol

from ...teacher_student.formula_kernels import derivable, structure
from ...teacher_student.problem import Problem
from ...teacher_student.spectral import isotropic
from .drift import Derivation, collectors, signs_cancel
from .step import PLAIN, one_step
from .step_averages import step_averages
from .student_field import student_field
from .symbols import BATCH, DECAY, ETA, GAMMA, GAMMA_RATE, ZETA, L

#: ``|w|/sqrt(N)``, where it is not the spread of the field.
NORM = Symbol("norm", positive=True)
#: What the averages are called, in the order in which generated code returns them: the slopes of
#: gamma and beta; ``E[sum_k c_k u_k]``, ``E[sum_k c_k (v_k - R u_k)]`` and what the weights turn
#: by themselves, in units of time; the noise; and the decay.
AVERAGES = ("gamma", "beta", "along", "across", "pull", "noise", "decay")


def derive_spectral(problem: Problem) -> Derivation:
    """Derive `AVERAGES` of a problem; they are the ``drift`` of what is returned.

    Parameters
    ----------
    problem
        The setting; of its spectrum nothing matters here.

    Raises
    ------
    ValueError
        As `derive_drift` does.

    Examples
    --------
    >>> found = derive_spectral(Problem("identity", "wn", spectrum="two:4"))
    >>> found.scale
    L*gamma/norm
    """
    plain = isotropic(problem)
    with derivable(plain):
        return _derived(structure(plain), plain, problem.norm_of_field)


def asks_for_norm(derivation: Derivation) -> bool:
    """Whether the norm of the weights is a number of its own in a derivation."""
    asked = (derivation.scale, derivation.shift, *derivation.drift.values())
    return any(value.has(NORM) for value in asked)


@lru_cache(maxsize=64)
def _derived(formulas: str, problem: Problem, norm_of_field: bool) -> Derivation:
    moments: dict[Symbol, Any] = {}
    norm: Expr = L if norm_of_field else NORM
    step = one_step(problem, PLAIN, norm)
    found = step_averages(step, *collectors(problem, moments), across=True)
    assert found.across is not None
    values = {
        "gamma": ETA * GAMMA_RATE * (found.gamma - ZETA * GAMMA),
        "beta": ETA * GAMMA_RATE * found.beta,
        "along": ETA * found.student,
        "across": ETA * found.across,
        "pull": 2 * ETA * found.pull,
        "noise": ETA**2 / BATCH * found.size,
        "decay": ETA * DECAY,
    }
    for name in ("gamma", "beta"):
        if name not in problem.trained_scalars:
            values[name] = sympy.Integer(0)
    averages = {name: signs_cancel(value) for name, value in values.items()}
    return Derivation(problem, student_field(problem, norm), averages, moments)
