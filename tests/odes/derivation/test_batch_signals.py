"""Moments of a signal within a batch: quadrature against draws, both against other roads."""

import json
import math

import bntheory as bn
import numpy as np
import pytest
from bntheory.odes.derivation.batch_signal_averages import Averages
from bntheory.odes.derivation.drift import derive_drift
from bntheory.odes.derivation.expectations import Point
from bntheory.odes.derivation.symbols import (
    BATCH,
    DECAY,
    ETA,
    FIELD_STD,
    GAMMA,
    GAMMA_RATE,
    NOISE,
    RHO,
    SHIFT,
    SIGN,
    STATISTICS_SIZE,
    ZETA,
    L,
    R,
)
from bntheory.odes.source.table_source import table_spec
from bntheory.results.errors import InputError
from scipy import integrate, optimize, special

#: A moment's error is a standard error of 8 sequences: Student's t of 7 degrees of freedom is
#: beyond 8 once in 10^4, and the draws are fixed.
TIMES = 8.0
SIGNS = {"activation": "identity", "scheme": "bn", "loss": "logistic", "labels": "sign"}


def averages(problem):
    derivation = derive_drift(problem)
    spec = json.loads(table_spec(derivation))
    return Averages(problem, spec, problem.m, problem.noise)


def drawn(problem, *point):
    """Moments of one example over draws alone, with standard errors."""
    own = averages(problem)
    own.by_rule = False
    found = own.at(*point)[:, : len(own.singles)]
    return found.mean(axis=0), found.std(axis=0, ddof=1) / math.sqrt(len(found))


@pytest.mark.parametrize(
    ("given", "point"),
    [
        ({"batch_size": 8}, (0.7, 0.0, 0.3)),
        ({"batch_size": 8}, (5.0, 0.0, 0.9999)),
        ({"batch_size": 32}, (40.0, 0.0, -0.8)),
        ({"scheme": "var-only-bn", "activation": "relu", "batch_size": 11}, (0.7, 0.0, 0.4)),
        pytest.param(
            {"scheme": "var-only-bn", "labels": "bernoulli:2", "batch_size": 32}, (2.0, 0.0, -0.7),
            marks=pytest.mark.slow,
        ),
        pytest.param(
            {"loss": "hinge", "scheme": "mean-only-bn", "batch_size": 7}, (1.3, 0.0, 0.6),
            marks=pytest.mark.slow,
        ),
        pytest.param(
            {"labels": "bernoulli:2", "activation": "tanh", "batch_size": 9}, (1.3, 0.0, 0.6),
            marks=pytest.mark.slow,
        ),
    ],
)  # fmt: skip
def test_classes_by_quadrature_agree_with_draws(given, point):
    problem = bn.Problem(**SIGNS | given)
    own = averages(problem)
    value = own.at(*point)[0, : len(own.singles)]
    mean, error = drawn(problem, *point)
    assert np.all(np.abs(mean - value) < TIMES * error + 1e-12)
    assert np.all(error < 1e-3)
    own.panel, own.given = map(np.polynomial.legendre.leggauss, (16, 60))  # finer rules
    finer = own.at(*point)[0, : len(own.singles)]
    assert np.abs(finer - value).max() < 1e-8
    # What would be said of another overlap is seen.
    other = own.at(point[0], 0.0, point[2] - 0.05)[0, : len(own.singles)]
    assert np.any(np.abs(mean - other) > TIMES * error)


@pytest.mark.slow
@pytest.mark.parametrize("law", ["gaussian", "student-t:2"])
def test_residuals_averaged_over_their_normal_part_agree_with_draws(law):
    """Of a jump; with a tenth of the error, and what another noise would give is seen."""
    given = {"activation": "identity", "scheme": "bn", "loss": "absolute", "batch_size": 5}
    problem = bn.Problem(**given, noise=0.2, noise_law=law)
    own, found = averages(problem), []
    for own.of_residuals in (False, True):
        values = own.at(0.7, 0.0, 0.4)
        found.append((values.mean(axis=0), values.std(axis=0, ddof=1) / math.sqrt(len(values))))
    (drawn, error), (mean, small) = found
    assert np.all(np.abs(mean - drawn) < TIMES * error + 1e-12)
    assert small.max() < 0.1 * error.max()
    own.spread = math.sqrt(0.4)
    assert np.any(np.abs(own.at(0.7, 0.0, 0.4).mean(axis=0) - drawn) > TIMES * error)


