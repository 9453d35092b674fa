"""Inspecting any network: nothing is changed, and what is predicted is what is measured."""

import copy
import json
import math
import warnings

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="needs PyTorch: make test-cnn installs it")
from bntheory.cnn import inspect  # noqa: E402
from bntheory.cnn.data.batches import DeviceImages  # noqa: E402
from bntheory.cnn.data.data import load  # noqa: E402
from bntheory.cnn.evaluation.layer_noise import record, summed  # noqa: E402
from bntheory.cnn.inspection.what_if import in_range, total  # noqa: E402
from bntheory.cnn.networks.models import build  # noqa: E402
from bntheory.cnn.networks.surgery import put_norm  # noqa: E402
from bntheory.cnn.runs.judge import population, with_population  # noqa: E402
from foreign_networks import torchvision_models  # noqa: E402
from torch import nn  # noqa: E402
from torch.nn import functional as F  # noqa: E402, N812

torch.set_num_threads(1)  # spinning threads are slow where others work as well


class Mixed(nn.Module):
    """Norms after a layer, after a sum, used twice, frozen, without scale; in-place ReLU."""

    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(2, 8, 3, padding=1)
        self.bn = nn.BatchNorm2d(8, momentum=None)
        self.relu = nn.ReLU(inplace=True)
        self.sum_bn = nn.BatchNorm2d(8, affine=False)
        self.twice = nn.SyncBatchNorm(8)
        self.frozen = nn.BatchNorm2d(8)
        self.up = nn.ConvTranspose2d(8, 8, 2, groups=2)
        self.up_bn = nn.BatchNorm2d(8, track_running_stats=False)
        self.dropout = nn.Dropout(0.5)
        self.last = nn.Linear(8, 4)
        self.last_bn = nn.BatchNorm1d(4)
        self.unused = nn.BatchNorm1d(3)

    def forward(self, x):
        x = self.relu(self.bn(self.conv(x)))
        x = self.sum_bn(x + x.flip(2))
        x = self.relu(self.twice(self.relu(self.twice(x)) + 1))
        x = self.up_bn(self.up(self.frozen(x)))
        return self.last_bn(self.last(self.dropout(x.relu().mean((2, 3)))))


def mixed(seed=0):
    torch.manual_seed(seed)
    model = Mixed()
    for parameter in model.parameters():
        parameter.data += 0.1 * torch.randn_like(parameter)
    model.frozen.eval()
    batches = [(torch.randn(12, 2, 6, 6), torch.randint(4, (12,))) for _ in range(5)]
    return model, [*batches, (torch.randn(5, 2, 6, 6), torch.randint(4, (5,)))]


def state(model, optimiser):
    """All that must be as before."""
    modules = list(model.modules())
    hooks = [len(m._forward_hooks) + len(m._forward_pre_hooks) for m in modules]
    flags = [m.training for m in modules]
    gradients = [None if p.grad is None else p.grad.clone() for p in model.parameters()]
    asked = [p.requires_grad for p in model.parameters()]
    kept = copy.deepcopy((model.state_dict(), optimiser.state_dict() if optimiser else None))
    return kept, hooks, flags, gradients, asked, torch.get_rng_state()


def same(one, other):
    if isinstance(one, torch.Tensor):
        return one.dtype == other.dtype and torch.equal(one, other)
    if isinstance(one, dict):
        return one.keys() == other.keys() and all(same(one[k], other[k]) for k in one)
    if isinstance(one, list | tuple):
        return len(one) == len(other) and all(map(same, one, other))
    return one == other


