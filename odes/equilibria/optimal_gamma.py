"""The gamma that BN settles at for an aligned student, exactly (theory pages 2 and 4)."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from functools import lru_cache

import sympy
from scipy.optimize import brentq

from ...results.errors import InputError
from ...teacher_student.problem import Problem
from ..derivation.batch_moments import BatchMoment
from ..derivation.drift import Derivation, derive_drift
from ..derivation.symbols import FIELD_STD, RHO, STATISTICS_SIZE
from ..source.table_source import table_spec
from ..tables.batch_law import Fineness
from ..tables.table_quadrature import evaluate
from ..tables.table_spec import TableSpec

#: The pull of the teacher and of the student's own output on gamma.
TEACHER, STUDENT = BatchMoment(0, 1, 1, 0, 0, 1, 0), BatchMoment(1, 1, 1, 0, 0, 0, 0)
FINE = Fineness(20, 34, 20, 3)
#: An angle that stands for alignment; moments differ from their limit by its square.
ALIGNED = 1e-7


@lru_cache(maxsize=256)
def optimal_gamma(activation: str, M: int) -> float:
    """Where the drift of gamma vanishes at R = 1 without decay, for scheme ``bn``.

    Parameters
    ----------
    activation
        A shipped name or a formula in ``h``.
    M
        Batch size, at least 4.

    Raises
    ------
    ValueError
        For a smaller batch, or if there is no such gamma between 0.01 and 100.

    Examples
    --------
    >>> round(optimal_gamma("relu", 32), 5)
    0.97697
    """
    derivation = derive_drift(Problem(activation=activation, scheme="bn", batch_size=max(M, 2)))
    if derivation.smallest_batch > M:
        raise InputError("batch_size", M, f"at least {derivation.smallest_batch} is accepted")
    pull = _closed_pull(derivation, M) or _tabulated_pull(derivation, M)
    if isinstance(pull, float):
        return pull
    for reach in (1.2, 2.0, 10.0, 100.0):
        low, high = 1 / reach, reach
        if pull(low) * pull(high) <= 0:
            return float(brentq(pull, low, high, xtol=1e-13))
    raise InputError("activation", activation, "BN has no best gamma between 0.01 and 100")


def _closed_pull(derivation: Derivation, M: int) -> Callable[[float], float] | None:
    by_moment = {m: derivation.closed[s] for s, m in derivation.moments.items()
                 if s in derivation.closed}  # fmt: skip
    if TEACHER not in by_moment:
        return None
    pull = (by_moment[TEACHER] - by_moment[STUDENT]).subs({RHO: 1, STATISTICS_SIZE: M})
    return sympy.lambdify(FIELD_STD, pull.evalf(), "math")


def _tabulated_pull(derivation: Derivation, M: int) -> Callable[[float], float] | float:
    spec = TableSpec.from_json(table_spec(derivation))
    spec = dataclasses.replace(spec, singles=(tuple(TEACHER), tuple(STUDENT)), pairs=())
    if spec.slopes:  # both pulls are homogeneous: the student's is gamma times that at 1
        teacher, student = evaluate(spec, M, [(ALIGNED, 0.0, 0.0)], FINE)[0]
        return float(teacher / student)

    def pull(gamma: float) -> float:
        teacher, student = evaluate(spec, M, [(ALIGNED, gamma, 0.0)], FINE)[0]
        return float(teacher - student)

    return pull
