"""Template: projected Newton iterations on the right-hand side of one flow.

Roots are sought of the full right-hand side, or of its part of first order in eta (the limit of
small learning rates, where fluctuations vanish). The drift of online learning is
``rhs = eta F + eta^2 G``; its first-order part is taken at a learning rate so small that G is
below rounding. L enters as ``log L``; R is kept in [-1, 1].
"""

import math

import numpy as np
from bntheory.codegen.jit import kernel

from .system import HAS_JACOBIAN, LENGTH, OVERLAP, SIZE, TABLE, jacobian, rhs

FIRST_ORDER, FULL = 1, 2
#: The longest Newton step in R, and in the logarithm of L and every other parameter.
LONGEST_OVERLAP, LONGEST = 0.4, 1.0
#: Below this distance from |R| = 1 derivatives by R are those at |R| = 1, from inside.
EDGE = 1e-6
#: The factor by which eta is made small where only the first order is wanted.
SMALL = 1e-15


def edge_rule(table: bool) -> tuple[np.ndarray, np.ndarray]:
    """Angles, and weights of what a function has there beyond its value at R = 1, for dF/dR.

    Moments of kinked activations are series in the angle, ``sqrt(2 - 2R)`` to leading order, that
    begin with its square, ``-dF/dR / 2``. A polynomial is fitted to all angles. A table's error
    has a term of first order in the angle, too small to be seen but in a difference quotient at
    a small angle: there the polynomial has it too, and reaches farther.
    """
    count, reach, first, last = (20, 0.6, 1, 8) if table else (8, 0.1, 2, 6)
    angles = 0.5 * reach * (1.0 - np.cos(np.pi * np.arange(1, count + 1) / count))
    powers = np.stack([angles**k for k in range(first, last + 1)], axis=1)
    return angles, -2.0 * np.linalg.pinv(powers)[2 - first]


EDGE_ANGLES, EDGE_WEIGHTS = edge_rule(bool(TABLE))


@kernel
def drift(y: np.ndarray, p: np.ndarray, order: int, dy: np.ndarray) -> None:
    """The right-hand side, or its part of first order in eta."""
    if order == FULL:
        rhs(0.0, y, p, dy)
    else:
        small = p.copy()
        small[0] *= SMALL
        rhs(0.0, y, small, dy)
        for i in range(SIZE):
            dy[i] /= SMALL


@kernel
def drift_jacobian(
    y: np.ndarray, p: np.ndarray, order: int, free: np.ndarray, J: np.ndarray
) -> None:
    """Derivatives of `drift` by the free y: symbolic where all moments have closed forms."""
    if not HAS_JACOBIAN:
        differences(y, p, order, free, J)
    elif order == FULL:
        jacobian(0.0, y, p, J)
    else:
        small = p.copy()
        small[0] *= SMALL
        jacobian(0.0, y, small, J)
        for i in range(SIZE):
            for j in range(SIZE):
                J[i, j] /= SMALL


@kernel
def differences(y: np.ndarray, p: np.ndarray, order: int, free: np.ndarray, J: np.ndarray) -> None:
    """The Jacobian by differences: central ones, and one-sided ones at |R| = 1."""
    point, up, down = y.copy(), np.empty(SIZE), np.empty(SIZE)
    for j in free:
        room = 1.0 - abs(y[j])
        if j == OVERLAP and room < EDGE:
            edge_slope(y, p, order, J)
            continue
        h = 1e-5 * max(1e-2, abs(y[j]))
        if j == OVERLAP:
            h = min(1e-5, 1e-3 * room)
        point[j] = y[j] + h
        drift(point, p, order, up)
        point[j] = y[j] - h
        drift(point, p, order, down)
        point[j] = y[j]
        for i in range(SIZE):
            J[i, j] = (up[i] - down[i]) / (2.0 * h)


@kernel
def edge_slope(y: np.ndarray, p: np.ndarray, order: int, J: np.ndarray) -> None:
    """The derivatives by R at |R| = 1, from `edge_rule`."""
    point, base, moved = y.copy(), np.empty(SIZE), np.empty(SIZE)
    sign = 1.0 if y[OVERLAP] > 0.0 else -1.0
    point[OVERLAP] = sign
    drift(point, p, order, base)
    J[:, OVERLAP] = 0.0
    for k in range(EDGE_ANGLES.size):
        point[OVERLAP] = sign * math.cos(EDGE_ANGLES[k])
        drift(point, p, order, moved)
        for i in range(SIZE):
            J[i, OVERLAP] += sign * EDGE_WEIGHTS[k] * (moved[i] - base[i])