@pytest.mark.parametrize("with_optimiser", [False, True])
def test_nothing_is_changed(with_optimiser):
    model, batches = mixed()
    optimiser = torch.optim.AdamW(model.parameters(), 0.01) if with_optimiser else None
    for _ in range(2):
        F.cross_entropy(model(batches[0][0]), batches[0][1]).backward()
        if optimiser:
            optimiser.step()
    model.conv.weight.requires_grad_(False)
    loader = torch.utils.data.DataLoader(
        torch.utils.data.TensorDataset(*map(torch.cat, zip(*batches, strict=True))),
        batch_size=12, shuffle=True,
    )  # fmt: skip
    before = state(model, optimiser)
    report = inspect(model, loader, optimiser, measure=(30,))
    assert same(before, state(model, optimiser))
    names = [row["layer"] for row in report.rows]
    assert names == ["bn", "sum_bn", "twice", "twice#2", "up_bn", "last_bn"]
    assert any("frozen" in note for note in report.notes)
    assert any("unused" in note for note in report.notes)
    with pytest.raises(ValueError, match="batches"):  # and not by what fails, either
        inspect(model, [(x[:, :1], y) for x, y in batches], optimiser)
    assert same(before, state(model, optimiser))


def test_what_has_no_value_is_absent():
    model, batches = mixed()
    rows = {row["layer"]: row for row in inspect(model, batches).rows}
    assert [row["fed_by"] for row in rows.values()] == ["conv", None, None, None, "up", "last"]
    assert rows["sum_bn"]["weight_norm"] is None
    assert rows["sum_bn"]["gamma_squared"] == 1.0
    assert rows["up_bn"]["mean_shift"] is None
    assert rows["bn"]["rotation"] is None
    text = json.loads(inspect(model, batches).to_json())
    assert text["layers"][1]["effective_norm"] is None
    assert "NaN" not in inspect(model, batches).to_json()


def test_numbers_of_a_layer_are_those_of_numpy():
    model, batches = mixed()
    row = inspect(model, batches).rows[0]
    x = torch.cat([x for x, _ in batches])
    with torch.no_grad():
        h = model.conv(x).double().transpose(0, 1).flatten(1).numpy()
    gamma = model.bn.weight.detach().double().numpy()
    length = np.linalg.norm(model.conv.weight.detach().double().flatten(1).numpy(), axis=1)
    spread = np.sqrt(h.var(1) + model.bn.eps)
    fourth = ((h - h.mean(1, keepdims=True)) ** 4).mean(1) / h.var(1) ** 2 - 3
    shift = (model.bn.running_mean.numpy() - h.mean(1)) / spread
    expected = {
        "gamma_squared": np.mean(gamma**2), "weight_norm": length.mean(), "sigma": spread.mean(),
        "effective_norm": np.mean(abs(gamma) * length / spread), "kurtosis": fourth.mean(),
        "mean_shift": np.sqrt(np.mean(shift**2)), "positions": 36, "channels": 8,
        "variance_ratio": np.mean((model.bn.running_var.numpy() + 1e-5) / spread**2),
    }  # fmt: skip
    for name, value in expected.items():
        assert row[name] == pytest.approx(value, rel=1e-4), name


@pytest.fixture(scope="module")
def synthetic():
    splits = load("synthetic", side=0, train=5000, validation=100)
    return DeviceImages(splits.train, splits, torch.device("cpu"), False)


def batches_of(images, size, count):
    return [images.take(chosen) for chosen in torch.arange(size * count).split(size)]


class Linear(nn.Module):
    """Two normalised layers with nothing that bends between them; large slopes at the end."""

    def __init__(self, classes=10):
        super().__init__()
        self.conv, self.bn1 = nn.Conv2d(1, 8, 7, bias=False), nn.BatchNorm2d(8)
        self.mix, self.bn2 = nn.Conv2d(8, 8, 1, bias=False), nn.BatchNorm2d(8)
        self.last = nn.Linear(8, classes)

    def forward(self, x):
        return self.last(self.bn2(self.mix(self.bn1(self.conv(x)))).mean((2, 3)))


def inspected(images, own_labels):
    """The network, 4900 images in batches of 25; labels drawn from its own answer, or the true."""
    torch.manual_seed(4)
    model = Linear()
    nn.init.normal_(model.last.weight, std=2.0)
    x, labels = images.take(torch.arange(4900))
    if own_labels:
        with torch.no_grad():
            labels = torch.multinomial(model(x).softmax(1), 1)[:, 0]
    batches = list(zip(x.split(25), labels.split(25), strict=True))
    return inspect(model, batches, limit=196, measure=(25, 50), each=True)


@pytest.fixture(scope="module")
def linear(synthetic):
    """As if trained: no residual slope."""
    return inspected(synthetic, own_labels=True)


