"""Chain and vectors have one law: every scheme, smooth and not, at N from 20 to 50."""

import pytest
from test_committee_chain import laws, problem_of

#: Numbers of all cases together: about 250. Bonferroni at 1e-3.
LEVEL = 4e-6
CASES = {
    "sgd-erf": ("sgd", {"dim": 20}),
    "sgd-relu-single": ("sgd", {"activation": "relu", "batch_size": 1, "units": 3, "eta": 0.3}),
    "wn-erf": ("wn", {"dim": 20, "batch_size": 2, "units": 3}),
    "wn-relu": ("wn", {"activation": "relu", "dim": 40}),
    "pn-erf": ("pn", {"teacher_units": 3}),
    "bn-relu": ("bn", {"activation": "relu", "dim": 50, "batch_size": 8}),
    "bn-groups": ("bn", {"batch_size": 12, "statistics_size": 6}),
    "bn-shift": ("bn", {"train_beta": True}),
    "bn-tanh": ("bn", {"activation": "tanh", "units": 3}),
    "ln-relu": ("ln", {"activation": "relu", "units": 4, "dim": 20}),
    "ln-erf-random": ("ln", {"units": 4, "start": "random"}),
    "rms-erf": ("rms", {"units": 4, "teacher_units": 3}),
    "rms-relu": ("rms", {"activation": "relu", "units": 3, "dim": 30, "batch_size": 2}),
    "mean-only": ("mean-only-bn", {"activation": "relu"}),
}


@pytest.mark.slow
@pytest.mark.parametrize("case", CASES)
def test_every_scheme_has_one_law(case, record_property):
    scheme, others = CASES[case]
    given = dict(others)
    dim = given.pop("dim", 24)
    found = laws(problem_of(scheme, **given), dim=dim, runs=6000)
    least = min(found, key=found.get)
    record_property("committees: chain against vectors", f"{case:16s} {least} p={found[least]:.2g}")
    assert found[least] > LEVEL