@kernel
def newton(
    y: np.ndarray, p: np.ndarray, order: int, free: np.ndarray, tolerance: float, iterations: int
) -> bool:
    """Newton's iteration from ``y`` in the free parameters, in place.

    Parameters
    ----------
    y
        Start, then root, shape (SIZE,).
    p
        Parameters of the flow.
    order
        ``FIRST_ORDER`` or ``FULL``.
    free
        Indices of the unknowns, all others stay as they are; the equations are those of the
        same indices.
    tolerance
        Steps below this end the iteration.
    iterations
        At most this many.

    Returns
    -------
    bool
        Whether the steps became small.
    """
    n = free.size
    dy, J = np.empty(SIZE), np.empty((SIZE, SIZE))
    A, b = np.empty((n, n)), np.empty(n)
    for _ in range(iterations):
        drift(y, p, order, dy)
        drift_jacobian(y, p, order, free, J)
        for a in range(n):
            # Rates of R fall like L^-2, those of log L like L^-4: bring all rows to order one.
            row = free[a]
            scale = 1.0 / p[0]
            if row == OVERLAP:
                scale *= y[LENGTH] ** 2
            elif row == LENGTH:
                scale *= y[LENGTH] ** 3
            b[a] = -scale * dy[row]
            for c in range(n):
                by_log = y[LENGTH] if free[c] == LENGTH else 1.0
                A[a, c] = scale * J[row, free[c]] * by_log
        size = move(y, b, free) if eliminate(A, b) else math.nan
        if not size >= tolerance:
            return size < tolerance
    return False


@kernel
def eliminate(A: np.ndarray, b: np.ndarray) -> bool:
    """Solve ``A x = b`` in place, ``b`` becoming x; False if x is not finite.

    Gauss-Jordan with full pivoting. A direction whose pivots are rounding errors (on a line of
    fixed points the matrix is singular) gets no step. LAPACK would cost seconds of compilation.
    """
    n = b.size
    left, largest = np.ones(n), 0.0
    for _ in range(n):
        row, column, pivot = 0, 0, 0.0
        for i in range(n):
            for j in range(n):
                if left[i] > 0.0 and abs(A[i, j]) > abs(pivot):
                    row, column, pivot = i, j, A[i, j]
        largest = max(largest, abs(pivot))
        if abs(pivot) <= 1e-10 * largest:
            break
        left[row] = -1.0 - column  # which unknown this row gives
        for j in range(n):
            A[row, j] /= pivot
        b[row] /= pivot
        for i in range(n):
            factor = A[i, column]
            if i != row and factor != 0.0:
                for j in range(n):
                    A[i, j] -= factor * A[row, j]
                b[i] -= factor * b[row]
    x, total = np.zeros(n), 0.0
    for i in range(n):
        if left[i] < 0.0:
            x[int(-left[i] - 1.0)] = b[i]
    for i in range(n):
        b[i] = x[i]
        total += abs(x[i])
    return math.isfinite(total)


@kernel
def move(y: np.ndarray, step: np.ndarray, free: np.ndarray) -> float:
    """Take a step, shortened to what is trusted and into [-1, 1]; its size."""
    shorten = 1.0
    for a in range(free.size):
        longest = LONGEST_OVERLAP if free[a] == OVERLAP else LONGEST
        if abs(step[a]) > longest:
            shorten = min(shorten, longest / abs(step[a]))
    size = 0.0
    for a in range(free.size):
        i = free[a]
        before = y[i]
        if i == LENGTH:
            y[i] *= math.exp(shorten * step[a])
            size = max(size, abs(shorten * step[a]))
            continue
        y[i] += shorten * step[a]
        if i == OVERLAP:
            y[i] = min(1.0, max(-1.0, y[i]))
        size = max(size, abs(y[i] - before))
    return size


@kernel
def search(
    starts: np.ndarray,
    p: np.ndarray,
    order: int,
    free: np.ndarray,
    tolerance: float,
    iterations: int,
    roots: np.ndarray,
    found: np.ndarray,
) -> None:
    """`newton` from many starts; roots of shape (starts, SIZE) and flags are filled."""
    for s in range(starts.shape[0]):
        for i in range(SIZE):  # not `roots[s] = starts[s]`: see `integrate`
            roots[s, i] = starts[s, i]
        found[s] = newton(roots[s], p, order, free, tolerance, iterations)
