"""The page's JavaScript and the compiled flows are twins: on random problems."""

import bntheory as bn
import numpy as np
import pytest
from domain import log_uniform, rounded
from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from page_script import AGREE, solved

TIME = 20.0
#: Moments in closed form, and in a table of one axis. Others take the page seconds each: they are
#: compared by example (`test_explorer.py`).
SCHEMES = ("sgd", "wn", "pn", "bn")
#: The simplest problem of a scheme, and two of random numbers.
FEW = settings(max_examples=3, deadline=None, phases=[Phase.generate])


@st.composite
def problems(draw, scheme):
    batches = [8, 32] if scheme == "bn" else [1, 2, 8, 128]  # those of bn: with shipped tables
    numbers = {
        "eta": draw(log_uniform(0.05, 0.8)),
        "noise": draw(st.sampled_from([0.0, 0.2])),
        "batch_size": draw(st.sampled_from(batches)),
        "weight_decay": draw(st.sampled_from([0.0, 0.2])),
        "q0": draw(st.floats(0.4, 1.5).map(rounded)),
        "r0": draw(st.floats(-0.9, 0.9).map(rounded)),
    }
    if scheme != "sgd":
        numbers |= {
            "l0": draw(log_uniform(0.5, 2.0)),
            "zeta": draw(st.sampled_from([0.0, 0.1])),
            "gamma_rate": draw(st.sampled_from([0.5, 1.0, 2.0])),
        }
    activation = draw(st.sampled_from(["relu", "identity", *(["erf"] if scheme != "bn" else [])]))
    return bn.Problem(scheme=scheme, activation=activation, **numbers)


def apart(problem, other):
    """By how much the page's columns of a problem miss the flow of another."""
    shown, flow = solved(problem, TIME), bn.integrate(other, time=TIME, points=201)
    assert shown["status"] == flow.status == "complete"
    names = ("Q", "R", "L", "error")
    return max(np.abs(np.array(shown["columns"][n]) - flow.values[n]).max() for n in names)


@pytest.mark.parametrize("scheme", SCHEMES)
def test_a_random_problem_has_one_flow(scheme):
    @FEW
    @given(problems(scheme))
    def one_flow(problem):
        assert apart(problem, problem) < AGREE

    one_flow()


def test_two_flows_are_told_apart():
    problem = bn.Problem(scheme="wn")
    assert apart(problem, problem.replace(eta=problem.eta * (1 + 1e-4))) > AGREE
