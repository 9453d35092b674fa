"""Means over the noise, interpolated among residuals, against the same integrals at each."""

import bntheory as bn
import numpy as np
import pytest
from bntheory.odes.derivation.signal_kernels import signal_kernels
from bntheory.odes.kernels.signal_noise import MOST
from bntheory.teacher_student.normal_quadrature import FINE

LAWS = ("gaussian", "student-t:12.5", "student-t:2.6")
LOSSES = ("huber:0.8", "absolute", "log(cosh(y - o))", "log(1 + (y - o)**2)", "(y - o)**4/4",
          "max(abs(y - o) - 1, 0)")  # fmt: skip
QUICK = [("huber:0.8", "student-t:2.6"), ("log(1 + (y - o)**2)", "gaussian")]
REST = [(loss, law) for loss in LOSSES for law in LAWS if (loss, law) not in QUICK]


@pytest.mark.parametrize(
    ("loss", "law"), [*QUICK, *(pytest.param(*one, marks=pytest.mark.slow) for one in REST)]
)
def test_interpolated_means_are_the_integrals(loss, law):
    if loss.startswith("(y") and law != "gaussian":
        law = "student-t:40"  # the eighth moment of a cubic signal's square is finite
    problem = bn.Problem("softplus", "wn", loss=loss, noise=1.0, noise_law=law)
    kernels, room = signal_kernels(problem), np.empty((2, 64))
    rng, found, direct = np.random.default_rng(3), np.empty(MOST + 2), np.empty(MOST + 2)
    for std in (1e-3, 0.1, 1.0, 30.0, 1e3):
        edges, table = kernels.tabulate_noise(std, FINE, -40.0, 25.0)
        for f in rng.normal(0.0, 3.0, 40):
            (o, slope) = kernels.activation(f)
            y = o + min(24.9, max(-39.9, rng.standard_cauchy() * min(std, 5.0)))
            kernels.means_at(y - o, slope, edges, table, found)
            kernels.add_noisy(y, f, std, 1.0, FINE, *room, direct)
            # Relative to what the signal is within a deviation: means of odd powers may vanish.
            sizes = abs(slope) ** np.arange(MOST + 1) * direct[0]
            largest = max(1e-3, abs(y - o), std)
            sizes = np.append(sizes * largest ** np.arange(MOST + 1), largest)
            assert found == pytest.approx(direct, rel=1e-9, abs=1e-10 * sizes.max())


def test_only_unclipped_losses_of_a_difference_are_tabulated():
    usual = bn.Problem("tanh", "sgd", loss="huber:1", noise=0.1)
    for problem, tabulated in [
        (usual, True),
        (usual.replace(clip=0.5), False),
        (usual.replace(loss="(y - o)**2/(1 + o**2)"), False),
    ]:
        assert signal_kernels(problem).OF_DIFFERENCE is tabulated


def test_the_logarithm_of_cosh_is_finite_far_out():
    loss = signal_kernels(bn.Problem("tanh", "sgd", loss="log(cosh(y - o))")).loss
    assert loss(1e4, 3.0) == pytest.approx(9997.0 - np.log(2.0), rel=1e-15)
    assert loss(0.3, 0.1) == pytest.approx(np.log(np.cosh(0.2)), rel=1e-12)
