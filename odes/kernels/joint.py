"""Template: mean, covariance, finite-size shift and propagator as one flow (theory page 6).

The state is ``x`` (order parameters), the upper triangle of ``Sigma``, the shift ``b`` and the
propagator ``Phi``, with ``F`` the drift, ``J`` its Jacobian, ``D`` the covariance of N times a
step's increment of x to first order, and ``x(y)`` the order parameters as functions of the
coordinates ``y = (gamma, beta, P = L R, A = L^2)`` in which a step adds up::

    dx/dt     = F(x)
    dSigma/dt = J Sigma + Sigma J^T + D
    db/dt     = J b + (1/2) F'':Sigma + x' f1 + (1/2) x'':(D + f f^T)_y - (1/2) dF/dt
    dPhi/dt   = J Phi

A run's mean is ``x + b/N`` and its covariance ``Sigma/N``. In ``db/dt`` the terms are: the
state's own scatter, the finite-size drift, the curvature of x(y) over one step, and the step's
finite length. The parameters ``p`` end in scratch space and three numbers: where it begins, the
mode (which of the equations beside the first are solved), and where the diffusion's table begins.
"""

import math

import numpy as np
from bntheory.codegen.jit import kernel

from .mean import LENGTH, OVERLAP, diffusion, jacobian
from .mean import SIZE as ORDER
from .mean import observables as mean_observables
from .mean import rhs as drift

TRIANGLE = ORDER * (ORDER + 1) // 2
#: Only the mean tells whether a flow diverged.
ORDERS = ORDER
SIZE = ORDER + TRIANGLE + ORDER + ORDER * ORDER
#: Modes: the covariance; covariance and shift; the propagator.
COVARIANCE, SHIFT, PROPAGATOR = 0, 1, 2
SCRATCH = 4 * ORDER * ORDER + 4 * ORDER
#: Step of the second differences, in standard deviations of sqrt(N) times a run.
PROBE = 1e-3


@kernel
def cholesky(S: np.ndarray, C: np.ndarray) -> None:
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
def shift_drift(
    t: float,
    x: np.ndarray,
    p: np.ndarray,
    F: np.ndarray,
    J: np.ndarray,
    D: np.ndarray,
    f1: float,
    S: np.ndarray,
    b: np.ndarray,
    C: np.ndarray,
    near: np.ndarray,
    slope: np.ndarray,
    db: np.ndarray,
) -> None:
    """Fill db/dt. The curvature of x(y) over one step is written in terms of D and F in x."""
    r, a = OVERLAP, LENGTH
    R, L = x[r], x[a]
    RL, LL = D[r, a] + F[r] * F[a], D[a, a] + F[a] * F[a]
    for i in range(ORDER):
        db[i] = 0.0
        for j in range(ORDER):
            db[i] += J[i, j] * (b[j] - 0.5 * F[j])
    db[r] += -0.5 * R / (L * L) * f1 - RL / L + 0.5 * R * LL / L**2
    db[a] += 0.5 / L * f1 - 0.5 * LL / L
    h = 1e-4
    drift(t + h, x, p, slope)  # dF/dt at fixed x, of a schedule
    for i in range(ORDER):
        db[i] -= 0.5 * (slope[i] - F[i]) / h
    cholesky(S, C)
    for k in range(ORDER):
        if PROBE * abs(C[r, k]) > 1.0 - abs(R):
            C[r, k] = 0.0  # R has stopped scattering, and this is what rounding left
        for sign in (-1.0, 1.0):
            for i in range(ORDER):
                near[i] = x[i] + sign * PROBE * C[i, k]
            drift(t, near, p, slope)
            for i in range(ORDER):
                db[i] += 0.5 * (slope[i] - F[i]) / PROBE**2


@kernel
def propagator_drift(J: np.ndarray, Phi: np.ndarray, dPhi: np.ndarray) -> None:
    """dPhi = J Phi."""
    for i in range(ORDER):
        for j in range(ORDER):
            total = 0.0
            for k in range(ORDER):
                total += J[i, k] * Phi[k, j]
            dPhi[i, j] = total


@kernel
def rhs(t: float, z: np.ndarray, p: np.ndarray, dz: np.ndarray) -> None:
    """The joint flow."""
    n, n2 = ORDER, ORDER * ORDER
    mode, work = int(p[p.size - 2]), p[int(p[p.size - 3]) :]
    J, D = work[:n2].reshape(n, n), work[n2 : 2 * n2].reshape(n, n)
    S, C = work[2 * n2 : 3 * n2].reshape(n, n), work[3 * n2 : 4 * n2].reshape(n, n)
    rest = work[4 * n2 :]
    x, F = z[:n], dz[:n]
    dz[n:] = 0.0
    drift(t, x, p, F)
    jacobian(t, x, p, J)
    at = n + TRIANGLE
    if mode == PROPAGATOR:
        propagator_drift(J, z[at + n :].reshape(n, n), dz[at + n :].reshape(n, n))
        return
    f1 = diffusion(t, x, p, D)
    at = n
    for i in range(n):
        for j in range(i, n):
            S[i, j] = S[j, i] = z[at]
            at += 1
    if mode == SHIFT:
        b, db = z[at : at + n], dz[at : at + n]
        shift_drift(t, x, p, F, J, D, f1, S, b, C, rest[:n], rest[n : 2 * n], db)
    at = n
    for i in range(n):
        for j in range(i, n):
            total = D[i, j]
            for k in range(n):
                total += J[i, k] * S[k, j] + S[i, k] * J[j, k]
            dz[at] = total
            at += 1


@kernel
def observables(z: np.ndarray) -> tuple[float, float]:
    """Nothing is read off here."""
    return 0.0, 0.0


@kernel
def moved(
    x: np.ndarray, i: int, a: float, j: int, b: float, near: np.ndarray
) -> tuple[float, float]:
    """Q and error at x with a added to its entry i, then b to j."""
    for k in range(ORDER):  # not `near[:] = x`: see `integrate`
        near[k] = x[k]
    near[i] += a
    near[j] += b
    return mean_observables(near)


@kernel
def observe_derivatives(states: np.ndarray, slopes: np.ndarray, curvatures: np.ndarray) -> None:
    """First and second derivatives of Q and the error, by central differences."""
    step, near = np.empty(ORDER), np.empty(ORDER)
    for k in range(states.shape[0]):
        x = states[k]
        step[:] = 1e-4
        room = (1.0 - abs(x[OVERLAP])) / 3.0  # R stays within [-1, 1]
        step[OVERLAP] = min(1e-4, max(1e-9, room))
        for i in range(ORDER):
            h = step[i]
            up, down = moved(x, i, h, i, 0.0, near), moved(x, i, -h, i, 0.0, near)
            for o in range(2):
                slopes[k, o, i] = (up[o] - down[o]) / (2.0 * h)
            for j in range(i, ORDER):
                g = step[j]
                pp, mm = moved(x, i, h, j, g, near), moved(x, i, -h, j, -g, near)
                pm, mp = moved(x, i, h, j, -g, near), moved(x, i, -h, j, g, near)
                for o in range(2):
                    curvature = (pp[o] + mm[o] - pm[o] - mp[o]) / (4.0 * h * g)
                    curvatures[k, o, i, j] = curvatures[k, o, j, i] = curvature