def saturated(m):
    """The root of ``E[uhat (Phi(sqrt m s uhat) - sigmoid(gamma uhat))]`` at R = 1, by QUADPACK."""
    size = math.sqrt(m - 1.0)
    norm = special.gamma((m - 1) / 2) / special.gamma((m - 2) / 2) / math.sqrt(math.pi)

    def chance(uhat):  # over m s^2 of chi^2_{m-1}
        law = lambda r: (  # noqa: E731
            r ** (m - 2) * math.exp(-r * r / 2) / 2 ** ((m - 3) / 2) / special.gamma((m - 1) / 2)
        )
        return integrate.quad(lambda r: law(r) * special.ndtr(r * uhat), 0, 40, limit=200)[0]

    def pull(gamma):
        inside = lambda x: (  # noqa: E731
            norm * (1 - x * x) ** ((m - 4) / 2) * size * x
            * (chance(size * x) - special.expit(gamma * size * x))
        )  # fmt: skip
        return integrate.quad(inside, -1, 1, epsabs=1e-9, limit=200)[0]

    return optimize.brentq(pull, 1.0, 12.0, xtol=1e-5)


@pytest.mark.parametrize(("m", "quoted"), [(5, 2.784), (8, 4.084)])
def test_gamma_saturates_where_the_batch_mean_moves_the_threshold(m, quoted):
    own = averages(bn.Problem(**SIGNS, batch_size=m))
    assert own.singles[0].tolist() == [1, 1, 0, 0, 0]  # E[delta uhat], the pull on gamma
    found = optimize.brentq(lambda q: own.at(q, 0.0, 1.0)[0, 0], 1.0, 12.0)
    assert found == pytest.approx(saturated(m), abs=2e-5)
    assert found == pytest.approx(quoted, abs=6e-4)


def drift_at(problem, state):
    """The drift at gamma, R, L from the routes' own averages, and what their errors make of it."""
    derivation = derive_drift(problem)
    point = {GAMMA: state[0], R: state[1], L: state[2], SIGN: 1.0, ETA: problem.eta, BATCH: 6.0,
             STATISTICS_SIZE: problem.m, NOISE: problem.noise, DECAY: 0.0, ZETA: 0.0,
             GAMMA_RATE: 1.0, FIELD_STD: state[0], RHO: state[1], SHIFT: 0.0}  # fmt: skip
    at = Point(state[0], state[1], 0.0, problem.m, problem.noise, 1.0)
    known = derivation.choice.measured(at)
    values = {symbol: average.value for symbol, average in known.items()}
    drift, error = [], []
    for name in ("gamma", "R", "L"):
        form = derivation.drift[name].subs(point)
        drift.append(float(form.subs(values)))
        error.append(sum(abs(float(form.diff(s).subs(values))) * a.error for s, a in known.items()))
    return np.array(drift), np.array(error)


@pytest.mark.parametrize(
    ("scheme", "m"),
    [("bn", 8), ("bn", 4), ("bn", 5), pytest.param("var-only-bn", 8, marks=pytest.mark.slow)],
)
def test_the_squared_loss_as_a_formula_has_the_drift_of_the_squared_loss(scheme, m):
    """Closed forms against draws, also where 1/s^4 has no mean; a wrong noise is seen."""
    given = {"activation": "identity", "scheme": scheme, "eta": 0.9, "batch_size": m}
    exact = bn.Problem(**given, noise=0.3)
    formula = exact.replace(loss="(y - o)**2/2 + 0*y", zeta=0.0)
    for state in ((0.8, 0.4, 1.2), (1.1, 0.9999, 0.7)):
        want, _ = drift_at(exact, state)
        found, error = drift_at(formula, state)
        assert np.all(np.abs(found - want) < TIMES * error + 1e-9)
        assert np.all(error[:2] < 0.01)
        wrong, _ = drift_at(exact.replace(noise=0.5), state)
        assert np.abs(found - wrong)[2] > TIMES * error[2]


def test_moments_that_are_infinite_are_refused_with_the_reason():
    with pytest.raises(InputError, match=r"E\[1/s\^2\].*at least 4 is accepted"):
        bn.integrate(bn.Problem(**SIGNS, batch_size=3), time=1)
    # Far on the wrong side the signal stays 1: (delta ubar/s^2)^2, unless g saturates.
    given = SIGNS | {"scheme": "var-only-bn"}
    with pytest.raises(InputError, match=r"E\[1/s\^4\].*at least 6 is accepted"):
        bn.integrate(bn.Problem(**given, batch_size=5), time=1)
    saturates = derive_drift(bn.Problem(**given | {"activation": "tanh"}, batch_size=5))
    assert saturates.smallest_batch == 4
    problem = bn.Problem(**SIGNS | {"scheme": "var-only-bn", "loss": "exp(-y*o)"})
    with pytest.raises(InputError, match="no exponential has a mean"):
        bn.integrate(problem, time=1)
