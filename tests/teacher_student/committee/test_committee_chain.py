"""The exact chain of a committee against vectors in N dimensions; and what both conserve."""

import bntheory as bn
import numpy as np
import pytest
from bntheory.teacher_student.online.committee.run import CommitteeVectorRun
from scipy.stats import ks_2samp

#: A false alarm in some 1e-4 of all choices of seeds, over the numbers of one state.
LEVEL = 1e-5


def problem_of(scheme, activation="erf", units=2, teacher_units=2, **others):
    given = {"eta": 0.8, "batch_size": 6, "noise": 0.2, "weight_decay": 0.3, "q0": 0.8}
    a = [1.0, 0.7, -0.5, 1.2][:units]
    given |= {"second_layer": a, "teacher_overlap": np.eye(teacher_units) * 0.7 + 0.3}
    return bn.Problem(
        activation, scheme, units=units, teacher_units=teacher_units, **(given | others)
    )


def state(runs, at=-1):
    """Every number of the state, of all runs at a time, and the determinant of C."""
    columns = {}
    for name in ("gamma", "A", "C"):
        values = runs.values.get(name)
        if values is not None:
            flat = values[:, at].reshape(len(values), -1)
            columns |= {f"{name}{i}": flat[:, i] for i in range(flat.shape[1])}
    return columns | {"det": np.linalg.det(runs.C[:, at])}


def p_values(one, other):
    """Kolmogorov and Smirnov, number by number."""
    one, other = state(one), state(other)
    return {name: ks_2samp(one[name], other[name]).pvalue for name in one}


def laws(problem, other=None, *, dim=24, runs=1000, time=1.0):
    times = [0.0, time]
    chain = bn.simulate(problem, dim=dim, runs=runs, times=times, seed=1)
    vectors = bn.simulate(
        other or problem, dim=dim, runs=runs, times=times, seed=2, engine="vectors"
    )
    assert chain.status == vectors.status == "complete"
    return p_values(chain, vectors)


@pytest.mark.parametrize(("scheme", "units"), [("bn", 2), ("ln", 4)])
def test_chain_and_vectors_have_one_law(scheme, units):
    assert min(laws(problem_of(scheme, units=units)).values()) > LEVEL


def test_two_laws_are_told_apart():
    problem = problem_of("bn")
    assert min(laws(problem, problem.replace(noise=0.5)).values()) < LEVEL


def vectors_run(problem, order, dim=30):
    """A run by vectors whose units begin in another order; its rows."""
    steps = np.array([0, 20])
    run = CommitteeVectorRun(problem, dim, steps, np.random.SeedSequence(4))
    run.w, run.scalars = run.w[order].copy(), run.scalars[:, order].copy()
    run.a = run.a[order].copy()
    run.advance(0, 2)
    return run


@pytest.mark.parametrize("scheme", ["bn", "ln"])
def test_units_in_another_order_are_the_same_units(scheme):
    """On the same examples the permuted weights take the permuted steps, up to rounding."""
    units = 4 if scheme == "ln" else 2
    problem = problem_of(scheme, units=units)
    order = np.arange(units)[::-1].copy()
    straight, turned = vectors_run(problem, np.arange(units)), vectors_run(problem, order)
    np.testing.assert_allclose(turned.w, straight.w[order], atol=1e-11)
    np.testing.assert_allclose(turned.scalars, straight.scalars[:, order], atol=1e-11)


@pytest.mark.parametrize("engine", ["chain", "vectors"])
def test_layer_normalisation_keeps_the_sum_of_the_weights(engine):
    """Its gradient is blind to a common part of all units: sums over them stay, run by run."""
    problem = problem_of("ln", units=4, weight_decay=0.0)
    runs = bn.simulate(problem, dim=30, runs=3, times=[0.0, 2.0], engine=engine)
    for sums in (runs.A.sum(axis=2), runs.C.sum(axis=(2, 3))):
        np.testing.assert_allclose(sums[:, 1], sums[:, 0], rtol=1e-10)
    assert np.abs(runs.C[:, 1] - runs.C[:, 0]).max() > 0.01


def test_a_run_is_the_same_whatever_else_is_run():
    problem = problem_of("bn", start="random", second_layer=None)
    few, more = (bn.simulate(problem, dim=30, runs=n, times=[0.0, 0.5, 1.0]) for n in (2, 4))
    np.testing.assert_array_equal(few.C, more.C[:2])
    assert np.ptp(more.A[:, 0, 0, 0]) > 0.01  # every run draws its own start
    shorter = bn.simulate(problem, dim=30, runs=2, times=[0.0, 1.0])
    np.testing.assert_array_equal(shorter.C[:, 1], few.C[:, 2])
