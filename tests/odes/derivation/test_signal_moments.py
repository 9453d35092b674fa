"""Moments of a signal against closed forms, SciPy's nested quadrature and Gauss-Hermite."""

import math

import bntheory as bn
import numpy as np
import pytest
from bntheory.odes.derivation.expectations import Point
from bntheory.odes.derivation.signal_kernels import signal_kernels
from bntheory.odes.derivation.signal_moments import SignalMoment, rule_of, signal_average
from scipy import integrate, special

SMOOTH, KINKED = 1e-8, 1e-6
#: E delta^2, E delta u, E delta v.
DRIFT = ((2, 0, 0), (1, 1, 0), (1, 0, 1))


def density(z):
    return np.exp(-z * z / 2) / math.sqrt(2 * math.pi)


def averages(problem, at, powers=DRIFT):
    return [signal_average(SignalMoment(*p, problem), at, 4.0, 2.0) for p in powers]


def check(problem, at, expected, accuracy, powers=DRIFT):
    """Every average is right, and its error is not claimed to be smaller than it is."""
    found = averages(problem, at, powers)
    for (value, error), right in zip(found, expected, strict=True):
        assert value == pytest.approx(right, abs=accuracy)
        assert error < accuracy


def huber(q, rho, S, c):
    """Of a linear student under Gaussian noise: integration by parts."""
    square = 1 - 2 * q * rho + q * q + S
    z = c / math.sqrt(square)
    p = math.erf(z / math.sqrt(2))
    return np.array([
        square * (p - 2 * z * density(z)) + c * c * (1 - p), p * (rho - q), p * (1 - q * rho)
    ])  # fmt: skip


def over_chi_square(law, degrees, S):
    """A law of Gaussian noise averaged over ``S nu/chi^2``, by SciPy in the quantile of chi^2."""

    def integrand(p, i):
        return law(S * degrees / special.chdtri(degrees, 1.0 - p))[i]

    points = [1e-8, 1e-6, 1e-4, 1e-2, 0.1]
    return [
        integrate.quad(integrand, 0, 1, args=(i,), limit=1000, points=points, epsabs=1e-11)[0]
        for i in range(3)
    ]


@pytest.mark.parametrize(("q", "rho", "S", "c"), [(0.7, 0.6, 0.1, 0.8), (2.3, -0.4, 0.7, 0.2)])
def test_huber_under_gaussian_noise(q, rho, S, c):
    problem = bn.Problem("identity", "wn", loss=f"huber:{c}", noise=S)
    check(problem, Point(q, rho, noise=S), huber(q, rho, S, c), KINKED)


@pytest.mark.slow
@pytest.mark.parametrize("degrees", [1.0, 2.0, 5.5])
def test_huber_under_students_noise(degrees):
    q, rho, S, c = 0.7, 0.6, 0.05, 0.8
    problem = bn.Problem(
        "identity", "wn", loss=f"huber:{c}", noise=S, noise_law=f"student-t:{degrees}"
    )
    expected = over_chi_square(lambda s: huber(q, rho, s, c), degrees, S)
    found = [value for value, _ in averages(problem, Point(q, rho, noise=S))]
    assert found[1:] == pytest.approx(expected[1:], abs=KINKED)
    # Of the square the closed form loses its digits in heavy tails.
    assert found[0] == pytest.approx(expected[0], abs=1e-4 if degrees == 1.0 else KINKED)


def test_huber_under_cauchy_noise_is_not_that_of_laguerre():
    """60 Gauss-Laguerre nodes in chi^2 miss the branch point near 0."""
    q, rho, S, c = 0.9, 0.95, 0.05, 0.8
    problem = bn.Problem("identity", "wn", loss=f"huber:{c}", noise=S, noise_law="student-t:1")
    x, w = special.roots_genlaguerre(60, -0.5)
    coarse = sum(w * [huber(q, rho, S / (2 * a), c)[2] for a in x]) / math.gamma(0.5)
    value, error = averages(problem, Point(q, rho, noise=S))[2]
    assert abs(value - coarse) > 1e-4 > 1e3 * error


