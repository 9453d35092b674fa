"""The full agreement table of exact flows against the chain simulation; ``make test-all``.

One case is refused when, over its cells, the largest studentised deviation (beyond the declared
allowance for finite N) has a Bonferroni p-value (Student's t) below 0.01 / number of cases:
false-alarm rate below 1% for the whole table. pytest prints the table after the run.
"""

import itertools

import bntheory as bn
import numpy as np
import pytest
from bntheory.experiments.verdict.sign_flip import bias_bound
from bntheory.teacher_student.online.runs import QUANTITIES
from scipy.stats import t as student_t

SIZES = (4, 8, 32, 128)
ACTIVATIONS = ("relu", "identity", "erf", "tanh")
BATCH_SCHEMES = ("bn", "mean-only-bn", "var-only-bn")
CASES = list(itertools.product(BATCH_SCHEMES, ACTIVATIONS, SIZES, (0.0, 0.2)))
DIM, RUNS, TIMES = 20_000, 64, (0, 2, 4, 6, 8, 10)
TITLE = "exact flows against the chain, N = 20 000, 64 runs, time 10"
LEVEL = 0.01 / len(CASES)


def largest_deviation(runs, flow):
    """In words, and its p-value. Standard errors are the runs' own, as in `sign_flip`."""
    found = []
    for name in QUANTITIES:
        beyond = np.abs(runs.mean[name] - flow.values[name])[1:] - bias_bound(runs, flow, name)[1:]
        beyond[beyond < 1e-12] = 0.0  # rounding: R = 1 does not scatter
        z = np.where(beyond > 0, beyond / np.maximum(runs.sem[name][1:], 1e-300), 0.0)
        found += [(value, name, t) for value, t in zip(z, runs.t[1:], strict=True)]
    z, name, t = max(found)
    p = min(1.0, 2 * len(found) * student_t.sf(z, runs.runs - 1))
    return f"max|z| = {z:.2f} ({name}, t = {t:g})", p


def no_sampling_error(scheme, activation, M):
    """var-only-bn with an activation that grows asks for E[1/s^6], whose sampling error takes
    E[1/s^12]: infinite below M = 14, so that no number of runs makes the test's law hold."""
    return scheme == "var-only-bn" and activation in ("relu", "identity") and M < 14


@pytest.mark.slow
@pytest.mark.parametrize(("scheme", "activation", "M", "noise"), CASES)
def test_exact_flow_agrees_with_the_chain(scheme, activation, M, noise, record_property):
    problem = bn.Problem(activation, scheme, batch_size=M, noise=noise)
    case = f"{scheme:13s} {activation:9s} M = {M:<4d} S = {noise:<4g}"

    def note(words):
        record_property(TITLE, f"{case} {words}")

    if no_sampling_error(scheme, activation, M):
        if M >= 8:
            note("flow exists, but no sampling error: E[1/s^12] is infinite below M = 14")
            assert bn.integrate(problem, times=TIMES).status == "complete"
            return
        with pytest.raises(ValueError, match=f"batch_size={M}:.*infinite") as refusal:
            bn.integrate(problem)
        note(f"refused: {refusal.value}")
        return
    runs = bn.simulate(problem, dim=DIM, runs=RUNS, times=TIMES, seed=17)
    words, p = largest_deviation(runs, bn.integrate(problem, times=TIMES))
    note(f"{words:28s} p = {p:<8.2g} {'agree' if p > LEVEL else 'DISAGREE'}")
    assert p > LEVEL


@pytest.mark.slow
def test_the_table_would_show_a_wrong_batch_size():
    runs = bn.simulate(bn.Problem(batch_size=32), dim=DIM, runs=RUNS, times=TIMES, seed=17)
    wrong = bn.integrate(bn.Problem(batch_size=128), times=TIMES)
    assert largest_deviation(runs, wrong)[1] < 1e-3 * LEVEL
