"""Closed averages of several Gaussian fields, by two other roads.

One-factor covariances ``l_i l_j`` off the diagonal make the fields independent given the factor, so
that every average is one integral of known functions: exact to rounding. Covariances in general
position are compared with scrambled Sobol points.
"""

import itertools
import math
import re
from pathlib import Path

import numpy as np
import pytest
from bntheory.odes.committee.kernels import erf_averages, identity_averages, relu_averages
from bntheory.odes.committee.kernels.bivariate import spread_moment
from bntheory.odes.committee.kernels.orthants import hexadecant
from scipy.special import erf, ndtri
from scipy.stats import norm, qmc

NODES, WEIGHTS = np.polynomial.legendre.leggauss(400)
FACTOR, DENSITY = 9.0 * NODES, 9.0 * WEIGHTS * norm.pdf(9.0 * NODES)
CLOSED = {"erf": erf_averages, "relu": relu_averages, "identity": identity_averages}
ACTIVATIONS = {
    "erf": (lambda h: erf(h / math.sqrt(2)), lambda h: math.sqrt(2 / math.pi) * np.exp(-h * h / 2)),
    "relu": (lambda h: np.maximum(h, 0.0), lambda h: (h > 0.0).astype(float)),
    "identity": (lambda h: h, np.ones_like),
}
KERNELS = Path(erf_averages.__file__).parent
FOURTHS = ((0, 1, 2, 3), (0, 0, 1, 3), (0, 2, 2, 3), (3, 3, 3, 3))
LOADS, SIZES = np.array([0.8, -0.5, 0.6, 0.35]), np.array([1.1, 0.6, 0.9, 1.3])


def one_factor(loads, sizes):
    """A covariance, and mean and spread of every field given the factor."""
    G = np.outer(loads * sizes, loads * sizes)
    np.fill_diagonal(G, sizes**2)
    return G, np.outer(loads * sizes, FACTOR), sizes * np.sqrt(1.0 - loads**2)


def conditional(activation, slopes, values, mean, spread):
    """``E[g'(x)^slopes g(x)^values]`` given the factor, by Gauss-Legendre on either side of 0."""
    g, slope = ACTIVATIONS[activation]
    x, weight = np.polynomial.legendre.leggauss(160)
    total = 0.0
    for low, high in ((-12.0 * spread, 0.0), (0.0, 12.0 * spread)):
        a, b = mean + low, mean + high
        cuts = [a, np.clip(0.0, a, b), b]  # split at the kink
        for left, right in itertools.pairwise(cuts):
            h = 0.5 * (left + right)[:, None] + 0.5 * (right - left)[:, None] * x
            density = norm.pdf(h, mean[:, None], spread) * weight
            made = slope(h) ** min(slopes, 2 if activation == "erf" else 1) if slopes else 1.0
            total = total + (made * g(h) ** values * density).sum(1) * 0.5 * (right - left)
    return total


def fourth(activation, i, j, p, q):
    """``E[g'_i g'_j g_p g_q]`` by one integral over the factor."""
    _, means, spreads = one_factor(LOADS, SIZES)
    product = np.ones_like(FACTOR)
    for k in range(4):
        slopes, values = (i == k) + (j == k), (p == k) + (q == k)
        if slopes or values:
            product = product * conditional(activation, slopes, values, means[k], spreads[k])
    return float(DENSITY @ product)


def closed_fourth(activation, G, i, j, p, q):
    """The same from the square of a sum, by polarisation."""
    module, n = CLOSED[activation], len(G)
    work, four = np.empty((3 * n, n)), np.empty(1 << n)
    module.prepare(G, 4, work, four)
    own = np.eye(n)
    both, first, second = (
        module.square(G, i, j, c, work, four) for c in (own[p] + own[q], own[p], own[q])
    )
    return first if p == q else 0.5 * (both - first - second)


@pytest.mark.parametrize("activation", ["erf", "relu", "identity"])
def test_four_fields(activation):
    """To rounding of sums of 400 terms; erf at 1e-9, its tail ends at 9 sigma."""
    G = one_factor(LOADS, SIZES)[0]
    for at in [(0, 1, 2, 3), (0, 0, 1, 2), (0, 1, 0, 2), (0, 1, 0, 1), (2, 2, 2, 3), (1, 1, 1, 1)]:
        expected = fourth(activation, *at)
        assert closed_fourth(activation, G, *at) == pytest.approx(expected, abs=2e-10), at
        assert closed_fourth(activation, G, *at[:2], *at[:1:-1]) == pytest.approx(
            expected, abs=2e-10
        )


