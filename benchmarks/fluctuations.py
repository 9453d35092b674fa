"""What the covariance of runs costs beside the flow of their mean."""

from __future__ import annotations

from typing import Any

import bntheory as bn
import numpy as np
from bntheory.odes.flow.flow_kernels import flow_kernels, parameters
from bntheory.odes.fluctuations.joint_flow import (
    ATOL,
    MAX_STEPS,
    RTOL,
    fluctuation_kernels,
    joint_parameters,
)
from timing import side_by_side

TIMES = np.linspace(0.0, 20.0, 101)
CASES = [("wn", "relu"), ("sgd", "identity"), ("pn", "erf"), ("bn", "relu"), ("bn", "erf")]


def advancing(kernels: Any, start: np.ndarray, p: np.ndarray, rtol: float, atol: float) -> Any:
    """A call that integrates from the start."""
    out, reached = np.empty((TIMES.size, start.size)), np.zeros(1)
    return lambda: kernels.integrate(start.copy(), TIMES, p, rtol, atol, MAX_STEPS, out, reached)


def rows() -> list[dict[str, object]]:
    """Mean and covariance over the mean alone, without and with the shift of the mean."""
    found: list[dict[str, object]] = []
    for scheme, activation in CASES:
        problem = bn.Problem(scheme=scheme, activation=activation, noise=0.1)
        own, joint = flow_kernels(problem), fluctuation_kernels(problem)
        start = np.array(problem.initial_state)
        whole = np.concatenate([start, np.zeros(joint.SIZE - start.size)])
        alone = advancing(own, start, parameters(problem), 1e-8, 1e-10)
        for mode, what in ((joint.COVARIANCE, "covariance"), (joint.SHIFT, "covariance and shift")):
            both = advancing(joint, whole, joint_parameters(problem, joint, mode, 1.0), RTOL, ATOL)
            with_it, mean = side_by_side(both, alone, 15)
            found.append(
                {
                    "name": f"fluctuations: {what} / mean, {scheme} {activation}",
                    "ratio": with_it / mean,
                    "target": "<= 10" if mode == joint.COVARIANCE else "",
                    "note": f"{with_it * 1e6:.0f} us against {mean * 1e6:.0f} us, time 20",
                }
            )
    return found
