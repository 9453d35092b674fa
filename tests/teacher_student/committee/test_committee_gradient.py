"""The gradient of a committee's batch, against differences of the loss written out in NumPy."""

import bntheory as bn
import numpy as np
import pytest
from bntheory.teacher_student.online.committee.kernels import committee_kernels

N, M, K, T = 7, 8, 3, 2
#: Central differences with this step are right to about 1e-9.
STEP, CLOSE = 1e-5, 2e-8
SCHEMES = ("sgd", "wn", "bn", "ln", "rms", "mean-only-bn")


def field(scheme, h, w, gamma):
    """Normalised fields of a batch, shape (M, K), from their definitions."""
    L = np.sqrt((w**2).sum(axis=1) / N)
    if scheme == "sgd":
        return h
    if scheme in ("wn", "pn"):
        return gamma * h / L
    if scheme == "bn":
        return gamma * (h - h.mean(0)) / h.std(0)
    if scheme == "mean-only-bn":
        return gamma * (h - h.mean(0)) / L
    if scheme == "ln":
        return gamma * (h - h.mean(1, keepdims=True)) / h.std(1, keepdims=True)
    return gamma * h / np.sqrt((h**2).mean(1, keepdims=True))


def loss(scheme, x, y, w, gamma, a, m):
    """The mean over the batch, whose groups of m share their statistics."""
    parts = []
    for first in range(0, len(x), m):
        f = field(scheme, x[first : first + m] @ w.T, w, gamma)
        parts.append(0.5 * (y[first : first + m] - np.tanh(f) @ a) ** 2)
    return np.concatenate(parts).mean()


def gradient(scheme, x, y, w, gamma, a, m):
    """What the kernel says: minus the gradients by w and gamma."""
    kernels = committee_kernels(bn.Problem("tanh", scheme, units=K, teacher_units=T, batch_size=M))
    h, d, pulls = x @ w.T, np.empty((M, K)), np.empty((3, K))
    scratch, batch = np.empty((K, kernels.COLUMNS)), np.empty((kernels.ROWS, K))
    units = (gamma, np.zeros(K), a, (w**2).sum(axis=1))
    kernels.committee_gradient(h, y, m, units, float(N), scratch, batch, d, pulls)
    return d.T @ x / M + 2.0 * pulls[0][:, None] * w, pulls[1]


def differences(scheme, x, y, w, gamma, a, m):
    """Central differences of `loss` by every weight and every gamma."""
    numbers, slopes = np.concatenate([w.ravel(), gamma]), []
    for i in range(numbers.size):
        ends = []
        for sign in (1, -1):
            moved = numbers.copy()
            moved[i] += sign * STEP
            ends.append(loss(scheme, x, y, moved[: K * N].reshape(K, N), moved[K * N :], a, m))
        slopes.append((ends[0] - ends[1]) / (2 * STEP))
    return -np.reshape(slopes[: K * N], (K, N)), -np.array(slopes[K * N :])


@pytest.mark.parametrize(("scheme", "m"), [*((s, M) for s in SCHEMES), ("bn", M // 2)])
def test_the_gradient_is_that_of_the_loss(scheme, m):
    rng = np.random.default_rng(3)
    x, y = rng.standard_normal((M, N)) / np.sqrt(N), rng.standard_normal(M)
    w, gamma = rng.standard_normal((K, N)), 0.5 + rng.random(K)
    given = (scheme, x, y, w, gamma, np.array([1.0, -0.5, 0.7]), m)
    found, expected = gradient(*given), differences(*given)
    np.testing.assert_allclose(found[0], expected[0], atol=CLOSE)
    if scheme != "sgd":
        np.testing.assert_allclose(found[1], expected[1], atol=CLOSE)
    assert np.abs(expected[0]).max() > 1e-2  # there is something to compare
