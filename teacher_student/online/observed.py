"""What is read off the rows that runs store: overlap and length, scale and generalisation error."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import numpy as np

from ..formula_kernels import specialise
from ..optimisers import plain
from ..problem import Problem
from .spectral_run import observed

Array = np.ndarray


def observed_of(problem: Problem, table: Array, workers: int) -> dict[str, Array]:
    """``Q R L error`` of rows that runs stored, and ``spread``, that of the field ``w.x``.

    Parameters
    ----------
    problem
        The setting.
    table
        Shape (runs, times, numbers of a row).
    workers
        Threads.
    """
    if problem.spectrum_ is not None:
        return observed(problem, table)
    Q, error = observe(problem, table, workers)
    R, L = table[..., 2], table[..., 3]
    return {"Q": Q, "R": R, "L": L, "error": error, "spread": L}


def observe(problem: Problem, table: Array, workers: int) -> tuple[Array, Array]:
    """Scale and error of rows that begin with gamma, beta, R, L, shape (runs, times, numbers)."""
    kernels = specialise(plain(problem), "observables")
    rows = np.ascontiguousarray(table[..., :4].reshape(-1, 4))
    Q, error = np.empty(len(rows)), np.empty(len(rows))
    if workers == 1:
        kernels.observe(rows, Q, error)
        return Q.reshape(table.shape[:2]), error.reshape(table.shape[:2])
    with ThreadPoolExecutor(workers) as pool:
        parts = np.array_split(np.arange(len(rows)), workers)
        list(
            pool.map(
                lambda part: kernels.observe(rows[part], Q[part[0] : part[-1] + 1],
                                             error[part[0] : part[-1] + 1]),
                [part for part in parts if part.size],
            )
        )  # fmt: skip
    return Q.reshape(table.shape[:2]), error.reshape(table.shape[:2])
