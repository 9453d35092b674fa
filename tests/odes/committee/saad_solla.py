"""Saad and Solla's equations of erf committees, written out from their paper, for SciPy.

D. Saad and S. A. Solla, Phys. Rev. E 52, 4225 (1995), with teachers of any
overlaps, a second layer, label noise, weight decay and batches; none of it from the package.
"""

from math import asin, pi, sqrt

import numpy as np
from scipy.integrate import solve_ivp


def pair(G, i, j):
    return 2 / pi * asin(G[i, j] / sqrt((1 + G[i, i]) * (1 + G[j, j])))


def third(G, i, j, k):
    """``E[g'(x_i) x_j g(x_k)]``."""
    L3 = (1 + G[i, i]) * (1 + G[k, k]) - G[i, k] ** 2
    return 2 / (pi * sqrt(L3)) * (G[j, k] * (1 + G[i, i]) - G[i, j] * G[i, k]) / (1 + G[i, i])


def fourth(G, i, j, k, m):
    """``E[g'(x_i) g'(x_j) g(x_k) g(x_m)]``."""
    a, b, c = 1 + G[i, i], 1 + G[j, j], G[i, j]
    L4 = a * b - c * c
    L0 = L4 * G[k, m] - G[j, k] * G[j, m] * a - G[i, k] * G[i, m] * b
    L0 += c * (G[i, k] * G[j, m] + G[i, m] * G[j, k])
    sizes = [
        L4 * (1 + G[q, q]) - G[j, q] ** 2 * a - G[i, q] ** 2 * b + 2 * c * G[i, q] * G[j, q]
        for q in (k, m)
    ]
    return 4 / (pi * pi * sqrt(L4)) * asin(L0 / sqrt(sizes[0] * sizes[1]))


def slope(y, problem, wrong=""):
    """d(A, C)/dt of plain SGD; ``wrong`` plants one of the known mistakes."""
    K, T = problem.units, problem.teacher_units
    a = np.array(problem.second_layer)
    A, C = y[: K * T].reshape(K, T), y[K * T :].reshape(K, K)
    G = np.block([[C, A], [A.T, np.array(problem.teacher_overlap)]])
    c, n = np.concatenate([-a, np.ones(T)]), range(K + T)
    eta, M, S, decay = problem.eta, problem.M, problem.noise, problem.weight_decay
    pull = np.array(
        [[a[i] * sum(c[k] * third(G, i, j, k) for k in n) for j in n] for i in range(K)]
    )
    square = np.empty((K, K))
    for i in range(K):
        for j in range(K):
            L4 = (1 + G[i, i]) * (1 + G[j, j]) - G[i, j] ** 2
            noise = 0.0 if wrong == "noiseless square" else S * 2 / (pi * sqrt(L4))
            sums = sum(c[k] * c[m] * fourth(G, i, j, k, m) for k in n for m in n)
            square[i, j] = a[i] * a[j] * (sums + noise)
    if wrong == "square on the diagonal":
        square = np.diag(np.diag(square))
    dA = eta * (pull[:, K:] - decay * A)
    dC = eta * (pull[:, :K] + pull[:, :K].T - (1 if wrong == "half decay" else 2) * decay * C)
    return np.concatenate([dA.ravel(), (dC + eta**2 / M * square).ravel()])


def flow(problem, times, wrong=""):
    """A, shape (times, K, T), and C, shape (times, K, K)."""
    K, T = problem.units, problem.teacher_units
    start = np.concatenate([np.ravel(problem.start["A"]), np.ravel(problem.start["C"])])
    solved = solve_ivp(lambda _, y: slope(y, problem, wrong), (0, times[-1]), start,
                       t_eval=times, method="DOP853", rtol=1e-11, atol=1e-12)  # fmt: skip
    y = solved.y.T
    return y[:, : K * T].reshape(-1, K, T), y[:, K * T :].reshape(-1, K, K)


def error(A, C, problem):
    """Half the mean squared distance of student and teacher."""
    G = np.block([[C, A], [A.T, np.array(problem.teacher_overlap)]])
    c = np.concatenate([-np.array(problem.second_layer), np.ones(len(A.T))])
    return 0.5 * sum(c[i] * c[j] * pair(G, i, j) for i in range(len(c)) for j in range(len(c)))
