"""Sampled and measured loss gaps: against all batches there are, and against each other."""

import itertools

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="needs PyTorch: make test-cnn installs it")
from bntheory.cnn.data.batches import DeviceImages  # noqa: E402
from bntheory.cnn.data.data import load  # noqa: E402
from bntheory.cnn.evaluation import sampled as sampled_module  # noqa: E402
from bntheory.cnn.evaluation.bridge import bridge  # noqa: E402
from bntheory.cnn.evaluation.layer_noise import record  # noqa: E402
from bntheory.cnn.evaluation.measured import batch_statistics, measured, share  # noqa: E402
from bntheory.cnn.evaluation.plan import multiplications, plan  # noqa: E402
from bntheory.cnn.evaluation.sampled import others, sampled_gaps  # noqa: E402
from bntheory.cnn.networks.models import build  # noqa: E402
from bntheory.cnn.networks.surgery import put_norm  # noqa: E402
from bntheory.cnn.runs.judge import population, with_population  # noqa: E402
from bntheory.results.errors import InputError  # noqa: E402
from torch import nn  # noqa: E402
from torch.nn.functional import cross_entropy  # noqa: E402

torch.set_num_threads(1)
LAYERS = ["1", "4"]


def network(count, seed=1):
    """Two normalised layers with ReLU, untrained, and its images.

    It answers the first class too often: all features have a slope of one sign on their kinks. One
    channel is always 0.
    """
    splits = load("synthetic", side=0, train=count, validation=100)
    images = DeviceImages(splits.train, splits, torch.device("cpu"), False)
    torch.manual_seed(seed)
    model = nn.Sequential(
        nn.Conv2d(1, 6, 5, bias=False), nn.BatchNorm2d(6), nn.ReLU(),
        nn.Conv2d(6, 6, 3, bias=False), nn.BatchNorm2d(6), nn.ReLU(),
        nn.Flatten(), nn.Linear(24, 10),
    )  # fmt: skip
    nn.init.normal_(model[-1].weight, std=0.7)
    with torch.no_grad():
        model[-1].weight[0] += 1.0
        model[0].weight[0] = 0.0
    put_norm(model, "bn", images.take(torch.arange(2))[0])
    return model, images


@torch.no_grad()
def all_batches(model, images, layers, size):
    """The gap as a mean over every batch that can be drawn."""
    x, labels = images.take(torch.arange(len(images)))
    quiet = cross_entropy(model(x), labels)
    losses = []
    with batch_statistics(model, layers):
        for chosen in itertools.combinations(range(len(images)), size):
            part = torch.tensor(chosen)
            losses.append(cross_entropy(model(x[part]), labels[part]))
    return float(torch.stack(losses).mean() - quiet)


@pytest.fixture(scope="module")
def small():
    model, images = network(8)
    with with_population(model, population(model, images, False)):
        yield model, images


def sampled_often(model, images, size):
    known = record(model, images, len(images), 0)
    return np.array(
        [float(sampled_gaps(model, images, "1", known, size, seed).mean()) for seed in range(200)]
    )


def test_a_sampled_pass_has_the_law_of_the_batch(small, monkeypatch):
    exact = all_batches(*small, ["1"], 4)
    found = sampled_often(*small, 4)
    sem = found.std() / len(found) ** 0.5
    assert found.mean() == pytest.approx(exact, abs=4 * sem)
    # Without the image's own fields in its batch (and the mean kept) it is another law.
    monkeypatch.setattr(sampled_module, "others", lambda n, size, seed: others(n, size + 1, seed))
    monkeypatch.setattr(sampled_module.torch, "eye", lambda n, **how: torch.zeros(n, n, **how))
    wrong = sampled_often(*small, 4)
    assert abs(wrong.mean() - exact) > 10 * sem


@pytest.mark.parametrize("layers", [["1"], LAYERS])
def test_pools_give_the_gap_of_all_batches(small, layers):
    """A pool of all images has no gap of its own; that of a larger population has its share."""
    model, images = small
    exact = all_batches(model, images, layers, 4)
    found = measured(model, images, layers, [4], (400, 8), 0)[:, 0] * share(4, 8)
    sem = found.std() / len(found) ** 0.5
    assert found.mean() == pytest.approx(exact, abs=4 * sem)


@pytest.mark.slow
def test_what_is_sampled_is_measured_and_needs_the_kinks():
    model, images = network(2000)
    calls = []
    rows = bridge(model, images, sizes=(32,), seen=8192, progress=lambda *at: calls.append(at))
    first, second, both = rows
    for row in (first, second):
        allowed = 4 * np.hypot(row["gap_sem"], row["sampled_gap_sem"])
        assert abs(row["gap"] - row["sampled_gap"]) < allowed
    assert abs(second["gap"] - second["predicted_gap"]) > allowed
    sems = both["gap_sem"], both["joint_gap_sem"]
    assert both["joint_gap"] == pytest.approx(both["gap"], abs=4 * np.hypot(*sems))
    assert both["sampled_gap"] == pytest.approx(first["sampled_gap"] + second["sampled_gap"])
    assert calls[-1][0] == calls[-1][1]  # all that was announced, neither more nor less
    assert calls[-2][0] < calls[-1][1]


def test_the_share_is_the_variance_of_a_mean_without_repetition():
    values = np.random.default_rng(0).normal(size=7)
    means = [np.mean(part) for part in itertools.combinations(values, 3)]
    assert np.var(means) == pytest.approx(share(3, 7) * np.var(values), rel=1e-12)


def test_sizes_need_two_batches():
    model, images = network(8)
    with pytest.raises(InputError, match="half the images, 4"):
        bridge(model, images, sizes=(8,))


def test_large_networks_are_measured_on_fewer_images():
    splits = load("synthetic", side=0, train=2000, validation=100)
    images = DeviceImages(splits.train, splits, torch.device("cpu"), False)
    plans = {}
    for name, width in (("resnet8", 8), ("resnet18", 64)):
        model = build(name, width, 1, 10)
        put_norm(model, "bn", images.take(torch.arange(2))[0])
        plans[name] = plan(model, images, (8, 16, 32, 64)), multiplications(model, images)
    small, large = plans["resnet8"][0], plans["resnet18"][0]
    assert (small.recorded, small.pool * small.pools) == (2000, 2048)
    assert (large.recorded, large.pools, large.sampled) == (256, 0, (32,))
    assert small.passes > 10 * large.passes
    assert plan(model, images, (8, 16), seen=1024).pools == 2
    # He et al.: 0.56e9 multiplications at 32 x 32, a sixteenth at 8 x 8.
    assert plans["resnet18"][1] == pytest.approx(0.56e9 / 16, rel=0.02)
