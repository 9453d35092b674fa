"""The worked examples with which help ends: every command has some, and each of them runs."""

import itertools
import re
import shlex
from pathlib import Path

import click
import numpy as np
import pytest
from bntheory.cli.main import COMMANDS, bntheory
from command import SHORT, call

#: What an example reads and another command, or a person, made before.
STORE = ["sweep", "--scheme", "wn", "--eta", "0.5,1", *SHORT, "--simulate", "--dim", "50",
         "--runs", "4", "--store", "runs.zarr"]  # fmt: skip
NETWORK = ["cnn", "train", "--steps", "20", "--output", "runs/bn"]
RUNS = ["simulate", "--scheme", "wn", "--activation", "identity", "--dim", "50", "--runs", "4",
        "--time", "4", "--points", "9", "--output", "runs.nc"]  # fmt: skip
CURVE = ["integrate", "--scheme", "wn", "--activation", "tanh(1.2*h)", "--output", "curve.csv"]
#: Left to `make test-all`; every command has an example that is not.
LONG = ("figure 1a", "compare --activation erf", "fixed-points --table", "sweep --eta 0.1:20",
        "sweep --scheme wn --noise", "sweep --scheme wn --best")  # fmt: skip


def commands(group: click.Group) -> dict[str, click.Command]:
    """The group, its commands and theirs, by what one types."""
    context = click.Context(group)
    found: dict[str, click.Command] = {}
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        found[name] = command
        if isinstance(command, click.Group):
            found |= {f"{name} {own}": one for own, one in commands(command).items()}
    return found


ALL = commands(bntheory)
EXAMPLES = {
    line: pytest.param(line, marks=pytest.mark.slow if line.startswith(LONG) else ())
    for command in (bntheory, *ALL.values())
    for line in re.findall(r"^\$ bntheory (.*)$", command.epilog or "", flags=re.M)
}


@pytest.mark.parametrize("name", ALL)
def test_help_ends_with_an_example_of_the_command(name, monkeypatch, capfd):
    assert name.split()[0] in COMMANDS
    assert call(monkeypatch, *name.split(), "--help") == 0
    shown = capfd.readouterr().out
    _, heading, lines = shown.rpartition("Example")
    assert heading
    assert f"$ bntheory {name}" in lines


@pytest.mark.parametrize("line", EXAMPLES.values())
def test_an_example_runs(line, monkeypatch, capfd, tmp_path):
    monkeypatch.chdir(tmp_path)
    arguments = shlex.split(line)
    if line.startswith("cnn") and line != "cnn compare --preset cpu":
        pytest.importorskip("torch", reason="needs PyTorch: make test-cnn installs it")
    if line.startswith(("show", "export")):
        assert call(monkeypatch, *STORE, "--quiet") == 0
    if line.startswith("fit"):
        assert call(monkeypatch, *(RUNS if "runs.nc" in line else CURVE), "--quiet") == 0
    if "preactivations.npy" in line:
        np.save("preactivations.npy", np.random.default_rng(0).standard_normal((500, 3)))
    if "network.py" in line:
        Path("network.py").write_text(
            "from bntheory.cnn.networks.models import build\n\n\n"
            "def make_model():\n    return build('resnet8', 8, 1, 10)\n"
        )
    if "--data packed" in line:
        assert call(monkeypatch, "cnn", "pack", "synthetic", "--output", "packed", "--quiet") == 0
    if "runs/bn" in line:
        assert call(monkeypatch, *NETWORK, "--quiet") == 0
    if line.startswith("cache"):
        monkeypatch.setenv("BNTHEORY_CACHE", str(tmp_path / "cache"))
    capfd.readouterr()
    assert call(monkeypatch, *arguments) == 0
    named = itertools.pairwise(arguments)
    for path in (Path(value) for option, value in named if option in ("--output", "--store")):
        assert path.exists()
    assert "Error" not in capfd.readouterr().err


@pytest.mark.parametrize("name", ALL)
def test_help_has_no_bars_which_the_site_reads_as_substitutions(name):
    for option in ALL[name].params:
        assert not re.search(r"\|\w+\|", getattr(option, "help", None) or "")
