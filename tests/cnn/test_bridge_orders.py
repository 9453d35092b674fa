"""Which orders in 1/M the loss gap has when the loss has kinks: exact answers of one neuron.

Gaussian fields: ``x = (u_i - mean)/spread`` of a batch has ``x^2/(M - 1)`` of law
Beta(1/2, (M - 2)/2), so the mean loss is one integral. Its moments give the law as a series,
``1 + [-He4/4]/M + [He4/4 + He6/3 + He8/32]/M^2 + ...`` times the Gaussian's, whatever the loss. By
the other road the first order is the bridge's noise and residual parts and, from the kink of ReLU
where the loss has a slope, ``-y gamma f(u0) (1 + u0^2/2)/2``.
"""

import numpy as np
import pytest
from scipy import integrate, special, stats

GAMMA, BETA, LABEL = 1.3, 0.4, 0.7
KINK = -BETA / GAMMA
SIZES = np.array([32, 64, 128, 256, 512])


def loss(x):
    """Squared error of a ReLU neuron against a label of its own: it keeps a slope at the kink."""
    return 0.5 * (np.maximum(GAMMA * x + BETA, 0) - LABEL) ** 2


def mean(function, law, most=12.0):
    """An average by quadrature on both sides of the kink."""
    parts = [
        integrate.quad(lambda x: function(x) * law(x), *ends, epsabs=1e-14, limit=400)[0]
        for ends in ((-most, KINK), (KINK, most))
    ]
    return sum(parts)


def of_batch(size):
    """The density of a normalised field of a batch, where it is not 0 anyway."""
    log = special.gammaln((size - 1) / 2) - special.gammaln((size - 2) / 2)
    log -= np.log(np.pi * (size - 1)) / 2
    inside = lambda x: np.maximum(1 - x**2 / (size - 1), 0.0)  # noqa: E731
    return lambda x: np.exp(log) * inside(x) ** ((size - 4) / 2)


def gaps(sizes):
    quiet = mean(loss, stats.norm.pdf)
    most = [min(12.0, np.sqrt(size - 1)) for size in sizes]
    return np.array([mean(loss, of_batch(m), w) - quiet for m, w in zip(sizes, most, strict=True)])


def of_law(*terms):
    """An order from the series of the law: weights of Hermite polynomials."""
    hermite = [(weight, special.hermitenorm(n)) for n, weight in terms]
    return mean(lambda u: loss(u) * sum(w * he(u) for w, he in hermite), stats.norm.pdf)


def smooth_part():
    """Noise and residual of the bridge at M = 1, one field an image: V1 = 1, V2 = 2, C = 0."""
    on = lambda u: u > KINK  # noqa: E731
    slope = lambda u: (GAMMA * u + BETA - LABEL) * on(u)  # noqa: E731
    average = lambda function: mean(function, stats.norm.pdf)  # noqa: E731
    noise = GAMMA**2 / 2 * average(lambda u: on(u) * (1 + u**2 / 2))
    own = GAMMA * average(lambda u: slope(u) * (u + u * (u**2 - 1) / 2))
    return noise - own + GAMMA * average(lambda u: slope(u) * u) * (1 / 2 + 3 * 2 / 8)


def test_the_kink_belongs_to_the_first_order():
    of_kink = -LABEL * GAMMA * stats.norm.pdf(KINK) * (1 + KINK**2 / 2) / 2
    first = of_law((4, -1 / 4))
    assert smooth_part() + of_kink == pytest.approx(first, abs=1e-9)
    assert abs(of_kink) > 6 * abs(first)  # without it even the sign is wrong
    assert SIZES[-1] * gaps(SIZES[-1:])[0] == pytest.approx(first, abs=1e-4)


def test_the_next_order_is_one_over_m_squared():
    """No power of M between: what two orders leave falls by 8 when M doubles."""
    first, second = of_law((4, -1 / 4)), of_law((4, 1 / 4), (6, 1 / 3), (8, 1 / 32))
    left = gaps(SIZES) - first / SIZES - second / SIZES**2
    # The next term is of relative order 10/M (M = 64 on), which shifts the ratio by a tenth.
    assert left[1:-1] / left[2:] == pytest.approx(8, rel=0.1)
    wrong = gaps(SIZES) - first / SIZES - 1.1 * second / SIZES**2
    assert wrong[1:-1] / wrong[2:] == pytest.approx(4, rel=0.1)


def test_a_field_that_repeats_itself_on_a_kink_goes_like_the_root():
    """Fields of -1 or 1, centred; ReLU bends at 1: half the batch's mean shift is rectified."""

    def gap(size, kink):
        count = np.arange(size + 1)
        share, centre = count / size, 2 * count / size - 1
        relu = lambda x: np.maximum(x - kink, 0)  # noqa: E731
        law = stats.binom.pmf(count, size, 0.5)
        batch = law @ (share * relu(1 - centre) + (1 - share) * relu(-1 - centre))
        return batch - (relu(1) + relu(-1)) / 2

    sizes = np.array([256, 1024, 4096])
    on = np.array([gap(size, 1.0) for size in sizes])
    assert on[:-1] / on[1:] == pytest.approx(2, rel=0.1)  # M^(-1/2), 1/M besides
    # Half a unit (8 spreads of the mean at M = 256) away there is no kink: E k_ii = 1/2 is left.
    off = np.array([gap(size, 0.5) for size in sizes])
    assert off * sizes == pytest.approx(-0.5, abs=1e-9)


def test_a_jump_of_the_density_on_a_kink_goes_like_m_to_three_halves():
    """Exponential fields less the mean: ReLU bends where their density begins.

    ``e_i/sum`` is of law Beta(1, M - 1) and the mean Gamma(M)/M, independent of it.
    """

    def gap(size):
        def of_share(z):  # z = M e_i/sum: the mean of ((1 - z) mean - 1)_+
            if z >= 1:
                return 0.0
            above = size / (1 - z)
            return (1 - z) * special.gammaincc(size + 1, above) - special.gammaincc(size, above)

        law = lambda z: (size - 1) / size * (1 - z / size) ** (size - 2)  # noqa: E731
        places = [0.1 / size**0.5, 3 / size**0.5]
        return integrate.quad(
            lambda z: of_share(z) * law(z), 0, 1, points=places, limit=500, epsabs=1e-15
        )[0]

    sizes = np.array([256, 1024, 4096])
    # Rectified are d^2/2 for half of all shifts, of variance 1/M: 1/(4 M) comes first.
    left = np.array([gap(size) for size in sizes]) - 1 / (4 * sizes)
    assert left[:-1] / left[1:] == pytest.approx(8, rel=0.05)  # M^(-3/2): 2^3; M^(-2) were 16
