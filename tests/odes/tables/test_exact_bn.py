"""Exact flows of batch schemes: against theory page 4, drawn batches, and simulation."""

import dataclasses
import math
from concurrent.futures import ThreadPoolExecutor

import bntheory as bn
import numpy as np
import pytest
from batch_reference import drawn_drift, drawn_moments
from bntheory.odes.derivation.drift import derive_drift
from bntheory.odes.equilibria.optimal_gamma import optimal_gamma
from bntheory.odes.flow.flow_kernels import flow_kernels, flow_table, parameters
from bntheory.odes.tables import moment_tables
from bntheory.odes.tables.batch_law import Fineness
from bntheory.odes.tables.chebyshev import look_up
from bntheory.odes.tables.moment_tables import TableSpec
from bntheory.odes.tables.regions import SCALE_RANGE
from bntheory.odes.tables.table_quadrature import evaluate
from scipy.integrate import quad
from scipy.special import gammaln
from scipy.stats import norm

#: The identity in a form that the package does not recognise as a polynomial.
TABULATED_IDENTITY = "max(0, h) - max(0, -h)"
FINE = Fineness(12, 26, 14, 48)
SCHEMES = ("bn", "mean-only-bn", "var-only-bn")


def kappa(M):
    return math.sqrt(2 / M) * math.exp(gammaln(M / 2) - gammaln((M - 1) / 2))


def drift(problem, y):
    """Time derivatives of gamma[, beta], L R and L^2."""
    dy = np.empty(len(y))
    flow_kernels(problem).rhs(0.0, np.array(y, dtype=float), parameters(problem), dy)
    *scalars, dR, dL = dy
    R, L = y[-2:]
    return np.array([*scalars, R * dL + L * dR, 2 * L * dL])


def spec_of(problem):
    return TableSpec.from_json(flow_kernels(problem).TABLE)


@pytest.mark.parametrize("M", [4, 5, 8, 32, 500])
def test_identity_is_the_closed_form_of_theory_section_4(M):
    problem = bn.Problem("identity", "bn", batch_size=M, noise=0.3, zeta=0.1, eta=0.7)
    gamma, R, L, eta = 0.8, 0.4, 1.3, 0.7
    a = (M - 2) / M * math.sqrt(M / 2) * math.exp(gammaln(M / 2 - 1) - gammaln((M - 1) / 2))
    b = (M - 2) / (M * (M - 3))
    expected = [
        eta * (kappa(M) * R - 1.1 * gamma),
        eta * gamma / L * (1 - R**2) * a,
        eta**2 * gamma**2 / L**2 * (1 - R**2 + 0.3) * b,
    ]
    assert drift(problem, [gamma, R, L]) == pytest.approx(expected, rel=1e-10)
    assert drift(problem, [gamma, R, 1.001 * L]) != pytest.approx(expected, rel=1e-4)


def test_table_route_reproduces_the_closed_form_of_the_identity():
    options = {"batch_size": 32, "noise": 0.2}
    closed = bn.integrate(bn.Problem("identity", "bn", **options), time=10, points=21)
    tabulated = bn.integrate(bn.Problem(TABULATED_IDENTITY, "bn", **options), time=10, points=21)
    for name in ("Q", "R", "L"):
        assert tabulated.values[name] == pytest.approx(closed.values[name], abs=1e-6)


