"""Stored rows of a committee's runs, and what is read off them."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor

import numpy as np

from ...committee.order import specialisation
from ...problem import Problem
from ...sobol import sobol_points
from .kernels import committee_kernels
from .runs import values_of_rows

Array = np.ndarray
#: Points of the fixed sample that the error of fields normalised across units is taken on: its
#: root mean square error is some 1e-3 of the error.
SAMPLE = 2**12


def committee_values(problem: Problem, rows: Array) -> dict[str, Array]:
    """All quantities of runs: order parameters, error, specialisation.

    Parameters
    ----------
    problem
        The setting.
    rows
        ``gamma, beta, A, C``, shape (runs, times, numbers).
    """
    committee = problem.committee
    values = values_of_rows(rows, committee.a, committee.T, problem.trained_scalars)
    values["error"] = committee_errors(problem, rows)
    return values | {"specialisation": specialisation(values["R"])}


def committee_errors(problem: Problem, rows: Array) -> Array:
    """The generalisation error of rows, shape (runs, times)."""
    committee, kernels = problem.committee, committee_kernels(problem)
    flat = np.ascontiguousarray(rows.reshape(-1, rows.shape[-1]))
    error, root = np.empty(len(flat)), np.linalg.cholesky(committee.T)
    sample = normal_sample(problem)
    parts = [
        part for part in np.array_split(np.arange(len(flat)), os.cpu_count() or 1) if part.size
    ]

    def observe(part: Array) -> None:
        at = slice(int(part[0]), int(part[-1]) + 1)
        kernels.observe_committee(flat[at], committee.T, root, committee.a, sample, error[at])

    with ThreadPoolExecutor(len(parts)) as pool:
        list(pool.map(observe, parts))
    return error.reshape(rows.shape[:2])


def normal_sample(problem: Problem) -> Array:
    """A fixed set of T + K normals a point, one scrambling of Sobol's; one point if not needed."""
    K, T = problem.units, problem.teacher_units
    if problem.scheme_.normaliser != "units":
        return np.zeros((1, T + K))
    from scipy.special import ndtri

    uniform = sobol_points(T + K, 0, SAMPLE)
    return np.ascontiguousarray(ndtri(np.clip(uniform, 1e-12, 1.0 - 1e-12)))
