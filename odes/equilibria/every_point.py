"""`fixed_points` as it is called from outside: of one unit, or of a committee."""

from __future__ import annotations

from ...teacher_student.problem import Problem
from ...teacher_student.problem_checks import check_problem
from ..committee.committee_points import CommitteePoints
from ..committee.fixed_points import committee_fixed_points
from .fixed_points import fixed_points as scalar_fixed_points
from .points import FixedPoints


def fixed_points(problem: Problem) -> FixedPoints | CommitteePoints:
    """Find the fixed points and attractors of a problem's flow.

    Parameters
    ----------
    problem
        The setting; of one unit its start decides which point is ``reached``.

    Returns
    -------
    FixedPoints, or CommitteePoints of a committee
        Of one unit of student and teacher all points (Propositions 1 and 2 of the paper). Of more
        the symmetric point, which is the plateau, with the rate at which it is left, and the
        specialised point (page 10 of the theory).

    Raises
    ------
    ValueError
        For a learning-rate schedule, or a problem without a flow.

    Examples
    --------
    >>> import bntheory as bn  # Proposition 1: Q0 = 1 / (1 + 2 zeta)
    >>> found = bn.fixed_points(bn.Problem(scheme="pn", zeta=0.5, batch_size=1))
    >>> point = found.reached
    >>> round(point.Q, 6), point.R, point.kind, round(point.eta_max, 6)
    (0.5, 1.0, 'attractor', 4.0)
    """
    check_problem(problem)
    if problem.several_units:
        return committee_fixed_points(problem)
    return scalar_fixed_points(problem)