@pytest.fixture(scope="module")
def untrained(synthetic):
    return inspected(synthetic, own_labels=False)


def misses(measured, predicted, sem, size):
    """Beyond five standard errors of both, and the next order with a factor of 8."""
    gap, gap_sem = measured
    return abs(gap - predicted) - 5 * math.hypot(gap_sem, sem) - 8 / size * abs(predicted)


@pytest.mark.parametrize("name", ["linear", "untrained"])
def test_the_predicted_gap_is_the_measured_one(name, request):
    report = request.getfixturevalue(name)
    for size, by_layer in report.measured.items():
        for layer, found in report.estimates.items():
            assert misses(by_layer[layer], found.gap / size, found.gap_sem / size, size) < 0
        together = in_range(report, "all", size)
        sem = report.joint.gap_sem * 25 / size
        assert misses(by_layer["all"], together.value, sem, size) < 0


def test_the_range_holds_the_measured_gap(linear):
    for size, by_layer in linear.measured.items():
        for name, (gap, sem) in by_layer.items():
            expected = in_range(linear, name, size)
            assert expected.low - 2 * sem < gap < expected.high + 2 * sem


def test_a_wrong_prediction_would_be_seen(linear, untrained):
    """Half or twice the noise; the noise alone; all layers by their sum."""
    by_layer = linear.measured[25]
    for name, found in linear.estimates.items():
        for wrong in (found.noise / 3, 3 * found.noise):
            assert misses(by_layer[name], wrong / 25, found.gap_sem / 25, 25) > 0
        other = untrained.estimates[name]  # whose gap is negative: the noise alone is not
        gap, sem = untrained.measured[25][name]
        assert other.noise / 25 - gap > 5 * math.hypot(sem, other.gap_sem / 25)
    # The second layer takes the mean and spread that the first one's noise moved out again.
    gap, sem = by_layer["all"]
    summed = total(linear.estimates)
    assert summed.gap / 25 - gap > 5 * math.hypot(sem, summed.gap_sem / 25)
    assert abs(linear.joint.gap - gap) < 3 * math.hypot(sem, linear.joint.gap_sem)


def test_the_gap_of_the_batches_in_use_is_the_same(linear):
    losses = linear.losses
    expected, sem = linear.measured[25]["all"]
    assert abs(losses.gap - expected) < 5 * math.hypot(losses.gap_sem, sem)
    assert losses.batch - losses.population == pytest.approx(losses.gap * (1 - 1 / 196))


def test_the_prediction_is_the_bridges(synthetic):
    """Two estimators of one formula: half the images with drawn labels against all with both."""
    torch.manual_seed(5)
    model = Linear()
    put_norm(model, "bn", torch.zeros(1, 1, 8, 8))
    pools = population(model, synthetic, False)
    with with_population(model, pools):
        seen = record(model, synthetic, 2048, 3)
    norms = dict(model.named_modules())
    theirs = {name: summed(norms[name], part) for name, part in seen.layers.items()}
    ours = inspect(model.train(), batches_of(synthetic, 500, 4)).estimates
    for name, noise in theirs.items():
        expected = noise.from_mean + noise.from_spread + noise.from_both
        assert ours[name].noise == pytest.approx(expected, abs=5 * ours[name].noise_sem)
        gap = expected + noise.from_residual
        assert ours[name].gap == pytest.approx(gap, abs=5 * ours[name].gap_sem)
        assert 5 * ours[name].noise_sem < expected  # it says something


