"""Scale and error of the states that runs have stored."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import numpy as np

from ..formula_kernels import specialise
from ..optimisers import plain
from ..problem import Problem
from .runs import Array


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