def signs(q, rho, delta):
    """The density of ``p = y u`` is ``2 phi(p) Phi(rho p/T)``."""
    T = math.sqrt(1 - rho * rho)
    points = sorted({x * s for x in (T, 5 * T, 1 / q, 5 / q, 0.1) for s in (-1, 1) if x < 9} | {0})

    def mean(factor):
        return integrate.quad(factor, -9, 9, limit=2000, points=points, epsabs=1e-13)[0]

    return [
        mean(lambda p: 2 * density(p) * special.ndtr(rho * p / T) * delta(q * p) ** 2),
        mean(lambda p: 2 * density(p) * special.ndtr(rho * p / T) * delta(q * p) * p),
        mean(lambda p: 2 * density(p) * delta(q * p)
             * (rho * p * special.ndtr(rho * p / T) + T * density(rho * p / T))),
    ]  # fmt: skip


LOGISTIC = bn.Problem("identity", "wn", loss="logistic", labels="sign")


@pytest.mark.parametrize(("q", "rho"), [(0.7, 0.6), (30.0, 0.999), (200.0, 0.99999), (0.7, -0.4)])
def test_logistic_of_signs(q, rho):
    check(LOGISTIC, Point(q, rho), signs(q, rho, lambda x: special.expit(-x)), SMOOTH)


def test_a_planted_tail_of_the_label_is_seen():
    right, q, rho = averages(LOGISTIC, Point(0.7, 0.6)), 0.7, 0.6

    def wrong(p):  # T forgotten
        return 2 * density(p) * special.ndtr(rho * p) * special.expit(-q * p) * p

    assert abs(integrate.quad(wrong, -9, 9)[0] - right[1].value) > 1e3 * SMOOTH


@pytest.mark.slow
@pytest.mark.parametrize(("q", "rho"), [(0.7, 0.6), (30.0, 0.999), (0.7, -0.4)])
def test_hinge_of_signs(q, rho):
    problem = bn.Problem("identity", "wn", loss="hinge", labels="sign")
    check(problem, Point(q, rho), signs(q, rho, lambda x: 1.0 * (x < 1)), KINKED)


@pytest.mark.slow
def test_logistic_of_bernoulli_labels():
    q, rho, K = 0.7, 0.6, 2.0
    problem = bn.Problem("identity", "pn", loss="logistic", labels=f"bernoulli:{K}")
    x, w = np.polynomial.hermite_e.hermegauss(160)
    w = w / math.sqrt(2 * math.pi)
    u, z = np.meshgrid(x, x, indexing="ij")
    v = rho * u + math.sqrt(1 - rho**2) * z
    chance, weight = special.expit(K * v), np.outer(w, w)
    one, other = special.expit(-q * u), -special.expit(q * u)
    first = chance * one + (1 - chance) * other
    square = chance * one**2 + (1 - chance) * other**2
    expected = [(weight * f).sum() for f in (square, first * u, first * v)]
    check(problem, Point(q, rho), expected, SMOOTH)


@pytest.mark.slow
def test_absolute_loss_of_a_relu_without_noise():
    q, rho = 0.7, 0.6
    problem = bn.Problem("relu", "wn", loss="absolute")
    assert rule_of(problem) == "signal_teacher"
    T = math.sqrt(1 - rho * rho)

    def given(u):  # delta = sign(relu(v) - q u) where u > 0: 1 where v > q u
        above = special.ndtr((rho * u - q * u) / T)
        above_v = rho * u * above + T * density((q * u - rho * u) / T)
        return 1.0, u * (2 * above - 1), 2 * above_v - rho * u

    expected = [integrate.quad(lambda u, i=i: density(u) * given(u)[i], 0, 9)[0] for i in range(3)]
    check(problem, Point(q, rho), expected, KINKED)


