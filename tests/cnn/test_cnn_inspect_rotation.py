"""How far an optimiser turns kernels: against steps of torch's optimisers, and their long run."""

import math

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="needs PyTorch: make test-cnn installs it")
from bntheory.cnn.inspection.optimisers import (  # noqa: E402
    NEAR,
    equilibrium,
    kernels,
    steps_until,
    turnings,
)
from torch import nn  # noqa: E402
from torch.optim import SGD, Adam, AdamW  # noqa: E402

torch.set_num_threads(1)  # spinning threads are slow where others work as well

ETA, DECAY = 0.02, 0.5
OPTIMISERS = {
    "sgd": lambda p: SGD(p, ETA, weight_decay=DECAY),
    "momentum": lambda p: SGD(p, ETA, 0.6, weight_decay=DECAY),
    "dampened": lambda p: SGD(p, ETA, 0.6, dampening=0.3, weight_decay=DECAY),
    "nesterov": lambda p: SGD(p, ETA, 0.6, weight_decay=DECAY, nesterov=True),
    "adamw": lambda p: AdamW(p, ETA, betas=(0.7, 0.99), weight_decay=DECAY),
}


def scale_free_gradient(weight, generator):
    """Noise across each kernel, as large as 1/|w|: what a kernel before a norm feels."""
    noise = torch.randn(weight.shape, generator=generator, dtype=weight.dtype)
    square = weight.square().sum(1, keepdim=True)
    return (noise - weight * (noise * weight).sum(1, keepdim=True) / square) / square.sqrt()


def angles(optimiser, layer, steps, seed):
    """The mean square angle of each step over kernels."""
    generator = torch.Generator().manual_seed(seed)
    found = []
    for _ in range(steps):
        before = layer.weight.detach().clone()
        layer.weight.grad = scale_free_gradient(before, generator)
        optimiser.step()
        step = layer.weight.detach() - before
        square = before.square().sum(1, keepdim=True)
        across = step - before * (step * before).sum(1, keepdim=True) / square
        found.append(float((across.square().sum(1) / square[:, 0]).mean()))
    return np.array(found)


def layer_of(kernel_count=40, size=400):
    torch.manual_seed(0)
    return nn.Linear(size, kernel_count, bias=False).double()


@pytest.mark.parametrize("name", OPTIMISERS)
def test_kernels_come_to_turn_by_the_equilibrium_angle(name):
    layer = layer_of()
    optimiser = OPTIMISERS[name](layer.parameters())
    turn, rate = equilibrium(optimiser, optimiser.param_groups[0])
    settle = math.ceil(8 / rate) + 100
    squares = angles(optimiser, layer, settle + 300, seed=1)[settle:]
    # 40 kernels of 400 numbers: their squares scatter by sqrt(2/400/40), and the theory is one of
    # small angles, whose next order is the angle's square.
    assert math.sqrt(squares.mean()) == pytest.approx(turn, rel=0.02)


def test_wrong_equilibria_would_be_seen():
    """Without momentum's part, the angles would be off by far more than the 2% allowed."""
    for name in ("momentum", "nesterov", "adamw"):
        optimiser = OPTIMISERS[name](layer_of().parameters())
        turn = equilibrium(optimiser, optimiser.param_groups[0])[0]
        assert abs(turn / math.sqrt(2 * ETA * DECAY) - 1) > 0.04


@pytest.mark.parametrize(
    ("name", "shrunk"),
    [
        ("momentum", 0.5),
        ("momentum", 2.0),
        pytest.param("adamw", 0.5, marks=pytest.mark.slow),
        pytest.param("adamw", 2.0, marks=pytest.mark.slow),
    ],
)
def test_the_time_to_equilibrium_is_that_of_steps_taken(name, shrunk):
    layer = layer_of(20, 200)
    optimiser = OPTIMISERS[name](layer.parameters())
    for group in optimiser.param_groups:
        group["lr"] = ETA / 10
    turn, rate = equilibrium(optimiser, optimiser.param_groups[0])
    angles(optimiser, layer, math.ceil(6 / rate), seed=1)
    with torch.no_grad():
        layer.weight.mul_(shrunk)
    # AdamW's second moments have to learn first how large gradients are at the new length.
    angles(optimiser, layer, 400 if name == "adamw" else 5, seed=3)
    squares = angles(optimiser, layer, math.ceil(7 / rate), seed=2)
    near = np.sqrt(np.convolve(squares, np.ones(20) / 20, "valid"))
    expected = steps_until(turn, float(near[0]), rate)
    assert expected > 60
    reached = int(np.argmax(np.abs(near / turn - 1) < NEAR))
    # An equilibrium that is 2% off moves the last crossing by about a fifth of 1/rate.
    assert reached == pytest.approx(expected, rel=0.12, abs=0.25 / rate)


def test_rotation_is_that_of_the_next_step():
    """By hand: SGD with a buffer, decay and two batches' gradients."""
    layer = layer_of(5, 7)
    optimiser = SGD(layer.parameters(), 0.1, 0.9, weight_decay=0.3)
    angles(optimiser, layer, 3, seed=4)
    kept = optimiser.state[layer.weight]["momentum_buffer"].clone()
    weight = layer.weight.detach().clone()
    gradients = [(scale_free_gradient(weight, torch.Generator().manual_seed(k)),) for k in (5, 6)]
    found = turnings(optimiser, [layer], gradients)[0]
    w, buffer = weight.numpy(), kept.numpy()
    squares = []
    for (gradient,) in gradients:
        step = -0.1 * (0.9 * buffer + gradient.numpy() + 0.3 * w)
        cosine = (step * w).sum(1) / np.linalg.norm(w, axis=1) / np.linalg.norm(step, axis=1)
        sine = np.sqrt(1 - cosine**2)
        squares.append((np.linalg.norm(step, axis=1) * sine / np.linalg.norm(w, axis=1)) ** 2)
    assert found.rotation == pytest.approx(np.sqrt(np.mean(squares)), rel=1e-9)
    rate = 0.1 / (1 - 0.9) / (w**2).sum(1)
    assert found.effective_rate == pytest.approx(rate.mean(), rel=1e-9)
    assert found.rotation_equilibrium == pytest.approx(math.sqrt(2 * 0.1 * 0.3 / 1.9))
    assert torch.equal(layer.weight.detach(), weight)
    assert torch.equal(optimiser.state[layer.weight]["momentum_buffer"], kept)


def test_where_no_formula_holds_there_is_none():
    layer = layer_of(5, 7)
    gradients = [(torch.randn(5, 7, dtype=torch.float64),)]
    adam = turnings(Adam(layer.parameters(), 0.1, weight_decay=0.1), [layer], gradients)[0]
    assert (adam.rotation_equilibrium, adam.steps_to_equilibrium) == (None, None)
    assert adam.rotation > 0
    free = turnings(SGD(layer.parameters(), 0.1), [layer], gradients)[0]
    assert free.rotation_equilibrium is None


def test_kernels_of_transposed_convolutions():
    """Row c is what output channel c is made with."""
    layer = nn.ConvTranspose2d(4, 6, 2, groups=2, bias=False)
    rows = kernels(layer, layer.weight)
    assert rows.shape == (6, 8)
    with torch.no_grad():
        before = layer(torch.ones(1, 4, 3, 3))
        layer.weight[2:, 1] = 0.0  # the second group's second output: channel 4
        after = layer(torch.ones(1, 4, 3, 3))
        changed = (before != after).flatten(2).any(2)[0]
    assert changed.tolist() == [False] * 4 + [True, False]
    assert kernels(layer, layer.weight).abs().sum(1)[4] == 0
