"""Scales that grow for ever are told as such, by their power of time, and are no fixed points."""

import bntheory as bn
import numpy as np
import pytest
from bntheory.odes.equilibria.dynamics import Dynamics
from bntheory.odes.equilibria.unbounded import Growth, creeps, growth_without_end

SIGNS = bn.Problem("identity", "sgd", loss="logistic", labels="sign")


@pytest.mark.parametrize(
    ("scheme", "loss"),
    [
        ("sgd", "logistic"),
        *(
            pytest.param(*case, marks=pytest.mark.slow)
            for case in [("wn", "logistic"), ("pn", "logistic"), ("wn", "hinge"), ("sgd", "hinge")]
        ),
    ],
)
def test_separable_signs_are_learned_by_powers_of_one_third(scheme, loss):
    # The next order of (9.7) is t^(-1/3) smaller: .07 at t = 1e4, of which a power sees a third.
    found = bn.fixed_points(SIGNS.replace(scheme=scheme, loss=loss))
    assert not any(point.stable for point in found.points)
    assert pytest.approx(1 / 3, abs=0.01) == found.growth.Q
    assert found.growth.angle == pytest.approx(-1 / 3, abs=0.01)
    assert "training ends at no point: Q grows like t^0.3" in found.summary()
    assert found.to_dict()["growth"]["Q"] == found.growth.Q


def test_what_rests_or_grows_like_a_logarithm_has_no_power(monkeypatch):
    assert growth_without_end(bn.Problem("identity", "wn")) is None
    assert growth_without_end(bn.Problem("identity", "sgd", eta=5.0)) is None  # diverges

    class Slow:
        t = np.array([0.0, 1e3, 1e4, 1e5])
        R = np.cos(1.0 / np.log(t + 2.0))
        Q = L = 1.0 + np.log(t + 1.0)

    monkeypatch.setattr("bntheory.odes.equilibria.unbounded.solve", lambda *_, **__: Slow)
    assert growth_without_end(SIGNS) is None
    monkeypatch.setattr(Slow, "Q", (1.0 + Slow.t) ** 0.25)
    grown = growth_without_end(SIGNS)
    assert pytest.approx(0.25, abs=1e-3) == grown.Q
    assert grown.angle is None  # 1/log t is no power; nor is an angle that is 0 to all digits
    monkeypatch.setattr(Slow, "R", np.ones(4))
    assert growth_without_end(SIGNS) == Growth(grown.Q, None, None)
    assert "angle" not in grown.words()


def test_a_root_is_told_from_a_state_that_creeps():
    resting = Dynamics(bn.Problem("identity", "sgd", noise=0.2, batch_size=4))
    point = bn.fixed_points(resting.problem).reached
    assert not creeps(resting, np.array(point.state))
    # Far out on the way to nowhere the drift is as small as at a root.
    out = Dynamics(SIGNS)
    state = np.array([1.0 - 1e-9, 700.0])
    assert np.abs(out.drift(state)).max() < 1e-4
    assert creeps(out, state)