@pytest.mark.parametrize("activation", ["erf", "relu", "identity"])
def test_covariances_in_general_position(activation):
    """8 scramblings, 30 averages a class: |t_7| beyond 7.5 has probability 1e-4 each."""
    module, (g, slope) = CLOSED[activation], ACTIVATIONS[activation]
    G = np.cov(np.random.default_rng(3).normal(size=(4, 9)))
    B = np.linalg.cholesky(G)
    made = []
    for seed in range(8):
        x = B @ ndtri(qmc.Sobol(4, seed=seed).random(2**14)).T
        values, slopes = g(x), slope(x)
        row = [np.mean(values[0] * values[1]), np.mean(slopes[0] * slopes[1])]
        row += [np.mean(slopes[0] * x[2] * values[3]), np.mean(slopes[1] * x[1] * values[3])]
        row += [np.mean(slopes[i] * slopes[j] * values[p] * values[q]) for i, j, p, q in FOURTHS]
        made.append(row)
    alpha, beta = module.response(G[0, 0], G[3, 3], G[0, 3])
    other = module.response(G[1, 1], G[3, 3], G[1, 3])
    expected = [module.overlap(G[0, 0], G[1, 1], G[0, 1]), module.slopes(G[0, 0], G[1, 1], G[0, 1])]
    expected += [alpha * G[0, 2] + beta * G[3, 2], other[0] * G[1, 1] + other[1] * G[3, 1]]
    expected += [closed_fourth(activation, G, *at) for at in FOURTHS]
    mean, sem = np.mean(made, axis=0), np.std(made, axis=0, ddof=1) / math.sqrt(8)
    assert (np.abs(mean - expected) <= 7.5 * sem + 1e-12).all(), (mean - expected) / sem
    # Planted: the fourth moment of a field without the term of the pair (Tallis' second sum).
    wrong = closed_fourth(activation, np.diag(np.diag(G)), 0, 1, 2, 3)
    assert abs(mean[4] - wrong) > 7.5 * sem[4]


def orthant(loads):
    """All of one-factor variables positive: one integral."""
    given = [norm.cdf(load * FACTOR / math.sqrt(1 - load**2)) for load in loads]
    return float(DENSITY @ np.prod(given, axis=0))


@pytest.mark.parametrize(
    "loads",
    [(0.5**0.5,) * 4, (0.9, 0.5, -0.3, 0.7), (0.97, 0.95, 0.2, -0.6), (0.98, 0.98, 0.97, 0.96),
     (0.995, 0.995, 0.3, 0.4), (0.0, 0.0, 0.9, 0.9)],
)  # fmt: skip
def test_orthants_of_four(loads):
    """Equicorrelated at 1/2 it is 1/5; the rule's own error is 5e-11 up to 0.99."""
    rho = np.outer(loads, loads)
    np.fill_diagonal(rho, 1.0)
    for order in ((0, 1, 2, 3), (2, 0, 3, 1)):
        assert hexadecant(*order, rho) == pytest.approx(orthant(loads), abs=1e-10)
    if len(set(loads)) == 1 and loads[0] == 0.5**0.5:
        assert hexadecant(0, 1, 2, 3, rho) == pytest.approx(0.2, abs=1e-12)


def test_identical_units_have_three_in_their_orthant():
    loads = np.array([0.6, 0.6, 0.5, 0.7])
    rho = np.outer(loads, loads)
    np.fill_diagonal(rho, 1.0)
    rho[0, 1] = rho[1, 0] = 1.0
    assert hexadecant(0, 1, 2, 3, rho) == pytest.approx(orthant(loads[1:]), abs=1e-9)


@pytest.mark.parametrize(("M", "rho"), [(8, 0.6), (5, -0.9)])
def test_moments_of_spreads_and_correlation(M, rho):
    """10^5 batches; |z| beyond 5 has probability 6e-7 each."""
    rng = np.random.default_rng(7)
    x = rng.standard_normal((2, 100_000, M))
    x[1] = rho * x[0] + math.sqrt(1 - rho * rho) * x[1]
    x -= x.mean(axis=2, keepdims=True)
    s = np.sqrt((x**2).mean(axis=2))
    r = (x[0] * x[1]).mean(axis=1) / (s[0] * s[1])
    planted = []  # degrees of freedom M, not M - 1
    for p, q, m in [(1, 0, 0), (0, 0, 1), (0, 1, 1), (2, -1, 2), (-1, -1, 3), (1, -1, 0)]:
        sample = s[0] ** p * s[1] ** q * r**m
        sem = sample.std() / 100_000**0.5
        assert abs(sample.mean() - spread_moment(M, rho, p, q, m)) < 5.0 * sem
        planted.append(abs(sample.mean() - spread_moment(M + 1, rho, p, q, m)) / sem)
    assert min(planted[:1]) > 5.0
    assert np.median(planted) > 5.0


def test_moments_of_equal_and_of_unrelated_units():
    assert spread_moment(8.0, 0.0, 0, 0, 1) == 0.0
    assert spread_moment(8.0, 0.3, 0, 0, 0) == pytest.approx(1.0, abs=1e-12)
    assert spread_moment(8.0, 0.3, 2, 0, 0) == pytest.approx(7 / 8, abs=1e-12)
    assert spread_moment(1000.0, 0.99, 0, -2, 0) == pytest.approx(1000 / 997, rel=1e-9)


@pytest.mark.parametrize("path", sorted(KERNELS.glob("*.py")), ids=lambda path: path.stem)
def test_a_kernel_imports_what_is_copied_with_it(path):
    relative = set(re.findall(r"^from (\.\S*) import", path.read_text(), flags=re.M))
    assert relative <= {f".{other.stem}" for other in KERNELS.glob("*.py")}
    absolute = set(re.findall(r"^from ([a-z]\S*) import", path.read_text(), flags=re.M))
    assert absolute <= {"bntheory.codegen.jit"}
