"""Independent roads for the tests: plain NumPy and mpmath, sharing no code with the package."""

import itertools
import math

import numpy as np
from scipy.special import erf

RELU = (lambda h: np.maximum(h, 0.0), lambda h: (h > 0).astype(float))
SELU, SELU_ALPHA = 1.0507009873554805, 1.6732632423543772
ACTIVATIONS = {
    "relu": RELU,
    "identity": (lambda h: h, np.ones_like),
    "erf": (
        lambda h: erf(h / math.sqrt(2)),
        lambda h: math.sqrt(2 / math.pi) * np.exp(-(h**2) / 2),
    ),
    "tanh": (np.tanh, lambda h: 1 / np.cosh(h) ** 2),
    "leaky-relu": (lambda h: np.where(h > 0, h, 0.01 * h), lambda h: np.where(h > 0, 1.0, 0.01)),
    "gelu": (
        lambda h: h / 2 * (1 + erf(h / math.sqrt(2))),
        lambda h: (
            (1 + erf(h / math.sqrt(2))) / 2 + h * np.exp(-(h**2) / 2) / math.sqrt(2 * math.pi)
        ),
    ),
    "sigmoid": (lambda h: 1 / (1 + np.exp(-h)), lambda h: 1 / (1 + np.exp(-h)) / (1 + np.exp(h))),
    "silu": (
        lambda h: h / (1 + np.exp(-h)),
        lambda h: (1 + np.exp(-h) + h * np.exp(-h)) / (1 + np.exp(-h)) ** 2,
    ),
    "elu": (
        lambda h: np.where(h > 0, h, np.expm1(np.minimum(h, 0))),
        lambda h: np.where(h > 0, 1.0, np.exp(np.minimum(h, 0))),
    ),
    "selu": (
        lambda h: SELU * np.where(h > 0, h, SELU_ALPHA * np.expm1(np.minimum(h, 0))),
        lambda h: SELU * np.where(h > 0, 1.0, SELU_ALPHA * np.exp(np.minimum(h, 0))),
    ),
    "hard-tanh": (lambda h: np.clip(h, -1, 1), lambda h: (np.abs(h) < 1).astype(float)),
    "softplus": (lambda h: np.log1p(np.exp(h)), lambda h: 1 / (1 + np.exp(-h))),
}


def gaussian_pair_mean(function, rho, cuts_u=(0.0,), cuts_v=(0.0,), reach=9.0, points=80):
    """``E f(u, v)`` for unit normals of correlation rho, on the joint density itself.

    Gauss-Legendre on rectangles split at the cuts of u and of v.
    """
    nodes, weights = np.polynomial.legendre.leggauss(points)

    def rule(cuts):
        edges = [-reach, *cuts, reach]
        x = [(b - a) / 2 * nodes + (a + b) / 2 for a, b in itertools.pairwise(edges)]
        w = [(b - a) / 2 * weights for a, b in itertools.pairwise(edges)]
        return np.concatenate(x), np.concatenate(w)

    (u, wu), (v, wv) = rule(cuts_u), rule(cuts_v)
    U, V = np.meshgrid(u, v, indexing="ij")
    determinant = 1 - rho**2
    density = np.exp(-(U**2 - 2 * rho * U * V + V**2) / (2 * determinant))
    density /= 2 * math.pi * math.sqrt(determinant)
    return float(np.sum(np.outer(wu, wv) * density * function(U, V)))


def sgd_step(scheme, activation, student, teacher, X, noise, eta, zeta=0.0, decay=0.0, rate=1.0):
    """One step on the batch X (M, N) by autodiff-free textbook formulas.

    Takes and returns the student: w and gamma.

    The batch schemes' gradient is the Jacobian of the normalisation, written out.
    """
    (w, gamma), (g, slope) = student, ACTIVATIONS[activation]
    M, N = X.shape
    h, target = X @ w, g(X @ teacher) + noise
    norm = np.linalg.norm(w)
    if scheme == "sgd":
        f, jacobian, direct = h, np.eye(M), None
    elif scheme in ("wn", "pn", "mean-only-bn"):
        centred = h - h.mean() if scheme == "mean-only-bn" else h
        f = gamma * math.sqrt(N) * centred / norm
        jacobian = np.eye(M) * gamma * math.sqrt(N) / norm
        if scheme == "mean-only-bn":
            jacobian = jacobian @ (np.eye(M) - 1 / M)
        direct = -f / norm**2
    else:
        sigma = math.sqrt(np.mean((h - h.mean()) ** 2))
        unit = (h - h.mean()) / sigma
        by_sigma = unit / M  # d sigma / d h
        if scheme == "bn":
            f = gamma * unit
            jacobian = gamma / sigma * (np.eye(M) - 1 / M - np.outer(unit, by_sigma))
        else:
            f = gamma * h / sigma
            jacobian = gamma / sigma * (np.eye(M) - np.outer(h / sigma, by_sigma))
        direct = None
    delta = slope(f) * (target - g(f)) / M
    gradient = X.T @ (jacobian.T @ delta)
    if direct is not None:
        gradient = gradient + (delta @ direct) * w
    by_gamma = delta @ f / gamma if scheme != "sgd" else 0.0
    new_w = w + eta * gradient - eta * decay * w / N
    return new_w, gamma + eta * rate / N * (by_gamma - zeta * gamma)
