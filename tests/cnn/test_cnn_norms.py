"""Every normalisation against a NumPy twin, forward and gradient; and the surgery."""

import numpy as np
import pytest
from scipy.stats import kurtosis

torch = pytest.importorskip("torch", reason="needs PyTorch: make test-cnn installs it")
from bntheory.cnn.networks.folding import fold  # noqa: E402
from bntheory.cnn.networks.models import build  # noqa: E402
from bntheory.cnn.networks.surgery import find_pairs, mode, norms_of, put_norm  # noqa: E402
from bntheory.cnn.norms.moments import Pool  # noqa: E402
from bntheory.cnn.runs.networks import set_warm  # noqa: E402
from torch import nn  # noqa: E402

torch.set_num_threads(1)  # spinning threads are slow where others work as well

EPS = 1e-5
PLAIN = (
    "bn",
    "ghost-bn:3",
    "pn:population:2",
    "pn:renorm",
    "wn",
    "wn+mean-bn",
    "wn+var-bn",
    "none",
)
WARM = ("pn:renorm", "pn:constant")


def small(norm, warm=False, seed=0):
    """A convolution and its norm in float64, with running statistics unlike the batch's."""
    torch.manual_seed(seed)
    model = nn.Sequential(nn.Conv2d(2, 3, 2, bias=False), nn.BatchNorm2d(3)).double()
    put_norm(model, norm, torch.zeros(1, 2, 3, 3, dtype=torch.float64))
    model = model.double().train()
    with torch.no_grad():
        model[1].weight.copy_(torch.tensor([0.8, 1.1, 1.3]))
        model[1].bias.copy_(torch.tensor([0.1, -0.2, 0.3]))
        model[1].running_mean.copy_(torch.tensor([0.2, -0.1, 0.05]))
        model[1].running_var.copy_(torch.tensor([0.9, 1.2, 0.7]))
        if "unit" in dict(model[1].named_buffers()):
            model[1].unit.copy_(torch.tensor([0.7, 0.9, 1.2]))
    if warm:
        set_warm(model)
    return model, torch.randn(6, 2, 4, 4, dtype=torch.float64)


def per_channel(values):
    return np.broadcast_to(values, 3)[None, :, None, None]


def twin(norm, h, model, frozen=None, warm=False):
    """The normalised field by NumPy; no gradient goes through what ``frozen`` gives."""
    module = model[1]
    gamma, beta = module.weight.detach().numpy(), module.bias.detach().numpy()
    kernel = model[0].weight.detach().numpy()
    running = module.running_mean.numpy().copy(), module.running_var.numpy().copy()
    if norm.startswith("ghost-bn"):
        return np.concatenate([twin("bn", part, model) for part in (h[:3], h[3:])])
    source = h[-2:] if norm.startswith("pn:population") else h
    mean, variance = source.mean((0, 2, 3)), source.var((0, 2, 3))
    spread, length = np.sqrt(variance + EPS), np.sqrt((kernel**2).sum((1, 2, 3)))
    unit = module.unit.numpy() / length if norm.startswith("wn") and norm != "wn+var-bn" else 1.0
    if warm and norm == "pn:constant":
        mean, spread = running[0], np.sqrt(running[1] + EPS)
    result = {
        "wn": h * per_channel(unit),
        "wn+mean-bn": (h - per_channel(mean)) * per_channel(unit),
        "wn+var-bn": h / per_channel(spread),
        "none": h,
    }.get(norm, (h - per_channel(mean)) / per_channel(spread))
    if warm and norm == "pn:renorm":
        still = h if frozen is None else frozen
        old = np.sqrt(running[1] + EPS)
        r = np.sqrt(still.var((0, 2, 3)) + EPS) / old
        d = (still.mean((0, 2, 3)) - running[0]) / old
        result = result * per_channel(r) + per_channel(d)
    return result * per_channel(gamma if norm != "none" else np.ones(3)) + per_channel(beta)


