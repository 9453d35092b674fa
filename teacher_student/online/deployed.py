"""What runs keep of their running statistics, and what the deployed student errs with them."""

from __future__ import annotations

import numpy as np

from ...results.errors import InputError
from ..formula_kernels import specialise
from ..problem import Problem

Array = np.ndarray


def check_running(problem: Problem) -> None:
    """Refuse runs that have no running statistics.

    Raises
    ------
    InputError
        For a scheme without batch statistics.
    """
    if not problem.uses_batch:
        reason = f"scheme={problem.scheme!r} has no batch statistics; false is accepted"
        raise InputError("running", True, reason)


def deployed_values(problem: Problem, table: Array) -> dict[str, Array]:
    """Running statistics of stored rows, and the error with them.

    Parameters
    ----------
    problem
        The setting.
    table
        Rows ``gamma, beta, R, L, mean, variance``, shape (runs, times, 6).

    Returns
    -------
    dict
        ``running_mean`` and ``running_variance`` (the unbiased one, as torch keeps it) of the
        pre-activations ``w.x``, and ``error_running``, ``E (g(v) - g(f))^2 / 2`` of the field that
        they normalise; each of shape (runs, times).
    """
    rows = np.ascontiguousarray(table.reshape(-1, table.shape[-1]))
    error = np.empty(len(rows))
    specialise(problem, "observables").observe_deployed(rows, error)
    return {
        "running_mean": table[..., 4],
        "running_variance": table[..., 5],
        "error_running": error.reshape(table.shape[:2]),
    }
