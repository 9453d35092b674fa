"""Plain NumPy roads to the drift and the moments of batch schemes, by drawing batches."""

import math

import numpy as np
from reference import ACTIVATIONS


def draw(M, batches, R, rng):
    """Student and teacher fields u, v of many batches, and ubar, s, uhat."""
    u = rng.standard_normal((batches, M))
    v = R * u + math.sqrt(1 - R**2) * rng.standard_normal((batches, M))
    ubar, s = u.mean(axis=1, keepdims=True), u.std(axis=1, keepdims=True)
    return u, v, ubar, s, (u - ubar) / s


def drawn_increments(problem, y, batches, rng):
    """N times a step's increments of gamma[, beta], LR, L^2 in drawn batches, as N grows.

    Every scheme's gradient is the Jacobian of its normalisation, written out. Returns also what
    ``E |step|^2`` lacks of order 1/N (f1), batch by batch.
    """
    names = dict(zip(problem.order_parameters, y, strict=True))
    gamma, R, L = names["gamma"], names["R"], names["L"]
    M, eta = problem.M, problem.eta
    g, slope = ACTIVATIONS[problem.activation]
    u, v, _, s, uhat = draw(M, batches, R, rng)
    field = {"bn": uhat, "mean-only-bn": s * uhat, "var-only-bn": u / s}[problem.scheme]
    f = gamma * field + names.get("beta", 0.0)
    noise = math.sqrt(problem.noise) * rng.standard_normal(u.shape)
    delta = slope(f) * (g(v) + noise - g(f)) / M

    def mean(x):
        return x.mean(axis=1, keepdims=True)

    pull = 0.0
    if problem.scheme == "bn":
        c = gamma / (L * s) * (delta - mean(delta) - uhat * mean(delta * uhat))
    elif problem.scheme == "mean-only-bn":
        c = gamma / L * (delta - mean(delta))
        pull = -(delta * f).sum(axis=1) / L**2  # the norm of w is part of the field
    else:
        c = gamma / (L * s) * (delta - uhat * mean(delta * u) / s)
    changes = [eta * problem.gamma_rate * (delta * field).sum(axis=1)]
    if problem.train_beta:
        changes.append(eta * problem.gamma_rate * delta.sum(axis=1))
    changes.append(eta * ((c * v).sum(axis=1) + pull * L * R))
    changes.append(2 * eta * ((c * u * L).sum(axis=1) + pull * L**2) + eta**2 * (c**2).sum(axis=1))
    z = (v - R * u) / math.sqrt(1 - R**2)
    along = (c * u).sum(axis=1) + pull * L
    finite = along**2 + (c * z).sum(axis=1) ** 2 - 2 * (c**2).sum(axis=1)
    return np.array(changes), eta**2 * finite


def in_order_parameters(changes, R, L):
    """First-order increments of gamma[, beta], R, L, given those of gamma[, beta], LR, L^2."""
    *scalars, overlap, square = changes
    return np.array([*scalars, overlap / L - R / (2 * L**2) * square, square / (2 * L)])


def drawn_drift(problem, y, batches, rng):
    """Means and standard errors of d gamma[, d beta], d(LR), d(L^2) over drawn batches."""
    changes, _ = drawn_increments(problem, y, batches, rng)
    return changes.mean(axis=1), changes.std(axis=1) / math.sqrt(batches)


def drawn_moments(spec, activation, M, q, shift, rho, batches, rng):
    """Means and standard errors of a table's moments over drawn batches."""
    g, slope = ACTIVATIONS[activation]
    _, v, ubar, s, uhat = draw(M, batches, rho, rng)

    def laurent(terms):
        return sum(c * ubar**i * s ** float(j) for c, i, j in terms)

    f = shift + q * (laurent(spec.x0) + laurent(spec.x1) * uhat)
    G, S, T = g(f), slope(f), g(v)
    found = []
    for a, b, i, j, k, t, e in spec.singles:
        x = G**a * S**b * uhat**i * ubar**j * s ** float(k) * T**t * v**e
        found.append(x.mean(axis=1))
    for a, b, i, t, a2, b2, i2, t2, j, k in spec.pairs:
        one, two = G**a * S**b * uhat**i * T**t, G**a2 * S**b2 * uhat**i2 * T**t2
        pairs = one.sum(axis=1) * two.sum(axis=1) - (one * two).sum(axis=1)
        found.append(pairs / (M * (M - 1)) * (ubar**j * s ** float(k))[:, 0])
    found = np.array(found)
    return found.mean(axis=1), found.std(axis=1) / math.sqrt(batches)
