"""The full agreement table of exact flows against the chain simulation; ``make test-all``.

One case is refused when, over its cells, the largest studentised deviation has a Bonferroni
p-value (Student's t) below 0.01 / number of cases: false-alarm rate below 1% for the whole table.
"""

import itertools

import bntheory as bn
import pytest
from scipy.stats import t as student_t

SIZES = (4, 8, 32, 128)
ACTIVATIONS = ("relu", "identity", "erf", "tanh")
BATCH_SCHEMES = ("bn", "mean-only-bn", "var-only-bn")
CASES = list(itertools.product(BATCH_SCHEMES, ACTIVATIONS, SIZES, (0.0, 0.2)))
DIM, RUNS = 20_000, 64


def no_flow(scheme, activation, M):
    """var-only-bn with an activation that grows asks for E[1/s^6]: infinite below M = 8, and
    with a sampling error that is itself infinite (E[1/s^12]) below M = 14."""
    return scheme == "var-only-bn" and activation in ("relu", "identity") and M < 14


def case_p_value(verdict):
    cells = sum(z.size - 1 for z in verdict.z.values())
    return min(1.0, 2 * cells * student_t.sf(verdict.max_abs_z, verdict.runs.runs - 1))


@pytest.mark.slow
@pytest.mark.parametrize(("scheme", "activation", "M", "noise"), CASES)
def test_exact_flow_agrees_with_the_chain(scheme, activation, M, noise, capsys):
    problem = bn.Problem(activation, scheme, batch_size=M, noise=noise)
    if no_flow(scheme, activation, M):
        if M < 8:
            with pytest.raises(ValueError, match="batch_size="):
                bn.integrate(problem)
        else:
            assert bn.integrate(problem, time=10, points=11).status == "complete"
        return
    verdict = bn.compare(problem, dim=DIM, runs=RUNS, time=10, points=11, seed=17)
    p = case_p_value(verdict)
    with capsys.disabled():
        name, at = verdict.worst
        case = f"{scheme:13s} {activation:9s} M={M:<4d} S={noise:<4g}"
        print(
            f"\n{case} max|z|={verdict.max_abs_z:.2f} ({name}, t={verdict.runs.t[at]:g}) p={p:.2g}"
        )
    assert p > 0.01 / len(CASES)