@pytest.mark.parametrize("own", [False, True])
def test_a_loss_of_ones_own_has_its_own_curvature(synthetic, own):
    """Squared errors of any size; and cross-entropy as if it were one's own."""
    torch.manual_seed(1)
    model = nn.Sequential(nn.Conv2d(1, 8, 7, bias=False), nn.BatchNorm2d(8), nn.Flatten(),
                          nn.Linear(32, 3))  # fmt: skip
    nn.init.normal_(model[3].weight, std=0.5)
    x, labels = synthetic.take(torch.arange(4000))
    with torch.no_grad():
        answer = model(x)
    labels = torch.multinomial(answer.softmax(1), 1)[:, 0]
    loss = F.cross_entropy
    if own:
        labels = answer + 0.2 * torch.randn_like(answer)

        def loss(out, y):
            return (out - y).square().mean(0).sum()

    batches = list(zip(x.split(50), labels.split(50), strict=True))
    report = inspect(model, batches, loss=loss, forward=lambda network, x: network(x), limit=80,
                     measure=(50,), each=True)  # fmt: skip
    found = report.estimates["1"]
    assert misses(report.measured[50]["1"], found.gap / 50, found.gap_sem / 50, 50) < 0
    assert misses(report.measured[50]["1"], 5 * found.gap / 50, found.gap_sem / 50, 50) > 0


def trained(images, steps):
    model = build("resnet8", 8, 1, 10)
    optimiser = torch.optim.SGD(model.parameters(), 0.05, 0.9, weight_decay=5e-4)
    order = torch.Generator().manual_seed(2)
    for _ in range(steps):
        x, labels = images.take(torch.randint(len(images), (32,), generator=order))
        optimiser.zero_grad()
        F.cross_entropy(model(x), labels).backward()
        optimiser.step()
    return model, optimiser


@pytest.mark.parametrize(
    ("steps", "count"), [(40, 20), pytest.param(300, 62, marks=pytest.mark.slow)]
)
def test_a_trained_network_has_the_gap_that_is_predicted(synthetic, steps, count):
    model, optimiser = trained(synthetic, steps)
    report = inspect(
        model, batches_of(synthetic, 32, count), optimiser, limit=count, measure=(32,), each=True
    )  # fmt: skip
    for name, found in report.estimates.items():
        gap, sem = report.measured[32][name]
        beyond = 4 * math.hypot(sem, found.gap_sem / 32) + abs(found.gap / 32) / 2
        assert abs(gap - found.gap / 32) < beyond, name
    gap, sem = report.measured[32]["all"]
    assert abs(gap - report.joint.gap) < 4 * math.hypot(sem, report.joint.gap_sem) + gap / 4
    row = report.rows[0]
    assert row["rotation_equilibrium"] == pytest.approx(math.sqrt(2 * 0.05 * 5e-4 / 1.9))
    rate = 0.05 / 0.1 / model.conv1.weight.detach().flatten(1).square().sum(1)
    assert row["effective_rate"] == pytest.approx(float(rate.mean()), rel=1e-5)
    assert report.plot().axes
    assert "<table>" in report._repr_html_()
    assert len(report.to_dataframe()) == 9


@pytest.mark.parametrize("name", ["resnet18", "mobilenet_v3_small", "densenet121"])
def test_networks_that_nobody_here_wrote(name):
    models = torchvision_models()
    torch.manual_seed(0)
    model = getattr(models, name)(num_classes=10)
    optimiser = torch.optim.SGD(model.parameters(), 0.1, 0.9, weight_decay=1e-4)
    batches = [(torch.randn(16, 3, 32, 32), torch.randint(10, (16,))) for _ in range(2)]
    before = state(model, optimiser)
    report = inspect(model, batches, optimiser)
    assert same(before, state(model, optimiser))
    norms = [n for n, m in model.named_modules() if isinstance(m, nn.BatchNorm2d)]
    assert [row["layer"] for row in report.rows] == norms
    fed = {row["layer"]: row["fed_by"] for row in report.rows}
    if name == "densenet121":  # normalisation before the layer, of concatenated maps
        assert fed["features.norm0"] == "features.conv0"
        assert fed["features.denseblock1.denselayer1.norm2"].endswith("denselayer1.conv1")
        assert fed["features.denseblock1.denselayer2.norm1"] is None
    else:
        assert None not in fed.values()
    for row in report.rows:
        assert math.isfinite(row["predicted_gap"])
        assert (row["rotation"] is None) == (row["fed_by"] is None)
    assert math.isfinite(report.joint.gap)


def refused(model, batches, *more, **options):
    with pytest.raises(ValueError, match=r"\w+=") as caught:
        inspect(model, batches, *more, **options)
    return str(caught.value)


