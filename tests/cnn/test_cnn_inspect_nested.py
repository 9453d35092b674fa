"""Inputs of several tensors say what the same numbers in one tensor say."""

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="needs PyTorch: make test-cnn installs it")
from bntheory.cnn import inspect  # noqa: E402
from torch import nn  # noqa: E402

torch.set_num_threads(1)  # spinning threads are slow where others work as well


class Answer:
    """An answer as transformers give it."""

    def __init__(self, logits):
        self.logits = logits


class Joined(nn.Module):
    """Takes its input in two parts; `core` takes it whole."""

    def __init__(self, core, wrapped):
        super().__init__()
        self.core, self.wrapped = core, wrapped

    def forward(self, left, right):
        said = self.core(torch.cat([left, right], 1))
        return Answer(said) if self.wrapped else said


def network():
    torch.manual_seed(0)
    return nn.Sequential(
        nn.Linear(6, 16), nn.BatchNorm1d(16), nn.ReLU(), nn.Linear(16, 8), nn.BatchNorm1d(8),
        nn.ReLU(), nn.Linear(8, 3),
    )  # fmt: skip


@pytest.fixture(scope="module")
def whole():
    torch.manual_seed(1)
    return [(torch.randn(16, 6), torch.randint(3, (16,))) for _ in range(6)]


def table(x, y, name):
    return {"left": x[:, :2], "right": x[:, 2:], name: y}


FORMS = {
    "sequence": lambda x, y: ((x[:, :2], x[:, 2:]), y),
    "list": lambda x, y: [[x[:, :2], x[:, 2:]], y],
    "names": lambda x, y: ({"right": x[:, 2:], "left": x[:, :2]}, y),
    "table": lambda x, y: table(x, y, "labels"),
    "targets": lambda x, y: table(x, y, "targets"),
}


@pytest.mark.parametrize("form", FORMS)
def test_parts_say_what_the_whole_says(form, whole):
    known = inspect(network(), whole, measure=[8])
    parts = [FORMS[form](x, y) for x, y in whole]
    found = inspect(Joined(network(), wrapped=form == "table"), parts, measure=[8])
    for name, values in known.columns().items():
        if name in ("layer", "fed_by"):
            continue
        own = found.columns()[name]
        assert np.asarray(own, dtype=float) == pytest.approx(np.asarray(values, dtype=float),
                                                             rel=1e-6, nan_ok=True)  # fmt: skip
    # Other numbers are seen: the halves are not the same when they trade places.
    moved = [((x[:, :4], x[:, 4:]), y) for x, y in [(x.flip(1), y) for x, y in whole]]
    other = inspect(Joined(network(), wrapped=False), moved)
    assert other.columns()["sigma"] != pytest.approx(known.columns()["sigma"], rel=1e-6)


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (lambda x, y: {"left": x, "right": x}, "batches='one of dict'"),
        (lambda x, y: ({"left": x, "right": "words"}, y), "batches='one of tuple'"),
        (lambda x, y: ({"left": x, "right": x[:3]}, y), "as many labels as inputs"),
        (lambda x, y: ({"left": x}, y), "it says:"),
        (lambda x, y: ((), y), "batches='one of tuple'"),
    ],
)
def test_what_is_no_batch_is_refused(spoil, said, whole):
    with pytest.raises(ValueError, match=said):
        inspect(Joined(network(), wrapped=False), [spoil(x, y) for x, y in whole])


def test_batches_of_several_forms_are_refused(whole):
    mixed = [FORMS["names" if k else "sequence"](x, y) for k, (x, y) in enumerate(whole)]
    with pytest.raises(ValueError, match="batches of one form"):
        inspect(Joined(network(), wrapped=False), mixed)
