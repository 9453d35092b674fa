"""Flows of linear students by optimisers beside SGD, written by hand and solved by SciPy."""

import numpy as np
from scipy import integrate, special, stats


def mean_chi(M):
    """``E sqrt(Y)`` of a chi-square of M degrees."""
    return np.sqrt(2) * np.exp(special.gammaln((M + 1) / 2) - special.gammaln(M / 2))


def kept(M, e, k, c):
    """``E[f Y]/M, E[f^2 Y]/M`` of ``f = min(1, c M / (k e sqrt(Y)))``, by an integral in log Y."""

    def at(n, x):
        y = np.exp(x)
        return y * y * min(1.0, c * M / (k * e * np.sqrt(y))) ** n * stats.chi2.pdf(y, M) / M

    def mean(n):
        edge = [2 * np.log(c * M / (k * e))]
        return integrate.quad(lambda x: at(n, x), -40, 8, points=edge, epsabs=1e-12, limit=400)[0]

    return mean(1), mean(2)


def kept_closed(M, e, k, c):
    """The same by SciPy's chi-square."""
    z = c * M / (k * e)
    below, beyond = stats.chi2.cdf(z * z, M + 2), stats.chi2.sf(z * z, [M + 1, M])
    return below + z / M * mean_chi(M) * beyond[0], below + z * z / M * beyond[1]


def hand_flow(problem, times, factor=1.0, noise_factor=1.0, b2_factor=1.0, mean_length=mean_chi):
    """``gamma R L b2`` at these times; factors other than 1 and other mean lengths are mistakes.

    ``d(LR) = eta k f X``, ``d(L^2) = (eta k)^2 f2 e2 / M`` of ``wn``; of ``sgd`` also the part of
    the gradient along w.
    """
    wn = problem.scheme != "sgd"
    M, S, eta, decay = problem.M, problem.noise, problem.eta, problem.weight_decay

    def rhs(_, y):
        gamma, A, C, b2 = y
        L = np.sqrt(C)
        R, Q, k = A / L, gamma if wn else L, gamma / L if wn else 1.0
        e2 = 1 - 2 * Q * R + Q * Q + S
        if problem.step_clip is not None:
            f1, f2 = kept_closed(M, np.sqrt(e2), k, problem.step_clip)
        elif problem.accumulates:
            f1, f2 = 1 / np.sqrt(b2), 1 / b2
        else:
            sign = np.sqrt(2 / np.pi) if problem.optimiser == "sign" else 1.0
            f1, f2 = sign * mean_length(M) / (k * np.sqrt(e2)), M / (k * k * e2)
        f1, f2 = factor * f1, noise_factor * f2
        v, u = 1 - Q * R, R - Q
        dA = eta * k * f1 * (v - wn * R * u) - eta * decay * A
        dC = 2 * eta * k * f1 * (1 - wn) * L * u + (eta * k) ** 2 * f2 * e2 / M
        zeta = 0.0 if problem.zeta == "auto" else problem.zeta
        return [wn * eta * problem.gamma_rate * (u - zeta * Q), dA, dC - 2 * eta * decay * C,
                b2_factor * k * k * e2 / M]  # fmt: skip

    start = dict(zip(problem.order_parameters, problem.initial_state, strict=True))
    y0 = [start.get("gamma", 0.0), start["L"] * start["R"], start["L"] ** 2, 1.0]
    found = integrate.solve_ivp(rhs, (0, times[-1]), y0, t_eval=times, rtol=1e-9, atol=1e-11)
    gamma, A, C, b2 = found.y
    L = np.sqrt(C)
    return {"Q": gamma if wn else L, "R": A / L, "L": L, "b2": b2}