GOOD = [(torch.zeros(12, 4), torch.zeros(12, dtype=torch.long))] * 4


def small():
    return nn.Sequential(nn.Linear(4, 8), nn.BatchNorm1d(8), nn.ReLU(), nn.Linear(8, 3))


def test_bad_input_is_one_message():
    assert "BatchNorm1d/2d/3d" in refused(nn.Linear(4, 3), GOOD)
    assert "Module" in refused("resnet18", GOOD)
    assert "frozen statistics" in refused(small().eval(), GOOD)
    assert "lazy" in refused(nn.Sequential(nn.LazyBatchNorm1d()), GOOD)
    assert "optimiser" in refused(small(), GOOD, "sgd")
    assert "iterable" in refused(small(), 3)
    assert "none" in refused(small(), [])
    assert "pairs" in refused(small(), [torch.zeros(12, 4)])
    assert "pairs" in refused(small(), [{"x": 1}])
    assert "as many labels" in refused(small(), [(torch.zeros(12, 4), torch.zeros(11))])
    assert "at least 2 images" in refused(small(), [(x[:1], y[:1]) for x, y in GOOD])
    assert "at least 20 images" in refused(small(), GOOD[:1])
    assert "it says" in refused(small(), [(x[:, :3], y) for x, y in GOOD])
    assert "logits" in refused(small(), [(x, y.double()) for x, y in GOOD])
    assert "labels below 3" in refused(small(), [(x, y + 3) for x, y in GOOD])
    assert "one finite number" in refused(small(), GOOD, loss=lambda out, y: out)
    assert "at most the 48" in refused(small(), GOOD, measure=(64,))
    assert "whole number" in refused(small(), GOOD, measure=(1,))
    assert "finite" in refused(small(), [(x + math.nan, y) for x, y in GOOD])


def test_what_if_is_first_order_with_a_range(linear):
    report = linear
    half = report.what_if(batch_size=50).columns()
    assert half["gap_then"] == pytest.approx([gap / 2 for gap in half["gap_now"]])
    assert half["zeta_then"][0] == pytest.approx(report.rows[0]["zeta"] / 2)
    for low, gap, high in zip(half["low"], half["gap_then"], half["high"], strict=True):
        assert low < gap < high
    ghosts = report.what_if(ghost=5).columns()
    assert ghosts["gap_then"] == pytest.approx([5 * gap for gap in half["gap_now"]])
    frozen = report.what_if(frozen=True)
    assert frozen.columns()["zeta"] == [row["zeta"] for row in report.rows]
    assert "weight_decay" in str(frozen)
    for wrong in ({}, {"batch_size": 8, "ghost": 5}, {"ghost": 7}, {"batch_size": 1}):
        with pytest.raises(ValueError, match=r"what_if|ghost|batch_size"):
            report.what_if(**wrong)


def test_the_gamma_decay_is_that_of_a_neuron_of_the_theory():
    """One ReLU neuron that has learned: zeta is E[g'^2]/2 + E[g'^2 u^2]/4 over M, by source."""
    torch.manual_seed(0)

    class Neuron(nn.Module):
        def __init__(self):
            super().__init__()
            self.bn = nn.BatchNorm1d(1)

        def forward(self, x):
            return self.bn(x).relu()

    count, size = 4000, 40
    x = torch.randn(count, 1)
    noisy = (x - x.mean()).div(x.std()).relu() + torch.randn(count, 1)  # slopes are g' times noise
    batches = list(zip(x.split(size), noisy.split(size), strict=True))
    report = inspect(Neuron(), batches, limit=100,
                     loss=lambda out, y: (out - y).square().mean() / 2)  # fmt: skip
    row = report.rows[0]
    assert row["zeta_from_mean"] * size == pytest.approx(1 / 4, rel=5 * math.sqrt(40 / count))
    assert row["zeta_from_spread"] * size == pytest.approx(1 / 8, rel=5 * math.sqrt(40 / count))
    assert row["zeta_neuron"] * size == pytest.approx(3 / 8, rel=0.1)


def test_without_warnings(synthetic):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        inspect(small(), [(torch.randn(12, 4), y) for _, y in GOOD])
