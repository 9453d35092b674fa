"""Template: the generalisation error of a committee, by quadrature or on a fixed sample.

With population statistics the fields of every scheme that looks at one unit at a time are
Gaussian, and the error is a sum of averages of two fields each: closed for erf (Williams 1998),
relu (Cho and Saul 2009) and the identity. Fields normalised across units
are not: their error is the mean over one sample of all products, the same for every state.
"""

import math

import numpy as np
from bntheory.codegen.jit import kernel
from bntheory.teacher_student.normal_quadrature import (
    COARSE,
    fill_rule,
    rule_size,
    scaled_cuts,
    student_rule,
)

from .committee_gradient import unit_statistics
from .committee_wishart import PIVOT, semidefinite_root
from .system import ACROSS_UNITS, CLOSED_PAIRS, KINKS, REACH, activation, field

SIZE = rule_size(KINKS.size, COARSE, REACH)
#: Terms of order 1/N in a user's field are below rounding.
LARGE = 1e12
ERF, RELU, IDENTITY = 1, 2, 3


@kernel
def closed_pair_mean(scale: float, scale2: float, rho: float) -> float:
    """``E g(scale u) g(scale2 v)`` of standard normals of correlation rho."""
    product = rho * scale * scale2
    if CLOSED_PAIRS == ERF:
        sizes = math.sqrt((1.0 + scale * scale) * (1.0 + scale2 * scale2))
        return 2.0 / math.pi * math.asin(product / sizes)
    if CLOSED_PAIRS == RELU:
        sizes = abs(scale * scale2)
        if sizes == 0.0:
            return 0.0
        angle = math.acos(min(1.0, max(-1.0, product / sizes)))
        return (sizes * math.sin(angle) + (math.pi - angle) * product) / (2.0 * math.pi)
    return product


@kernel
def pair_mean(shift: float, scale: float, shift2: float, scale2: float, rho: float) -> float:
    """``E g(shift + scale u) g(shift2 + scale2 v)`` of standard normals of correlation rho."""
    rho = min(1.0, max(-1.0, rho))
    if CLOSED_PAIRS > 0 and shift == 0.0 and shift2 == 0.0:
        return closed_pair_mean(scale, scale2, rho)
    cuts = np.empty(KINKS.size)
    z, weight_z = np.empty(SIZE), np.empty(SIZE)
    root = math.sqrt(1.0 - rho * rho)
    u, weight_u = student_rule(KINKS, shift, scale, COARSE, REACH)
    inner = fill_rule(cuts[:0], COARSE, z, weight_z, REACH)
    total = 0.0
    for i in range(u.size):
        at, spread = shift2 + scale2 * rho * u[i], scale2 * root
        if KINKS.size > 0:
            scaled_cuts(KINKS, at, spread, cuts)
            inner = fill_rule(cuts, COARSE, z, weight_z, REACH)
        part = 0.0
        for j in range(inner):
            part += weight_z[j] * activation(at + spread * z[j])[0]
        total += weight_u[i] * part * activation(shift + scale * u[i])[0]
    return total


@kernel
def gaussian_error(
    gamma: np.ndarray,
    beta: np.ndarray,
    A: np.ndarray,
    C: np.ndarray,
    teacher: np.ndarray,
    a: np.ndarray,
    work: np.ndarray,
) -> float:
    """``E (sum_n g(v_n) - sum_k a_k g(f_k))^2 / 2`` at population statistics."""
    K, T = A.shape
    for k in range(K):
        L = math.sqrt(C[k, k])
        n2 = LARGE * C[k, k]
        shift = field(0.0, 0.0, L, n2, gamma[k], beta[k], LARGE)[0]
        scale = field(L, 0.0, L, n2, gamma[k], beta[k], LARGE)[0] - shift
        work[0, k], work[1, k], work[2, k], work[3, k] = shift, scale, -a[k], L
    for n in range(T):
        L = math.sqrt(teacher[n, n])
        work[0, K + n], work[1, K + n], work[2, K + n], work[3, K + n] = 0.0, L, 1.0, L
    total = 0.0
    for p in range(K + T):
        for q in range(p + 1):
            if p < K:
                product = C[p, q]
            elif q < K:
                product = A[q, p - K]
            else:
                product = teacher[p - K, q - K]
            rho = product / max(1e-300, work[3, p] * work[3, q])
            mean = pair_mean(work[0, p], work[1, p], work[0, q], work[1, q], rho)
            total += (1.0 if p == q else 2.0) * work[2, p] * work[2, q] * mean
    return max(0.0, 0.5 * total)


@kernel
def sampled_error(
    gamma: np.ndarray,
    beta: np.ndarray,
    A: np.ndarray,
    C: np.ndarray,
    teacher_root: np.ndarray,
    a: np.ndarray,
    sample: np.ndarray,
) -> float:
    """The same of fields normalised across units, over a sample of T + K normals a row."""
    K, T = A.shape
    along, across, gram = np.empty((K, T)), np.empty((K, K)), np.empty((K, K))
    least, h = np.empty(K), np.empty((1, K))
    for k in range(K):
        for n in range(T):
            rest = A[k, n]
            for i in range(n):
                rest -= along[k, i] * teacher_root[n, i]
            along[k, n] = rest / teacher_root[n, n]
        least[k] = PIVOT * C[k, k]
        for i in range(k + 1):
            gram[k, i] = C[k, i]
            for b in range(T):
                gram[k, i] -= along[k, b] * along[i, b]
            gram[i, k] = gram[k, i]
    semidefinite_root(gram, least, across)
    total = 0.0
    for j in range(sample.shape[0]):
        left = 0.0
        for n in range(T):
            v = 0.0
            for i in range(n + 1):
                v += teacher_root[n, i] * sample[j, i]
            left += activation(v)[0]
        for k in range(K):
            h[0, k] = 0.0
            for i in range(T):
                h[0, k] += along[k, i] * sample[j, i]
            for i in range(k + 1):
                h[0, k] += across[k, i] * sample[j, T + i]
        mu, sigma = unit_statistics(h, 0)
        for k in range(K):
            f = field(h[0, k], mu, sigma, LARGE * C[k, k], gamma[k], beta[k], LARGE)[0]
            left -= a[k] * activation(f)[0]
        total += left * left
    return 0.5 * total / sample.shape[0]


@kernel
def observe_committee(
    rows: np.ndarray,
    teacher: np.ndarray,
    teacher_root: np.ndarray,
    a: np.ndarray,
    sample: np.ndarray,
    error: np.ndarray,
) -> None:
    """The error of rows ``gamma, beta, A, C``, as `record_committee` stores them."""
    K, T = a.size, teacher.shape[0]
    A, C, work = np.empty((K, T)), np.empty((K, K)), np.empty((4, K + T))
    for i in range(rows.shape[0]):
        gamma, beta = rows[i, :K], rows[i, K : 2 * K]
        for k in range(K):
            for n in range(T):
                A[k, n] = rows[i, 2 * K + k * T + n]
            for n in range(K):
                C[k, n] = rows[i, 2 * K + K * T + k * K + n]
        if ACROSS_UNITS:
            error[i] = sampled_error(gamma, beta, A, C, teacher_root, a, sample)
        else:
            error[i] = gaussian_error(gamma, beta, A, C, teacher, a, work)
