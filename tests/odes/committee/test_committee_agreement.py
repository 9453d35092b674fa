"""Flows of committees against the exact chain, every entry of the state.

The chain's corrections are of order 1/N; at N = 4000 they are below its scatter over 60 runs.
"""

import bntheory as bn
import numpy as np
import pytest

#: About 200 entries of all cases; |z| beyond 4.9 has probability 1e-6 each, for many runs.
LARGEST, RUNS, DIM = 4.9, 60, 4000
TIMES = [0.0, 1.0, 2.0]
CASES = {
    "sgd-erf": ("sgd", {"teacher_overlap": [[1.0, 0.3], [0.3, 0.9]], "second_layer": [1.2, 0.8]}),
    "sgd-relu": ("sgd", {"activation": "relu", "units": 3}),
    "sgd-schedule": ("sgd", {"eta": "0.8/(1+t)"}),
    "pn-relu": ("pn", {"activation": "relu", "teacher_units": 3, "batch_size": 4}),
    "wn-tanh": ("wn", {"activation": "tanh"}),
    "bn-identity": ("bn", {"activation": "identity", "batch_size": 8}),
    "bn-erf": ("bn", {"batch_size": 8}),
    "bn-relu": ("bn", {"activation": "relu", "batch_size": 6, "units": 3}),
    "bn-small": ("bn", {"batch_size": 5}),
    "bn-groups": ("bn", {"batch_size": 16, "statistics_size": 8}),
    "bn-shift": ("bn", {"batch_size": 8, "train_beta": True}),
    "ln-relu": ("ln", {"activation": "relu", "units": 6}),
    "rms-erf": ("rms", {"units": 5}),
}


def problem_of(case):
    scheme, others = CASES[case]
    given = {"activation": "erf", "units": 2, "teacher_units": 2, "eta": 0.8, "batch_size": 2}
    given |= {"noise": 0.1, "weight_decay": 0.05, "q0": 0.8, "start": "symmetric:0.2"}
    return bn.Problem(scheme=scheme, **(given | others))


def scores(flow, runs):
    """z of every entry of gamma, beta, A and C at the later times."""
    found = []
    for name in ("gamma", "beta", "A", "C", "error"):
        if name not in flow.values:
            continue
        sample = runs.values[name][:, 1:]
        sem = sample.std(axis=0, ddof=1) / np.sqrt(len(sample))
        own = flow.std_error[name][1:] if flow.std_error else 0.0
        found.append(((sample.mean(axis=0) - flow.values[name][1:]) / np.hypot(sem, own)).ravel())
    return np.concatenate(found)


@pytest.mark.slow
@pytest.mark.parametrize("case", CASES)
def test_flow_and_chain_agree(case, record_property):
    problem = problem_of(case)
    flow = bn.integrate(problem, times=TIMES)
    z = scores(flow, bn.simulate(problem, dim=DIM, runs=RUNS, times=TIMES, seed=5))
    record_property(
        "committees: flow against chain", f"{case:12s} {np.abs(z).max():.2f} of {z.size}"
    )
    assert np.abs(z).max() < LARGEST


@pytest.mark.slow
@pytest.mark.parametrize("wrong", [{"noise": 0.0}, {"weight_decay": 0.1}, {"batch_size": 9}])
def test_another_problem_disagrees(wrong):
    problem = problem_of("bn-erf")
    runs = bn.simulate(problem, dim=DIM, runs=RUNS, times=TIMES, seed=5)
    z = scores(bn.integrate(problem.replace(**wrong), times=TIMES), runs)
    assert np.abs(z).max() > LARGEST