@pytest.mark.parametrize(
    ("norm", "warm"), [*((norm, False) for norm in PLAIN), *((norm, True) for norm in WARM)]
)
def test_forward_and_gradient_are_those_of_the_numpy_twin(norm, warm):
    model, x = small(norm, warm)
    h = model[0](x).detach().numpy()
    direction = np.random.default_rng(1).normal(size=h.shape)
    step = 1e-5  # central differences: error of order step^2, and rounding 1e-16/step
    expected = np.empty_like(h)
    for place in np.ndindex(*h.shape):
        moved = np.zeros_like(h)
        moved[place] = step
        up = (direction * twin(norm, h + moved, model, h, warm)).sum()
        down = (direction * twin(norm, h - moved, model, h, warm)).sum()
        expected[place] = (up - down) / (2 * step)
    forward = twin(norm, h, model, None, warm)
    fields = torch.from_numpy(h).requires_grad_()
    output = model[1](fields)
    (torch.from_numpy(direction) * output).sum().backward()
    assert output.detach().numpy() == pytest.approx(forward, abs=1e-12)
    assert fields.grad.numpy() == pytest.approx(expected, abs=1e-8)


def test_warm_renormalisation_has_the_value_of_the_running_statistics():
    model, x = small("pn:renorm", warm=True)
    h = model[0](x).detach()
    by_hand = model.eval()[1](h)
    assert torch.allclose(model.train()[1](h), by_hand, atol=1e-12)


@pytest.mark.parametrize("norm", PLAIN)
def test_gradients_of_images_kernels_gamma_and_beta(norm):
    model, x = small(norm)
    x.requires_grad_()
    inputs = [x, model[0].weight, model[1].bias]
    inputs += [] if norm == "none" else [model[1].weight]
    assert torch.autograd.gradcheck(lambda *_: model(x), inputs, eps=1e-6, atol=1e-7)


@pytest.mark.parametrize("norm", WARM)
def test_gradients_of_gamma_and_beta_are_exact_with_running_statistics(norm):
    model, x = small(norm, warm=True)
    before = {name: value.clone() for name, value in model.named_buffers()}

    def output(*_):
        for name, value in model.named_buffers():
            value.copy_(before[name])  # they move with every forward pass
        return model(x)

    assert torch.autograd.gradcheck(output, [model[1].weight, model[1].bias], eps=1e-6, atol=1e-7)


def test_constant_statistics_have_another_gradient():
    gradients = []
    for norm in WARM:
        model, x = small(norm, warm=True)
        x.requires_grad_()
        model(x).pow(3).sum().backward()
        gradients.append(x.grad)
    assert not torch.allclose(*gradients, rtol=0.1)


def test_ghost_batches_have_mean_0_and_variance_1():
    model, _ = small("ghost-bn:8")
    model[1].weight.data.fill_(1.0)
    model[1].bias.data.zero_()
    torch.manual_seed(1)
    output = model(torch.randn(32, 2, 6, 6, dtype=torch.float64)).detach()
    for part in output.split(8):
        assert part.mean((0, 2, 3)).numpy() == pytest.approx(0, abs=1e-12)
        # 1 - eps/variance of the fields, which is above 0.05 here
        assert part.var((0, 2, 3), correction=0).numpy() == pytest.approx(1, abs=2e-4)
    other = output[4:12]  # half of one ghost batch, half of the next: planted error
    assert abs(other.mean((0, 2, 3))).max() > 1e-6
    with pytest.raises(ValueError, match="multiple of 8"):
        model(torch.zeros(12, 2, 6, 6, dtype=torch.float64))


@pytest.mark.parametrize("norm", ["wn", "none", "wn+mean-bn", "wn+var-bn", "bn"])
def test_the_first_batch_makes_fields_standard(norm):
    model, x = small(norm)
    with torch.no_grad():
        model[1].weight.fill_(1.0)
        model[1].bias.zero_()
        with mode(model, "start"):
            model(x)
        output = model.train()(x)
    assert output.mean((0, 2, 3)).numpy() == pytest.approx(0, abs=1e-10)
    assert output.var((0, 2, 3), correction=0).numpy() == pytest.approx(1, abs=1e-3)


@pytest.mark.parametrize("norm", ["wn", "wn+mean-bn", "wn+var-bn", "bn", "pn:population:2"])
def test_the_length_of_a_kernel_does_not_matter(norm):
    model, x = small(norm)
    before = model(x)
    model[0].weight.data *= 3.0
    # eps is what breaks the invariance, by eps/variance
    assert torch.allclose(model(x), before, atol=2e-4)


