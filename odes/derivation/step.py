"""One step of training before anything is averaged: what drift and diffusion are moments of.

A step is the chain rule applied to loss, activation and field. With the *signal*
``delta = -dl/df`` of an example it adds ``eta sum_k c_k x_k + 2 eta mean(delta f_n2) w`` to the
weights and ``eta mean(delta f_gamma)`` to gamma, where ``M c_k = delta_k f_a + mean(delta f_mu) +
mean(delta f_sigma) uhat_k`` (theory pages 1 and 4). Whoever averages it knows neither
loss nor optimiser.
"""

from __future__ import annotations

from dataclasses import dataclass

import sympy
from sympy import Expr

from ...results.errors import InputError
from ...teacher_student.problem import Problem
from .signal_moments import SIGNAL
from .student_field import student_field
from .symbols import SIGN, SLOPE, SPREAD, UBAR, UHAT, XI, G, L, T, U

#: The label that an example shows: the teacher's output and its noise.
LABEL = T + XI
#: Half the squared distance of the student's output from the label (theory page 1).
SQUARED_LOSS = (LABEL - G) ** 2 / 2


@dataclass(frozen=True)
class Training:
    """How a student is trained: with which loss, and by which optimiser.

    Attributes
    ----------
    loss
        Of one example, a polynomial in the student's output `symbols.G` and in `LABEL`.
    gain
        How far a gradient moves the weights in the end, in units of ``eta`` times it; an
        expression of numbers. 1 for SGD. An optimiser that remembers a number of steps, as heavy
        ball does with ``1 / (1 - momentum)``, forgets within a time that vanishes as N grows, so
        that nothing else of it is left in the drift. Decay is part of the gradient.

    Raises
    ------
    ValueError
        For a loss that is no such polynomial, or a gain that is no positive number.

    Examples
    --------
    >>> Training().signal
    slope*(-g_f + g_v + xi)
    """

    loss: Expr = SQUARED_LOSS
    gain: Expr = sympy.S.One

    def __post_init__(self) -> None:
        if not (self.loss.free_symbols <= {G, T, XI} and self.loss.is_polynomial(G, T, XI)):
            accepted = f"a polynomial in {G} and the label {LABEL} is accepted"
            raise InputError("loss", str(self.loss), accepted)
        if not (self.gain.is_number and self.gain.is_positive and self.gain.is_finite):
            raise InputError("gain", str(self.gain), "a number above 0 is accepted")

    @property
    def signal(self) -> Expr:
        """``-dl/df``, the slope of minus the loss by the student's field."""
        return SLOPE * sympy.factor_terms(-self.loss.diff(G))


#: Squared loss and SGD.
PLAIN = Training()


@dataclass(frozen=True)
class Step:
    """What one example adds to a step, as functions of the random factors.

    Attributes
    ----------
    signal
        delta.
    by
        The field's derivatives (`student_field.DERIVATIVES`).
    u
        The example's normalised field: `symbols.U`, or ``ubar + s uhat`` of a batch.
    gain
        That of the training.
    """

    signal: Expr
    by: dict[str, Expr]
    u: Expr
    gain: Expr

    def push(self, name: str) -> Expr:
        """``delta f_name``: what the example adds to the batch mean that moves by ``name``."""
        return self.signal * self.by[name]


def one_step(problem: Problem, training: Training = PLAIN, norm: Expr = L) -> Step:
    """The step of a problem's student.

    Of a problem whose loss or labels are others the signal stays a symbol, of which moments are
    known (`signal_moments`). ``norm`` as for `student_field`.
    """
    u = UBAR + SPREAD * UHAT if problem.uses_batch else U
    signal = training.signal if problem.squares else SIGNAL
    return Step(signal, student_field(problem, norm).derivatives, u, training.gain)


def oriented(u: Expr) -> Expr:
    """``w.x / L`` of an example, from its field ``u' = sign u`` (`symbols.SIGN`)."""
    return SIGN * u
