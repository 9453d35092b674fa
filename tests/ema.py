"""Running statistics by drawing, in plain NumPy: batches, their averages, and what follows."""

import math

import numpy as np

#: What is left of the start of an exponential average, of variance 1: far below standard errors.
LEFT = 1e-8


def draw_running(m, rho, chains, rng):
    """Running mean and (unbiased) variance after so many batches of standard normals."""
    steps = 1 if rho == 1.0 else math.ceil(math.log(LEFT) / math.log(1 - rho))
    mean, variance = np.zeros(chains), np.ones(chains)
    for _ in range(steps):
        u = rng.standard_normal((chains, m))
        mean += rho * (u.mean(axis=1) - mean)
        variance += rho * (u.var(axis=1, ddof=1) - variance)
    return mean, variance


def fixed_errors(g, gamma, R, mean, variance, nodes=48):
    """The error at every running mean and variance, by a product rule over both fields."""
    x, w = np.polynomial.hermite_e.hermegauss(nodes)
    w = w / w.sum()
    u, z = np.meshgrid(x, x, indexing="ij")
    target, weight = g(R * u + math.sqrt(1 - R**2) * z), np.outer(w, w)
    first, second = (weight * target).sum(axis=1), (weight * target**2).sum()
    own = g(gamma * (x - mean[:, None]) / np.sqrt(variance)[:, None])
    return (second - 2 * own @ first + own**2 @ w) / 2


def drawn_pairs(g, gamma, R, mean, variance, examples, rng):
    """The mean error of fresh examples at every running mean and variance."""
    u, z = rng.standard_normal((2, mean.size, examples))
    f = gamma * (u - mean[:, None]) / np.sqrt(variance)[:, None]
    return ((g(R * u + math.sqrt(1 - R**2) * z) - g(f)) ** 2).mean(axis=1) / 2


def within(sample, value, most=4.5):
    """Whether a sample's mean is a value, to so many standard errors."""
    return abs(sample.mean() - value) < most * sample.std(ddof=1) / math.sqrt(sample.size)
