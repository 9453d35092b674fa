"""One unit of each, in the committee's code: the scalar chain, draw by draw."""

import bntheory as bn
import numpy as np
import pytest
from bntheory.teacher_student.online.committee.run import CommitteeChainRun
from bntheory.teacher_student.online.run import ChainRun

STEPS = np.array([0, 1, 10, 200])


@pytest.mark.parametrize(("scheme", "batch"), [("bn", 8), ("wn", 1)])
def test_one_unit_is_the_scalar_chain(scheme, batch):
    """Both draw in the same order: their numbers differ by rounding, 200 steps on."""
    numbers = {"eta": 0.7, "noise": 0.3, "weight_decay": 0.2, "zeta": 0.1}
    problem = bn.Problem("erf", scheme, batch_size=batch, **numbers)
    seed = np.random.SeedSequence(5)
    scalar, committee = (made(problem, 40, STEPS, seed) for made in (ChainRun, CommitteeChainRun))
    assert scalar.advance(0, len(STEPS)) == committee.advance(0, len(STEPS)) == len(STEPS)
    gamma, _, R, L, *_ = scalar.rows.T  # running statistics come after
    own, _, A, C = committee.rows.T
    np.testing.assert_allclose(np.sqrt(C), L, rtol=1e-9)
    np.testing.assert_allclose(A / np.sqrt(C), R, rtol=1e-9)
    np.testing.assert_allclose(own, gamma, rtol=1e-9)
    assert np.ptp(L) > 1e-3
