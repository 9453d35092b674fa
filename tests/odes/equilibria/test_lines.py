"""Rests that are a line: what frozen statistics without decays leave free."""

import json
import math

import bntheory as bn
import numpy as np
import pytest

STD = 1.4
FROZEN = bn.Problem(
    "identity", "frozen", frozen_std=STD, batch_size=10**6, eta=0.3, noise=0.0, q0=0.5, r0=0.2
)


def kept(q0, l0):
    """Where gamma L = std meets gamma^2 - L^2 = q0^2 - l0^2, by hand: L and gamma."""
    d = q0**2 - l0**2
    square = (-d + math.sqrt(d**2 + 4 * STD**2)) / 2
    return math.sqrt(square), STD / math.sqrt(square)


@pytest.mark.parametrize(("q0", "l0"), [(0.5, 1.0), (1.6, 0.4)])
def test_training_ends_on_a_line_at_the_place_that_the_start_says(q0, l0):
    # Noise of 1/M moves the difference of squares by 1e-6, the solver its accuracy of 1e-6 a step.
    found = bn.fixed_points(FROZEN.replace(q0=q0, l0=l0))
    line = next(line for line in found.lines if line.reached)
    assert (line.Q, line.R, line.free) == (pytest.approx(1.0), pytest.approx(1.0), "L")
    assert line.stable
    assert line.rests
    assert (line.end["L"], line.end["gamma"]) == pytest.approx(kept(q0, l0), abs=2e-5)
    assert found.points == ()  # none of the line is picked out
    assert found.reached is None
    assert "line of rests" in found.summary()
    assert f"L = {kept(q0, l0)[0]:.4g}" in found.summary()
    made = json.loads(found.to_json())
    assert [row["free"] for row in made["lines"]] == ["L"] * 3
    assert made["lines"][0]["end"]["gamma"] == pytest.approx(line.end["gamma"])


def test_noise_moves_students_along_the_line():
    # (8.24) at Q = R = 1: d(L^2)/dt = eta^2 (gamma/std)^2 S/M, and gamma L = std: by hand.
    S, M, l0 = 0.3, 6, 0.8
    found = bn.fixed_points(FROZEN.replace(noise=S, batch_size=M, l0=l0))
    line = next(line for line in found.lines if line.reached)
    assert not line.rests
    assert line.end is None
    assert line.growth == pytest.approx(0.3**2 * S / M / l0**4 / 2, rel=1e-9)
    assert "comes to a line" in found.summary()
    assert "L grows" in found.summary()


def test_decay_leaves_no_line_and_no_rotation_of_weights_that_are_not_normalised():
    found = bn.fixed_points(FROZEN.replace(weight_decay=0.1, batch_size=6))
    assert found.lines == ()
    assert found.reached is not None
    assert "lines" not in found.to_dict()
    assert found.rotation is None


@pytest.mark.slow
def test_a_scheme_of_a_user_has_its_line_too():
    own = bn.Problem("identity", "gamma*a/1.4", batch_size=10**6, eta=0.3, q0=0.5, r0=0.2)
    found = bn.fixed_points(own)
    line = next(line for line in found.lines if line.reached)
    assert np.allclose([line.end["L"], line.end["gamma"]], kept(0.5, 1.0), atol=2e-5)
