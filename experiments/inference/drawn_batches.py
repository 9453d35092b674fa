"""The error in training mode, measured: fresh batches for every state that a run has stored."""

from __future__ import annotations

import numpy as np

from ...teacher_student.formula_kernels import compiled_activation
from ...teacher_student.problem import Problem

Array = np.ndarray
#: Fresh batches of a state, beside at least so many examples.
BATCHES, EXAMPLES = 16, 256


def own_batch_errors(problem: Problem, gamma: Array, R: Array, seed: int = 0) -> Array:
    """``E (g(v) - g(f))^2 / 2`` over drawn batches, f with the batch's own mean and spread.

    Parameters
    ----------
    problem
        Its activation, its scheme and m are what matters.
    gamma, R
        States, shape (runs, times).
    seed
        Of the batches.

    Returns
    -------
    array
        One unbiased value a state, shape (runs, times).

    Examples
    --------
    >>> import bntheory as bn
    >>> aligned = np.ones((4, 2))
    >>> own_batch_errors(bn.Problem("identity", batch_size=8), aligned, aligned).shape
    (4, 2)
    """
    m, rng = problem.m, np.random.default_rng([seed, 8])
    count = max(BATCHES, -(-EXAMPLES // m))
    g = compiled_activation(problem.activation_).evaluate
    by = problem.scheme_.statistics
    errors = np.empty(gamma.shape)
    for at in np.ndindex(gamma.shape):
        u, z = rng.standard_normal((2, count, m))
        v = R[at] * u + np.sqrt(max(0.0, 1.0 - float(R[at]) ** 2)) * z
        f = u - u.mean(axis=1, keepdims=True) if "mu" in by else u
        f = gamma[at] * (f / u.std(axis=1, keepdims=True) if "sigma" in by else f)
        own, target = (g(np.ascontiguousarray(h.ravel()))[0] for h in (f, v))
        errors[at] = ((own - target) ** 2).mean() / 2
    return errors
