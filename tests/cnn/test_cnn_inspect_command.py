"""``bntheory cnn inspect``: a network from a file of the user's."""

import json

import pytest

torch = pytest.importorskip("torch", reason="needs PyTorch: make test-cnn installs it")
from command import call  # noqa: E402

SHORT = ["--batch-size", "10", "--batches", "4", "--device", "cpu"]
NETWORK = """
import torch
from torch import nn


def make_model():
    return nn.Sequential(nn.Conv2d(1, 8, 7), nn.BatchNorm2d(8), nn.Flatten(), nn.Linear(32, 10))


def with_optimiser():
    model = make_model()
    return model, torch.optim.SGD(model.parameters(), 0.1, weight_decay=0.01)


def without_norm():
    return nn.Sequential(nn.Flatten(), nn.Linear(64, 10))


def wants_colours():
    return nn.Sequential(nn.Conv2d(3, 8, 7), nn.BatchNorm2d(8), nn.Flatten(), nn.Linear(32, 10))


def fails():
    return 1 / 0


def nothing():
    pass
"""


@pytest.fixture(autouse=True)
def network(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "network.py").write_text(NETWORK)


def test_json_holds_layers_gaps_and_answers(monkeypatch, capfd):
    line = ["cnn", "inspect", "network.py:with_optimiser", *SHORT, "--measure", "10", "--each"]
    what_if = ["--what-if-batch-size", "5", "--what-if-ghost", "5", "--what-if-frozen"]
    assert call(monkeypatch, *line, *what_if, "--json", "--quiet") == 0
    found = json.loads(capfd.readouterr().out)
    assert [row["layer"] for row in found["layers"]] == ["1"]
    assert found["layers"][0]["fed_by"] == "0"
    assert found["layers"][0]["rotation"] > 0
    measured = [row for row in found["gaps"] if row["batch_size"] == 10]
    assert [row["layer"] for row in measured] == ["1", "all"]
    assert all(row["gap"] is not None for row in measured)
    assert len(found["what_if"]) == 3


def test_text_pictures_and_tables(monkeypatch, capfd, tmp_path):
    files = ["layers.png", "layers.csv", "layers.nc"]
    outputs = [part for name in files for part in ("--output", name)]
    assert call(monkeypatch, "cnn", "inspect", "network.py:make_model", *SHORT, *outputs) == 0
    shown = capfd.readouterr().out
    assert "M = 10, 40 images" in shown
    assert "nan" not in shown
    assert all((tmp_path / name).stat().st_size for name in files)


def test_weights_are_loaded(monkeypatch, capfd):
    made = torch.nn.Sequential(torch.nn.Conv2d(1, 8, 7), torch.nn.BatchNorm2d(8),
                               torch.nn.Flatten(), torch.nn.Linear(32, 10))  # fmt: skip
    torch.nn.init.constant_(made[1].weight, 3.0)
    torch.save(made.state_dict(), "weights.pt")
    line = ["cnn", "inspect", "network.py:make_model", *SHORT, "--json", "--quiet"]
    assert call(monkeypatch, *line, "--weights", "weights.pt") == 0
    assert json.loads(capfd.readouterr().out)["layers"][0]["gamma_squared"] == 9.0


@pytest.mark.parametrize(
    ("line", "said"),
    [
        (["network.py"], "file.py:function"),
        (["other.py:make_model"], "does not exist"),
        (["network.py:make"], "there is no function"),
        (["network.py:fails"], "ZeroDivisionError"),
        (["network.py:nothing"], "torch.nn.Module"),
        (["network.py:without_norm"], "BatchNorm1d/2d/3d"),
        (["network.py:wants_colours"], "it says"),
        (["network.py:make_model", "--measure", "a"], "16,64"),
        (["network.py:make_model", "--weights", "network.py"], "state_dict"),
        (["network.py:make_model", "--weights", "none.pt"], "state_dict"),
        (["network.py:make_model", "--batch-size", "1"], "--batch-size"),
        (["network.py:make_model", "--batches", "100000"], "that many batches"),
        (["network.py:make_model", "--what-if-ghost", "3"], "divisor"),
        (["network.py:make_model", "--data", "nowhere"], "does not exist"),
        (["network.py:make_model", "--device", "tpu"], "--device"),
    ],
)
def test_bad_input_is_one_message_and_status_2(line, said, monkeypatch, capfd):
    assert call(monkeypatch, "cnn", "inspect", *SHORT, *line) == 2
    shown = capfd.readouterr().err
    assert said in " ".join(shown.replace("│", " ").split())
    assert "Traceback" not in shown
