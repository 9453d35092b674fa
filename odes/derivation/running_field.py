"""Fields of running statistics, and what a step with them averages (theory page 8).

The running mean ``mu`` and variance ``V``, in units of the true ones, are those of batches that
are gone: independent of the batch, and constants to the gradient.

Tracked, given V the field is that of one example alone, ``f = shift + gamma sqrt((1 + tau)/V) u``
with ``u`` standard normal: the running mean only rescales, and takes the overlap down to
``R / sqrt(1 + tau)``. The flow is then an average over ``V^-1/2``.

Corrected, as in batch renormalisation, the field is ``gamma (r uhat + d)``: of the identity the
drift holds four averages of r and d, of other activations seven that are in a table.
"""

from __future__ import annotations

import sympy
from sympy import Expr, Symbol, sqrt

from ...results.errors import InputError
from ...teacher_student.activations import field_symbol
from ...teacher_student.problem import Problem
from .step import PLAIN, Step, Training
from .student_field import DERIVATIVES, StudentField
from .symbols import (
    BATCH,
    BETA,
    DECAY,
    ETA,
    GAMMA,
    GAMMA_RATE,
    NOISE,
    SIGN,
    STATISTICS_SIZE,
    ZETA,
    L,
    R,
    U,
    V,
)

#: Of tracked statistics: the variance of the mean, and ``V^-1/2``, over which is averaged.
TAU, ROOT = sympy.symbols("tau root", positive=True)
#: Of corrected ones: ``E[r s] + E[d ubar]``, ``E r^2 + E d^2``, ``E[r/s]`` and ``E[r^2/s^2]``.
CORRECTED = PULL, SQUARE, TURN, SPREADING = sympy.symbols(
    "pull square turn spreading", positive=True
)


def law_symbols(problem: Problem) -> tuple[Symbol, ...]:
    """The numbers of the running statistics' law that every state asks for, in their order."""
    if is_tabulated(problem):
        return ()
    return {"batch": (), "running": (TAU,), "corrected": CORRECTED}[problem.scheme_.normaliser]


def running_field(problem: Problem) -> StudentField:
    """The field with population statistics; derivatives are those of `running_step`."""
    shift = BETA if problem.train_beta else sympy.Integer(0)
    zero = dict.fromkeys(DERIVATIVES, sympy.Integer(0))
    return StudentField(GAMMA, shift, U, zero)


def running_step(training: Training) -> Step:
    """The step of a student with tracked statistics, given V.

    `symbols.U` is the field as the student has it, ``(u - mu)/sqrt(1 + tau)``; of the true one,
    which is what the weights see, the mean is known given that and the teacher's field.
    """
    part = R * TAU / (1 + TAU - R**2)  # across the student's field and along the teacher's
    true = sqrt(1 + TAU) * (1 - R**2) / (1 + TAU - R**2) * U + SIGN * part * V
    by = dict.fromkeys(DERIVATIVES, sympy.Integer(0))
    by |= {"a": GAMMA * ROOT / L, "gamma": sqrt(1 + TAU) * ROOT * SIGN * U}
    return Step(training.signal, by | {"beta": sympy.Integer(1)}, true, training.gain)


#: Of corrected statistics and an activation with a table (`odes.tables.corrected_table`), at a
#: scale of 1 where it is homogeneous.
TABULATED = TEACHER, STUDENT, TURNED, *SQUARES = sympy.symbols(
    "by_teacher by_student turned square_tt square_tg square_gg square_noise", real=True
)


def is_tabulated(problem: Problem) -> bool:
    """Whether the averages over corrected statistics are in a table: not those of the identity."""
    corrected = problem.scheme_.normaliser == "corrected"
    return corrected and problem.activation_.expression != field_symbol()


def corrected_drift(problem: Problem, training: Training) -> dict[str, Expr]:
    """The drift under batch renormalisation.

    Raises
    ------
    InputError
        For a trained shift with an activation other than the identity, or another loss.
    """
    if training.loss != PLAIN.loss:
        raise InputError("loss", str(training.loss), "the squared loss is accepted")
    if not is_tabulated(problem):
        projected = (STATISTICS_SIZE - 2) / STATISTICS_SIZE  # what mean and spread leave
        gamma, across = PULL * R - SQUARE * GAMMA, 1 - R**2
        turned, longer = across * projected * TURN, (across + NOISE) * projected * SPREADING
    elif problem.train_beta:
        reason = "flows of batch-renorm have no shift beside the identity; false is accepted"
        raise InputError("train_beta", True, reason)
    else:
        tt, tg, gg, noise = SQUARES
        gamma, turned = SIGN * (TEACHER - STUDENT), TURNED
        longer = tt - 2 * tg + gg + NOISE * noise
    rate = training.gain * ETA
    step = rate * GAMMA / L
    overlap = step * turned - rate * DECAY * L * R
    square = step**2 * longer / BATCH - 2 * rate * DECAY * L**2
    length = square / (2 * L)
    return {
        "gamma": rate * GAMMA_RATE * (gamma - ZETA * GAMMA),
        "beta": -rate * GAMMA_RATE * BETA,
        "L": sympy.expand(length),
        "R": sympy.expand((overlap - R * length) / L),
    }
