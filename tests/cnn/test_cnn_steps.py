"""The step against a plain loop of torch's optimiser; compiled and captured against both."""

import pytest

torch = pytest.importorskip("torch", reason="needs PyTorch: make test-cnn installs it")
from bntheory.cnn.recipe.recipe import Recipe  # noqa: E402
from bntheory.cnn.runs.networks import set_warm  # noqa: E402
from bntheory.cnn.runs.trainer import Trainer, learning_rate  # noqa: E402
from torch import nn  # noqa: E402

torch.set_num_threads(1)

CPU = torch.device("cpu")
on_card = pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")
STEPS = 10
BRIEF = Recipe().change(
    train=96, validation=50, width=8, batch_size=16, steps=STEPS, schedule="steps", momentum=0.8,
    weight_decay=0.02, learning_rate=0.05, augment=True, device="cpu", threads=1,
)  # fmt: skip


def plain_losses(recipe):
    """Of a loop that asks the optimiser alone, and the weights after it."""
    trainer = Trainer(recipe, CPU)
    model, size = trainer.model.train(), recipe.training.batch_size
    optimiser = torch.optim.SGD(
        [{k: group[k] for k in ("params", "weight_decay")} for group in
         trainer.optimiser.param_groups], lr=1.0, momentum=recipe.training.momentum,
    )  # fmt: skip
    losses = []
    for step in range(STEPS):
        if step == trainer.warm_from:
            set_warm(model)
        for group in optimiser.param_groups:
            group["lr"] = learning_rate(recipe.training, step)
        x, labels = trainer.batches.step(step)
        optimiser.zero_grad()
        loss = nn.functional.cross_entropy(model(x)[:size], labels[:size])
        loss.backward()
        optimiser.step()
        losses.append(float(loss.detach()))
    return losses, model


def losses_of(trainer):
    return [trainer.advance(step + 1) for step in range(STEPS)]


@pytest.mark.parametrize(
    "changes",
    [
        {"norm": "bn"},
        {"norm": "bn", "momentum": 0.0},
        {"norm": "pn", "gamma_decay": "0.05", "warmup": 0.3},
        {"norm": "pn:population:8", "gamma_decay": "0.05", "weight_decay": 0.0},
        {"norm": "none"},
    ],
)
def test_steps_are_those_of_the_plain_optimiser(changes):
    recipe = BRIEF.change(**changes)
    expected, plain = plain_losses(recipe)
    trainer = Trainer(recipe, CPU)
    assert losses_of(trainer) == pytest.approx(expected, rel=2e-5)  # float32, fused or not
    for (name, got), weight in zip(
        trainer.model.named_parameters(), plain.parameters(), strict=True
    ):
        assert torch.allclose(got, weight, rtol=1e-3, atol=2e-5), name


def test_steps_at_once_are_steps_one_by_one():
    many, single = Trainer(BRIEF, CPU), Trainer(BRIEF, CPU)
    mean = sum(losses_of(single)) / STEPS
    assert many.advance(STEPS) == pytest.approx(mean, rel=1e-6)
    for a, b in zip(many.model.parameters(), single.model.parameters(), strict=True):
        assert torch.equal(a, b)


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore:The .grad attribute of a Tensor")  # asked by the compiler
@pytest.mark.parametrize("norm", ["pn", "pn:constant", "wn+mean-bn", "ghost-bn:4"])
def test_a_compiled_network_has_the_losses_of_the_plain_one(norm, monkeypatch):
    compiler = torch.compile
    monkeypatch.setattr(torch, "compile", lambda module: compiler(module, backend="aot_eager"))
    recipe = BRIEF.change(norm=norm, warmup=0.2, gamma_decay="0.01")
    losses = [losses_of(Trainer(recipe.change(compile=on), CPU)) for on in (False, True)]
    assert losses[1] == pytest.approx(losses[0], rel=1e-5)


@on_card
@pytest.mark.parametrize("norm", ["bn", "ghost-bn:4", "pn", "wn+mean-bn", "wn+var-bn", "wn"])
def test_a_captured_step_is_the_plain_one_bit_by_bit(norm):
    recipe = BRIEF.change(norm=norm, warmup=0.5, gamma_decay="0.01", dropout=0.2, device="cuda")
    card = torch.device("cuda")
    captured, plain = (Trainer(recipe.change(graph=on), card) for on in (True, False))
    assert captured.captured is not None
    assert plain.captured is None
    # One after the other: both take their dropout from the one generator of the card.
    first = captured_losses(captured, recipe)
    assert first == captured_losses(plain, recipe)


def captured_losses(trainer, recipe):
    torch.manual_seed(recipe.training.seed)
    return losses_of(trainer)
