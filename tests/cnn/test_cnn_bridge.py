"""The bridge to theory: a neuron's zeta, and the predicted loss gap against drawn batches."""

import math

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="needs PyTorch: make test-cnn installs it")
from bntheory.cnn.data.batches import DeviceImages  # noqa: E402
from bntheory.cnn.data.data import load  # noqa: E402
from bntheory.cnn.evaluation.bridge import bridge  # noqa: E402
from bntheory.cnn.evaluation.layer_noise import summed  # noqa: E402
from bntheory.cnn.networks.gamma_decay import GammaDecay, fields_in_batch, predicted_zeta  # noqa: E402
from bntheory.cnn.networks.models import build  # noqa: E402
from bntheory.cnn.networks.surgery import norms_of, put_norm  # noqa: E402
from bntheory.cnn.norms.moments import Pool  # noqa: E402
from torch import nn  # noqa: E402

torch.set_num_threads(1)  # spinning threads are slow where others work as well


def test_zeta_of_a_relu_layer():
    assert predicted_zeta(32, 0.0) * 32 == pytest.approx(3 / 8, rel=1e-9)
    # (rho + 2)/(8 M) times I = 1/2, and 1/(4 M) from the mean (theory page 2)
    assert predicted_zeta(10, 2.0) * 10 == pytest.approx(4 / 16 + 1 / 4, rel=1e-9)


def test_fields_are_counted_three_ways():
    pool = Pool()
    pool.add(torch.randn(500, 2, 3, 3, dtype=torch.float64))
    assert fields_in_batch(8, pool, "samples") == 8
    assert fields_in_batch(8, pool, "positions") == 72
    # Independent positions count fully, up to the sampling error of a variance, sqrt(2/500).
    assert fields_in_batch(8, pool, "effective") == pytest.approx(72, rel=5 * math.sqrt(2 / 500))


def test_gamma_decay_is_the_flow_term_and_touches_nothing_else():
    model = build("resnet8", 8, 1, 10)
    put_norm(model, "bn", torch.zeros(1, 1, 8, 8))
    decay = GammaDecay(model, "0.25", 32)
    optimiser = torch.optim.SGD(decay.groups(), lr=0.1)
    for parameter in model.parameters():
        parameter.grad = torch.zeros_like(parameter)
    before = {name: p.detach().clone() for name, p in model.named_parameters()}
    assert decay.penalty() == pytest.approx(
        0.25 / 2 * sum(len(m.weight) for m in decay.norms.values())
    )
    optimiser.step()
    gammas = {id(norm.weight) for norm in norms_of(model).values()}
    for name, parameter in model.named_parameters():
        # d gamma = -eta zeta gamma, not twice that
        factor = 1 - 0.1 * 0.25 if id(parameter) in gammas else 1.0
        assert torch.allclose(parameter, factor * before[name])


def test_automatic_decay_follows_the_kurtosis_of_a_layer():
    model = nn.Sequential(nn.Conv2d(1, 2, 1), nn.BatchNorm2d(2))
    put_norm(model, "bn", torch.zeros(1, 1, 2, 2))
    decay = GammaDecay(model, "auto:samples", 16)
    groups = decay.groups()
    pool = Pool()
    fields = torch.from_numpy(np.random.default_rng(0).laplace(size=(400, 2, 2, 2)))
    pool.add(fields)
    decay.measure({"1": pool}, groups)
    rho = float(pool.kurtosis.mean())
    assert rho > 1.5  # 3 for Laplace
    assert groups[0]["weight_decay"] == pytest.approx((rho + 2) / (16 * 16) + 1 / (4 * 16))


def test_the_noise_part_of_a_neuron_is_its_zeta():
    """A ReLU neuron with Gaussian fields: the slope of the loss is g'(u) times unit noise."""
    rng = np.random.default_rng(3)
    count = 3000
    u = rng.normal(size=(count, 1))
    slope = (u > 0) * rng.normal(size=(count, 1))
    part = {"b": 0 * u, "a": 0 * u, "drawn_b": slope, "drawn_a": slope * u, "m1": u, "m2": u**2}
    part["fields"] = u
    norm = nn.BatchNorm2d(1)
    norm.weight.data.fill_(2.0)
    found = summed(norm, {key: torch.from_numpy(value) for key, value in part.items()})
    # Means of squares with relative standard errors below sqrt(40/count), five of them allowed.
    tolerance = 5 * math.sqrt(40 / count)
    assert found.from_mean == pytest.approx(4 * 1 / 4, rel=tolerance)
    assert found.from_spread == pytest.approx(4 * 1 / 8, rel=tolerance)
    assert found.uncorrelated == pytest.approx(4 * 3 / 8, rel=tolerance)
    assert found.from_residual == 0


class Shallow(nn.Module):
    """One normalised layer, and nothing that bends after it: Fisher information is Hessian."""

    def __init__(self):
        super().__init__()
        self.conv, self.bn = nn.Conv2d(1, 8, 7, bias=False), nn.BatchNorm2d(8)
        self.last = nn.Linear(8, 10)

    def forward(self, x):
        return self.last(self.bn(self.conv(x)).mean((2, 3)))


@pytest.fixture(scope="module")
def gaps():
    """Rows of the bridge for an untrained shallow network: large slopes, so both parts matter."""
    splits = load("synthetic", side=0, train=2000, validation=100)
    images = DeviceImages(splits.train, splits, torch.device("cpu"), False)
    torch.manual_seed(4)
    model = Shallow()
    nn.init.normal_(model.last.weight, std=1.0)
    put_norm(model, "bn", images.take(torch.arange(2))[0])
    return bridge(model, images, sizes=(16, 32), seen=8192, seed=5)


def misses(row, predicted):
    """By how much the gap differs from a prediction, beyond five standard errors.

    And beyond what the expansion leaves out: the next order in 1/M, with a factor of 8.
    """
    allowed = 5 * row["gap_sem"] + abs(row["predicted_gap"]) * 8 / row["batch_size"]
    return abs(row["gap"] - predicted) - allowed


def test_the_predicted_gap_is_the_measured_one(gaps):
    assert len(gaps) == 4  # one layer and all, two sizes
    for row in gaps:
        assert misses(row, row["predicted_gap"]) < 0


def test_a_wrong_prediction_would_be_seen(gaps):
    for row in gaps:
        assert misses(row, row["from_residual"]) > 0
        assert misses(row, row["predicted_gap"] - row["from_residual"]) > 0


def test_neurons_have_the_zeta_of_the_package(gaps):
    row = gaps[0]
    assert row["neuron_zeta"] == pytest.approx(
        row["zeta_samples"], abs=5 * row["neuron_zeta_sem"] + 2e-4
    )