def test_pooled_moments_are_those_of_all_batches_together():
    rng = np.random.default_rng(2)
    fields = rng.gamma(2.0, size=(50, 3, 4, 4)) + 100.0
    pool = Pool()
    for part in np.split(fields, [10, 35]):
        pool.add(torch.from_numpy(part))
    flat = fields.transpose(1, 0, 2, 3).reshape(3, -1)
    assert pool.mean.numpy() == pytest.approx(flat.mean(1), rel=1e-12)
    assert pool.variance.numpy() == pytest.approx(flat.var(1), rel=1e-10)
    assert pool.kurtosis.numpy() == pytest.approx(kurtosis(flat, axis=1), abs=1e-8)
    between = fields.mean((2, 3)).var(0)
    assert pool.effective_positions.numpy() == pytest.approx(
        np.clip(flat.var(1) / between, 1, 16), rel=1e-9
    )


def test_an_image_of_one_value_is_worth_one_position():
    pool = Pool()
    pool.add(torch.randn(40, 2, 1, 1, dtype=torch.float64).expand(40, 2, 3, 3))
    assert pool.effective_positions.numpy() == pytest.approx(1.0)
    assert pool.positions == 9


def test_statistics_are_float32_under_bfloat16():
    model, x = small("wn+mean-bn")
    model = model.float()
    h = (model[0](x.float()) + 1000.0).bfloat16()  # 8 bits: a sum in bfloat16 would be off
    output = model[1](h)
    assert output.dtype == torch.bfloat16
    mean = h.float().mean((0, 2, 3))
    fresh, _ = small("wn+mean-bn")
    expected = 0.9 * fresh[1].running_mean.float() + 0.1 * mean
    assert torch.allclose(model[1].running_mean, expected, rtol=1e-6)


def test_pairs_of_a_network_are_its_convolutions():
    model = build("resnet8", 8, 1, 10)
    pairs = find_pairs(model, torch.zeros(1, 1, 8, 8))
    named = {pair.name: pair.layer_name for pair in pairs}
    assert len(named) == sum(isinstance(m, nn.BatchNorm2d) for m in model.modules()) == 9
    assert named["stages.1.bn2"] == "stages.1.conv2"
    assert named["stages.2.shortcut.1"] == "stages.2.shortcut.0"


def test_surgery_replaces_all_or_one():
    images = torch.zeros(1, 1, 8, 8)
    model = build("resnet8", 8, 1, 10)
    put_norm(model, "wn", images)
    assert {type(norm).__name__ for norm in norms_of(model).values()} == {"WeightNorm"}
    model = build("resnet8", 8, 1, 10)
    put_norm(model, "wn", images, only="bn1")
    kinds = {name: type(norm).__name__ for name, norm in norms_of(model).items()}
    assert kinds.pop("bn1") == "WeightNorm"
    assert set(kinds.values()) == {"BatchNorm"}
    with pytest.raises(ValueError, match="only='bn9'"):
        put_norm(build("resnet8", 8, 1, 10), "wn", images, only="bn9")


@pytest.mark.parametrize(
    "model",
    [
        nn.Sequential(nn.Conv2d(1, 2, 1), nn.ReLU(), nn.BatchNorm2d(2)),
        nn.Sequential(nn.BatchNorm2d(1), nn.Conv2d(1, 2, 1)),
    ],
)
def test_a_norm_without_its_layer_is_refused(model):
    with pytest.raises(ValueError, match="does not follow one layer"):
        find_pairs(model, torch.zeros(1, 1, 4, 4))


def test_folding_changes_no_logit():
    torch.manual_seed(0)
    images = torch.randn(200, 1, 8, 8)
    model, bare = build("resnet8", 8, 1, 10, seed=1), build("resnet8", 8, 1, 10, seed=2)
    put_norm(model, "bn", images[:1])
    put_norm(bare, "none", images[:1])
    for norm in norms_of(model).values():
        nn.init.uniform_(norm.weight, 0.5, 1.5)
        nn.init.normal_(norm.bias)
    pools = {name: norm.pool for name, norm in norms_of(model).items()}
    with torch.no_grad(), mode(model, "collect"):
        model(images)
    fold(model, pools, bare)
    for name, norm in norms_of(model).items():
        norm.remember(pools[name].mean, pools[name].variance, 1.0)
    with torch.no_grad():
        expected, folded = model.eval()(images), bare.eval()(images)
    assert (folded - expected).abs().max() < 1e-5 * expected.abs().max()
    assert expected.std() > 0.1
