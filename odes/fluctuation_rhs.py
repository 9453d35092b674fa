"""Template: mean, covariance, finite-size shift and propagator as one flow (theory.md, 6).

The state is ``x`` (order parameters), the upper triangle of ``Sigma``, the shift ``b`` and the
propagator ``Phi``, with ``F`` the drift, ``J`` its Jacobian, and ``T = dx/dy`` from the
coordinates ``y = (gamma, beta, P, A)`` in which the diffusion was derived::

    dx/dt     = F(x)
    dSigma/dt = J Sigma + Sigma J^T + T D T^T
    db/dt     = J b + (1/2) F'':Sigma + T f1 + (1/2) x'':(D + f f^T) - (1/2) dF/dt
    dPhi/dt   = J Phi

A run's mean is ``x + b/N`` and its covariance ``Sigma/N``. In ``db/dt`` the terms are: the
state's own scatter, the finite-size drift, the curvature of x(y) over one step, and the step's
finite length. The last two equations are solved when ``p[6]`` says so.
"""

import math

from ..codegen.jit import kernel

# the generated functions of one problem stand here
from .stand_ins import ORDER, diffusion, drift, jacobian

# until here

TRIANGLE = ORDER * (ORDER + 1) // 2
SIZE = ORDER + TRIANGLE + ORDER + ORDER * ORDER
#: Numbers in front of the scratch space that follows them in ``p``.
NUMBERS = 7
SCRATCH = 5 * ORDER * ORDER + 4 * ORDER
#: Step of the second differences, in standard deviations of sqrt(N) times a run.
PROBE = 1e-3


@kernel
def to_order_parameters(x, matrix, T):  # type: ignore[no-untyped-def]
    """T D T^T in place of D, T = dx/dy: the last two coordinates are P = L R, A = L^2."""
    r, a = ORDER - 2, ORDER - 1
    R, L = x[r], x[a]
    for i in range(ORDER):
        for j in range(ORDER):
            T[i, j] = 1.0 if i == j else 0.0
    T[r, r], T[r, a] = 1.0 / L, -0.5 * R / (L * L)
    T[a, a] = 0.5 / L
    for _ in range(2):  # rows, then columns of the symmetric result
        for j in range(ORDER):
            upper = T[r, r] * matrix[r, j] + T[r, a] * matrix[a, j]
            matrix[a, j] = T[a, a] * matrix[a, j]
            matrix[r, j] = upper
        for i in range(ORDER):
            for j in range(i):
                matrix[i, j], matrix[j, i] = matrix[j, i], matrix[i, j]


@kernel
def cholesky(S, C):  # type: ignore[no-untyped-def]
    """Lower factor of a covariance that may be singular."""
    for i in range(ORDER):
        for j in range(i + 1):
            rest = S[i, j]
            for k in range(j):
                rest -= C[i, k] * C[j, k]
            if i == j:
                C[i, i] = math.sqrt(max(rest, 0.0))
            else:
                C[i, j] = rest / C[j, j] if C[j, j] > 1e-12 else 0.0
        for j in range(i + 1, ORDER):
            C[i, j] = 0.0


@kernel
def shift_drift(t, x, p, F, J, D, f1, S, b, C, near, slope, db):  # type: ignore[no-untyped-def]
    """Fill db/dt; ``D`` is in the coordinates y here."""
    r, a = ORDER - 2, ORDER - 1
    R, L = x[r], x[a]
    f_P, f_A = L * F[r] + R * F[a], 2.0 * L * F[a]
    PA, AA = D[r, a] + f_P * f_A, D[a, a] + f_A * f_A
    for i in range(ORDER):
        db[i] = 0.0
        for j in range(ORDER):
            db[i] += J[i, j] * (b[j] - 0.5 * F[j])
    db[r] += -0.5 * R / (L * L) * f1 - 0.5 * PA / L**3 + 0.375 * R * AA / L**4
    db[a] += 0.5 / L * f1 - 0.125 * AA / L**3
    h = 1e-4
    drift(t + h, x, p, slope)  # dF/dt at fixed x, of a schedule
    for i in range(ORDER):
        db[i] -= 0.5 * (slope[i] - F[i]) / h
    cholesky(S, C)
    for k in range(ORDER):
        for sign in (-1.0, 1.0):
            for i in range(ORDER):
                near[i] = x[i] + sign * PROBE * C[i, k]
            drift(t, near, p, slope)
            for i in range(ORDER):
                db[i] += 0.5 * (slope[i] - F[i]) / PROBE**2


@kernel
def rhs(t, z, p, dz):  # type: ignore[no-untyped-def]
    """The joint flow; its scratch space follows the numbers in ``p``."""
    n, n2 = ORDER, ORDER * ORDER
    work = p[NUMBERS:]
    J, D = work[:n2].reshape(n, n), work[n2 : 2 * n2].reshape(n, n)
    S, T = work[2 * n2 : 3 * n2].reshape(n, n), work[3 * n2 : 4 * n2].reshape(n, n)
    C, rest = work[4 * n2 : 5 * n2].reshape(n, n), work[5 * n2 :]
    x, F = z[:n], dz[:n]
    at = n
    for i in range(n):
        for j in range(i, n):
            S[i, j] = S[j, i] = z[at]
            at += 1
    drift(t, x, p, F)
    jacobian(t, x, p, J)
    f1 = diffusion(t, x, p, D)
    b, db = z[at : at + n], dz[at : at + n]
    Phi, dPhi = z[at + n :].reshape(n, n), dz[at + n :].reshape(n, n)
    if p[6] > 0.0:
        shift_drift(t, x, p, F, J, D, f1, S, b, C, rest[:n], rest[n : 2 * n], db)
    else:
        db[:] = 0.0
    to_order_parameters(x, D, T)
    at = n
    for i in range(n):
        for j in range(n):
            total, forward = 0.0, 0.0
            for k in range(n):
                total += J[i, k] * S[k, j] + S[i, k] * J[j, k]
                forward += J[i, k] * Phi[k, j]
            dPhi[i, j] = forward if p[6] > 0.0 else 0.0
            if j >= i:
                dz[at] = total + D[i, j]
                at += 1


@kernel
def observables(z):  # type: ignore[no-untyped-def]
    """Nothing is read off here."""
    return 0.0, 0.0