@pytest.mark.parametrize(
    ("scheme", "activation", "M", "gamma"),
    [
        *((scheme, "identity", 16, 0.7) for scheme in SCHEMES),
        ("bn", "relu", 32, 0.7),
        ("bn", "relu", 32, -0.7),
        pytest.param("mean-only-bn", "tanh", 8, 0.9, marks=pytest.mark.slow),
        pytest.param("mean-only-bn", "tanh", 8, -0.9, marks=pytest.mark.slow),
    ],
)
def test_drift_is_the_mean_over_drawn_batches(scheme, activation, M, gamma):
    # 7 cases of 3 means each, 4.5 standard errors: false-alarm rate 1.5e-4 for the lot. 1e-5 is
    # the error of a table.
    problem = bn.Problem(activation, scheme, batch_size=M, noise=0.2, eta=0.8)
    y = [gamma, 0.45, 1.2]
    expected, sem = drawn_drift(problem, y, 4_000_000 // M, np.random.default_rng(11))
    assert (np.abs(drift(problem, y) - expected) < 4.5 * sem + 1e-5).all()


def test_drift_of_a_wrong_batch_size_is_told_from_the_drawn_one():
    problem = bn.Problem("relu", "bn", batch_size=8, noise=0.2, eta=0.8)
    y = [0.7, 0.45, 1.2]
    expected, sem = drawn_drift(problem, y, 500_000, np.random.default_rng(11))
    wrong = drift(problem.replace(batch_size=32), y)
    assert (np.abs(wrong - expected) > 6 * sem).any()


@pytest.mark.parametrize(
    ("activation", "scheme", "M", "shifted"),
    [
        ("relu", "bn", 6, False),
        ("tanh", "bn", 5, True),
        ("relu", "var-only-bn", 16, False),
        pytest.param("relu", "bn", 9, True, marks=pytest.mark.slow),
        pytest.param("erf", "var-only-bn", 6, False, marks=pytest.mark.slow),
        pytest.param("gelu", "mean-only-bn", 3, False, marks=pytest.mark.slow),
        pytest.param("leaky-relu", "bn", 12, False, marks=pytest.mark.slow),
    ],
)
def test_moments_are_the_means_over_drawn_batches(activation, scheme, M, shifted):
    # About 200 means, 5 standard errors: false-alarm rate 1.2e-4 for the lot.
    spec = spec_of(bn.Problem(activation, scheme, batch_size=max(M, 8), train_beta=shifted))
    rho, q, shift = 0.6, 0.8, 0.6 if shifted else 0.0
    point = (math.acos(rho), q, shift)
    if spec.slopes:
        q, shift = (math.cos(0.5), math.sin(0.5)) if shifted else (1.0, 0.0)
        point = (math.acos(rho), 0.5 if shifted else 0.0, 0.0)
    ours = evaluate(spec, M, [point], FINE)[0]
    rng = np.random.default_rng(2)
    expected, sem = drawn_moments(spec, activation, M, q, shift, rho, 1_500_000 // M, rng)
    assert (np.abs(ours - expected) < 5 * sem + 1e-9).all()
    wrong = evaluate(spec, M + 3, [point], FINE)[0]
    assert (np.abs(wrong - expected) > 8 * sem).any()


@pytest.mark.parametrize(
    ("activation", "M", "bound"), [("relu", 32, 1e-7), (TABULATED_IDENTITY, 32, 1e-7),
                                   pytest.param("erf", 32, 1e-4, marks=pytest.mark.slow)]
)  # fmt: skip
def test_error_of_a_table_is_reported_and_true(activation, M, bound):
    problem = bn.Problem(activation, "bn", batch_size=M)
    table, spec = flow_table(problem), spec_of(problem)
    assert 0 < table.error < bound
    rng = np.random.default_rng(5)  # other points than the estimate's own
    high = 0.0 if spec.slopes else SCALE_RANGE
    points = [(rng.uniform(0, math.pi), rng.uniform(0, high), 0.0) for _ in range(10)]
    exact = np.array(evaluate(spec, M, points, FINE))
    found = np.empty_like(exact)
    for point, row in zip(points, found, strict=True):
        look_up(table.packed, 0, *point, row)
    worst = (np.abs(found - exact) / np.maximum(1, np.abs(exact))).max()
    # Ten new points may find a little more than the six of the estimate; FINE itself errs by 1e-7.
    assert worst < 5 * table.error + 1e-7
    assert not np.isnan(exact).any()


@pytest.mark.slow
@pytest.mark.parametrize("M", [4, 8, 16, 32, 256])
@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize(
    "activation", ["relu", "leaky-relu", "erf", "tanh", "sigmoid", "softplus", "gelu"]
)
def test_every_shipped_table_is_as_exact_as_promised(activation, scheme, M):
    problem = bn.Problem(activation, scheme, batch_size=M)
    if flow_kernels(problem).SMALLEST_BATCH > M:
        with pytest.raises(ValueError, match="infinite"):
            flow_table(problem)
        return
    assert flow_table(problem).error < (1e-5 if activation.endswith("relu") else 1e-4)


@pytest.mark.slow
def test_outside_its_range_a_table_is_infinite_and_wider_ones_are_made():
    problem = bn.Problem("erf", "bn", batch_size=32)
    row = np.empty(len(spec_of(problem).singles) + len(spec_of(problem).pairs))
    look_up(flow_table(problem).packed, 0, 1.0, SCALE_RANGE + 0.1, 0.0, row)
    assert np.isinf(row).all()
    flow = bn.integrate(problem.replace(q0=4.0), time=2, points=3)
    assert flow.status == "complete"
    with pytest.warns(bn.DivergenceWarning):
        beyond = bn.integrate(problem.replace(q0=5000.0), time=2, points=3)
    assert beyond.status == "outside-tables"
    assert "a field of scale 5000" in beyond.message


def test_optimal_gamma_of_the_identity_is_kappa():
    for M in (4, 32, 256):
        assert optimal_gamma("identity", M) == pytest.approx(kappa(M), abs=1e-10)
        assert optimal_gamma(TABULATED_IDENTITY, M) == pytest.approx(kappa(M), abs=1e-8)


def relu_gamma(M):
    """2 E[u uhat; u > 0, uhat > 0], over ubar in closed form, over s and uhat by QUADPACK."""
    size, width = math.sqrt(M - 1), 1 / math.sqrt(M)
    angle = math.exp(gammaln((M - 1) / 2) - gammaln((M - 2) / 2)) / math.sqrt(math.pi)
    spread = 2 * math.exp((M - 1) / 2 * math.log(M / 2) - gammaln((M - 1) / 2))

    def positive_part(m):  # E max(0, m + ubar)
        return m * norm.cdf(m / width) + width * norm.pdf(m / width)

    def given(s):
        def density(psi):
            uhat = size * math.sin(psi)
            return angle * math.cos(psi) ** (M - 3) * uhat * positive_part(s * uhat)

        return quad(density, 0, math.pi / 2, epsabs=1e-12)[0]

    law = lambda s: spread * s ** (M - 2) * math.exp(-M * s * s / 2) * given(s)  # noqa: E731
    return 2 * quad(law, 0, 1 + 8 * width, epsabs=1e-11)[0]


@pytest.mark.parametrize(("M", "rounded"), [(4, 0.821213), (32, 0.976965)])
def test_optimal_gamma_of_relu_by_another_quadrature(M, rounded):
    found = optimal_gamma("relu", M)
    assert found == pytest.approx(relu_gamma(M), abs=2e-9)
    assert found == pytest.approx(rounded, abs=1e-6)  # docs/theory/4-exact-bn.md


@pytest.mark.parametrize("M", [4, 32])
def test_optimal_gamma_of_relu_is_the_drawn_one(M):
    # For ReLU gamma = 2 E[u uhat; u > 0, uhat > 0] = kappa + E|u uhat|; opposite signs: the
    # second is small, hence precise. 4.5 standard errors: false-alarm rate 1.4e-5 for both.
    rng = np.random.default_rng(3)
    u = rng.standard_normal((8_000_000 // M, M))
    uhat = (u - u.mean(axis=1, keepdims=True)) / u.std(axis=1, keepdims=True)
    rest = -np.minimum(u * uhat, 0).mean(axis=1)
    sem = rest.std() / math.sqrt(len(rest))
    found = optimal_gamma("relu", M)
    assert abs(found - kappa(M) - rest.mean()) < 4.5 * sem
    assert sem < 1e-4
    if M == 32:  # a second road: the tabulated drift of gamma vanishes there
        aligned = bn.Problem("relu", "bn", batch_size=M)
        assert drift(aligned, [found, 1.0, 1.0])[0] == pytest.approx(0, abs=1e-7)
        assert abs(drift(aligned, [found + 1e-5, 1.0, 1.0])[0]) > 1e-6


@pytest.mark.parametrize(
    ("activation", "scheme", "smallest"),
    [
        ("relu", "bn", 4),
        ("tanh", "bn", 4),
        ("relu", "var-only-bn", 8),
        ("identity", "var-only-bn", 8),
        ("erf", "var-only-bn", 4),
        ("relu", "mean-only-bn", 2),
    ],
)
def test_batches_without_moments_are_refused(activation, scheme, smallest):
    derivation = derive_drift(bn.Problem(activation, scheme))
    assert derivation.smallest_batch == smallest
    if smallest > 2:
        with pytest.raises(ValueError, match=rf"batch_size={smallest - 1}:.*infinite"):
            bn.integrate(bn.Problem(activation, scheme, batch_size=smallest - 1))
    else:
        with pytest.raises(ValueError, match=r"batch_size=2:.*tabulated"):
            bn.integrate(bn.Problem(activation, scheme, batch_size=2))


def test_fields_that_do_not_separate_are_refused():
    with pytest.raises(ValueError, match=r"scale \* X \+ shift"):
        bn.integrate(bn.Problem(scheme="gamma*(a - mu)/(sigma + gamma)"))


@pytest.mark.parametrize(
    ("activation", "scheme", "M"),
    [
        ("relu", "bn", 32),
        ("identity", "bn", 8),
        pytest.param("identity", "var-only-bn", 16, marks=pytest.mark.slow),
        pytest.param("erf", "bn", 32, marks=pytest.mark.slow),
        pytest.param("tanh", "mean-only-bn", 8, marks=pytest.mark.slow),
    ],
)
def test_flow_agrees_with_the_chain(activation, scheme, M):
    # Five cases at level 0.001: false-alarm rate 0.5% for the lot.
    problem = bn.Problem(activation, scheme, batch_size=M, noise=0.2)
    verdict = bn.compare(problem, dim=4000, runs=32, time=5, points=6, seed=23, alpha=0.001)
    assert verdict.agree, verdict.verdict()
    assert (verdict.approximation is not None) == (problem.scheme in SCHEMES)


def test_a_shift_of_the_users_own_scheme_follows_the_same_route():
    # Not shipped, yet the same moments as bn: the flow must be the same.
    own = bn.Problem("relu", "2*gamma*(a - mu)/sigma", batch_size=32, q0=0.25)
    shipped = bn.Problem("relu", "bn", batch_size=32, q0=0.5)
    y, other = [0.4, 0.5, 1.1], [0.8, 0.5, 1.1]
    ours, expected = drift(own, y), drift(shipped, other)
    assert ours[1:] == pytest.approx(expected[1:], rel=1e-10)
    assert ours[0] == pytest.approx(2 * expected[0], rel=1e-10)


@pytest.mark.slow
def test_trained_shift_agrees_with_the_chain_and_with_drawn_batches():
    problem = bn.Problem("relu", "bn", batch_size=16, noise=0.2, train_beta=True, eta=0.8)
    y = [0.7, -0.2, 0.45, 1.2]
    expected, sem = drawn_drift(problem, y, 300_000, np.random.default_rng(4))
    # 4 means, 4.5 standard errors: false-alarm rate 3e-5; the comparison's is 0.1%.
    assert (np.abs(drift(problem, y) - expected) < 4.5 * sem + 1e-5).all()
    assert flow_table(problem).error < 1e-5
    verdict = bn.compare(problem, dim=4000, runs=48, time=8, points=9, seed=2, alpha=0.001)
    assert verdict.agree, verdict.verdict()
    assert abs(verdict.flow.values["beta"][-1]) > 0.01


def test_a_broken_table_on_disk_is_made_again_and_threads_may_race(monkeypatch, tmp_path):
    monkeypatch.setenv("BNTHEORY_CACHE", str(tmp_path))
    spec = dataclasses.replace(
        TableSpec(TABULATED_IDENTITY, (1.0, 1.0), (), ((1.0, 0, 0),), False, False, (), ()),
        singles=((1, 1, 1, 0, 0, 0, 0),),
    )
    fresh = moment_tables.table
    with ThreadPoolExecutor(4) as pool:
        tables = list(pool.map(lambda _: fresh(spec, 40), range(4)))
    assert all((t.packed == tables[0].packed).all() for t in tables)
    (path,) = (tmp_path / "tables").iterdir()  # no temporary file is left
    path.write_bytes(b"half a tab")
    assert (fresh(spec, 40).packed == tables[0].packed).all()
    assert path.stat().st_size > 100
    calls = []
    fresh(spec, 41, 1.0, lambda done, total: calls.append((done, total)))
    assert calls[-1][0] == calls[-1][1] > 0
