"""Chain and vectors simulate one law: on random problems of all schemes."""

import bntheory as bn
import pytest
from domain import SCHEMES, log_uniform, rounded
from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from scipy.stats import ks_2samp

#: Runs of each engine: Kolmogorov and Smirnov's test then sees means that differ by 0.3 of their
#: spread. N is small, so that the terms of finite N are in the law.
SAMPLE = {"dim": 12, "runs": 1000, "times": [0.0, 2.0]}
#: Two or three tests an example, 36 at most: a false alarm in 0.04% of all choices of seeds.
LEVEL = 1e-5
#: The simplest problem of a scheme, and one of random numbers.
FEW = settings(max_examples=2, deadline=None, phases=[Phase.generate])


@st.composite
def problems(draw, scheme):
    numbers = {
        "eta": draw(log_uniform(0.1, 1.0)),
        "noise": draw(st.sampled_from([0.0, 0.3])),
        # Statistics of fewer are of heavy tails: runs may leave the finite numbers.
        "batch_size": draw(st.integers(2 if scheme in ("sgd", "wn", "pn") else 6, 12)),
        "weight_decay": draw(st.sampled_from([0.0, 0.5])),
        "q0": draw(st.floats(0.4, 1.5).map(rounded)),
        "r0": draw(st.floats(-0.9, 0.9).map(rounded)),
    }
    if scheme != "sgd":
        numbers |= {
            "l0": draw(log_uniform(0.5, 2.0)),
            "zeta": draw(st.sampled_from([0.0, 0.2])),
            "gamma_rate": draw(st.sampled_from([0.5, 1.0, 2.0])),
        }
    activation = draw(st.sampled_from(["relu", "erf"]))
    return bn.Problem(scheme=scheme, activation=activation, **numbers)


def p_values(problem, other):
    """Of each order parameter at the end, a problem by chain against another by vectors."""
    chain = bn.simulate(problem, seed=1, **SAMPLE)
    vectors = bn.simulate(other, seed=2, engine="vectors", **SAMPLE)
    assert chain.status == vectors.status == "complete"
    names = [name for name in problem.order_parameters if name != "beta"]
    return {n: ks_2samp(chain.values[n][:, -1], vectors.values[n][:, -1]).pvalue for n in names}


@pytest.mark.parametrize("scheme", SCHEMES)
def test_a_random_problem_has_one_law(scheme):
    @FEW
    @given(problems(scheme))
    def one_law(problem):
        found = p_values(problem, problem)
        assert set(found) >= {"R", "L"}
        assert min(found.values()) > LEVEL

    one_law()


@pytest.mark.parametrize("wrong", [{"eta": 0.6}, {"noise": 0.5}, {"batch_size": 5}])
def test_two_laws_are_told_apart(wrong):
    problem = bn.Problem(scheme="wn", eta=0.5, noise=0.3, batch_size=4)
    assert min(p_values(problem, problem.replace(**wrong)).values()) < LEVEL