@pytest.mark.slow
def test_log_cosh_of_noisy_teachers_against_gauss_hermite():
    """Neither linear nor of classes: three-fold."""
    q, rho, S = 0.7, 0.6, 0.3
    problem = bn.Problem("erf", "wn", loss="log(cosh(y - o))", noise=S)
    x, w = np.polynomial.hermite_e.hermegauss(48)
    w = w / math.sqrt(2 * math.pi)
    u, z, xi = np.meshgrid(x, x, x, indexing="ij")
    weight = w[:, None, None] * w[None, :, None] * w[None, None, :]
    v = rho * u + math.sqrt(1 - rho**2) * z
    f = q * u
    slope = math.sqrt(2 / math.pi) * np.exp(-f * f / 2)
    residual = special.erf(v / math.sqrt(2)) + math.sqrt(S) * xi - special.erf(f / math.sqrt(2))
    delta = slope * np.tanh(residual)
    expected = [(weight * f).sum() for f in (delta**2, delta * u, delta * v)]
    check(problem, Point(q, rho, noise=S), expected, SMOOTH)


def test_the_trapezoid_is_the_graded_rule_or_says_that_it_is_too_coarse():
    """Of smooth signals: to 1e-10, over six decades of the angle."""
    kernels = signal_kernels(bn.Problem("identity", "wn", loss="logistic", labels="sign"))
    powers = np.array([*DRIFT, (4, 0, 0), (2, 1, 1), (-1, 0, 0)])
    room, out, graded = (np.empty((3, 7)), np.empty((2, 3))), np.empty(6), np.empty(6)
    rng = np.random.default_rng(4)
    for q, angle in np.exp(rng.uniform((-3.0, -13.0), (4.0, 1.1), (60, 2))):
        for shift in (0.0, 0.4):
            field = (q, shift, math.cos(angle), 1.0)
            known = kernels.even_moments(field, 4.0, powers, room, out)
            kernels.signal_moments(q, shift, math.cos(angle), 0.0, 1.0, 2.0, powers, graded)
            assert not known or np.abs(out - graded).max() < 1e-10
            assert known or shift != 0.0
            # What a point says of a step ten times as long is seen.
            kernels.add_row(0.0, 10.0 / (1.0 + q), field, 4.0, powers, room, out)
            assert np.abs(out - graded).max() > 1e-6


@pytest.mark.parametrize("S", [1e2, 1e4])
@pytest.mark.parametrize("law", ["gaussian", "student-t:4"])
def test_a_smooth_loss_bends_within_a_small_part_of_large_noise(law, S):
    # 2 r / (1 + r^2) lives on residuals of order 1, a hundredth of the noise's deviation.
    problem = bn.Problem("tanh", "wn", loss="log(1 + (y - o)**2)", noise=S, noise_law=law)
    q, rho, std = 0.8, 0.4, math.sqrt(S)
    field, step = np.linspace(-9, 9, 91, retstep=True)
    u, z = field[:, None], field[None, :]
    v = rho * u + math.sqrt(1 - rho**2) * z
    r = np.tanh(v) - np.tanh(q * u)
    # Fields by the trapezoidal rule; noise too, in n = r + std x = sinh(s), fine where n is small.
    means = np.zeros((2, *r.shape))
    s, width = np.linspace(-20, 20, 3001, retstep=True)
    for n, scale in zip(np.sinh(s), np.cosh(s) * width / std, strict=True):
        x = (n - r) / std
        p = density(x) if law == "gaussian" else 0.375 * (1 + x**2 / 4) ** -2.5
        delta = 2 * n / (1 + n * n)
        means += scale * p * np.array([delta, delta**2])[:, None, None]
    slope, weight = 1 / np.cosh(q * u) ** 2, density(u) * density(z) * step**2
    expected = [
        np.sum(weight * slope**2 * means[1]),
        np.sum(weight * slope * means[0] * u),
        np.sum(weight * slope * means[0] * v),
    ]
    check(problem, Point(q, rho, noise=S), expected, SMOOTH)
