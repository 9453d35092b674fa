"""The mean of a problem's loss over fresh examples, noisy labels included, along a flow."""

from __future__ import annotations

import numpy as np

from ...teacher_student.committee.checks import refuse_committees
from ...teacher_student.normal_quadrature import COARSE
from ..derivation.signal_kernels import signal_kernels
from .trajectory import Flow

Array = np.ndarray
#: What kernels of signal moments take for the loss itself.
OF_THE_LOSS = np.array([[-1, 0, 0]], dtype=np.int64)


def expected_loss(flow: Flow) -> Array:
    """``E l(y, g(f))`` of a fresh example at the times of a flow.

    The label has its noise, unlike that of the generalisation error ``flow.error``; of the squared
    loss it is ``error + S/2``. A loss that has no mean, such as the absolute one under Cauchy
    noise, is infinite.

    Parameters
    ----------
    flow
        Of any scheme; the output is that with population statistics, as in ``flow.error``.

    Returns
    -------
    ndarray, shape (times,)

    Raises
    ------
    InputError
        For a flow of several units.

    Examples
    --------
    >>> import bntheory as bn
    >>> flow = bn.integrate(bn.Problem("identity", "wn", noise=0.1), time=1, points=2)
    >>> bool(np.allclose(expected_loss(flow), flow.error + 0.05))
    True
    """
    problem = flow.problem
    refuse_committees(problem, "the expected loss")
    kernels, found = signal_kernels(problem), np.empty(flow.t.size)
    shifts = flow.values.get("beta", np.zeros(flow.t.size))
    for k, (Q, R, shift) in enumerate(zip(flow.Q, flow.R, shifts, strict=True)):
        sign = 1.0 if Q >= 0.0 else -1.0
        kernels.signal_moments(
            abs(Q), shift, sign * R, problem.noise, 1.0, COARSE, OF_THE_LOSS, found[k : k + 1]
        )
    return found
