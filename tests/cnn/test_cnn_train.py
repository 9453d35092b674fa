"""Training: order, resuming, several processes, presets and the command line."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from types import SimpleNamespace

import numpy as np
import pytest
from command import ENTRY, call

torch = pytest.importorskip("torch", reason="needs PyTorch: make test-cnn installs it")
from bntheory.cnn.data import batches as batches_module  # noqa: E402
from bntheory.cnn.data.batches import Batches, DeviceImages, moves_of_epoch  # noqa: E402
from bntheory.cnn.data.data import load  # noqa: E402
from bntheory.cnn.evaluation.campaign import train_preset  # noqa: E402
from bntheory.cnn.evaluation.collection import collect  # noqa: E402
from bntheory.cnn.networks.checkpoints import load_checkpoint  # noqa: E402
from bntheory.cnn.recipe.presets import PRESETS, Preset  # noqa: E402
from bntheory.cnn.recipe.recipe import Recipe  # noqa: E402
from bntheory.cnn.runs.records import RunFolder  # noqa: E402
from bntheory.cnn.runs.train import resume, train  # noqa: E402
from bntheory.cnn.runs.trainer import Trainer  # noqa: E402
from bntheory.figures.figure2 import figure2  # noqa: E402
from bntheory.figures.figure3 import figure3  # noqa: E402
from bntheory.figures.figure4 import figure4  # noqa: E402
from bntheory.results.errors import InputError  # noqa: E402

CPU = torch.device("cpu")
BRIEF = Recipe().change(
    train=96, validation=50, width=8, batch_size=16, steps=12, every=6, device="cpu", threads=1
)


def images_of(recipe):
    splits = load("synthetic", side=0, train=recipe.data.train, validation=50)
    return DeviceImages(splits.train, splits, CPU, True), splits


def test_an_epoch_shows_every_image_once_and_another_order_follows():
    images, _ = images_of(BRIEF)
    batches = Batches(images, BRIEF)
    orders = [moves_of_epoch(0, epoch, 96, 1)[0] for epoch in (0, 1)]
    assert sorted(orders[0].tolist()) == list(range(96))
    assert not torch.equal(*orders)
    seen = torch.cat([batches.step(step)[1] for step in range(batches.an_epoch)])
    assert torch.equal(seen, images.labels[orders[0]])


def test_processes_share_a_batch(monkeypatch):
    recipe = BRIEF.change(augment=True, norm="pn:population:8")
    images, _ = images_of(recipe)
    whole = Batches(images, recipe).step(7)[0]
    parts = []
    monkeypatch.setattr(batches_module, "world", lambda: 2)
    for rank in (0, 1):
        monkeypatch.setattr(batches_module, "rank", lambda rank=rank: rank)
        parts.append(Batches(images, recipe).step(7)[0])
    assert torch.equal(torch.cat([part[:8] for part in parts]), whole[:16])
    assert torch.equal(torch.cat([part[8:] for part in parts]), whole[16:])


def test_extra_images_are_others_than_the_batch():
    recipe = BRIEF.change(norm="pn:population:32")
    images, _ = images_of(recipe)
    x, _ = Batches(images, recipe).step(3)
    rows = [image.numpy().tobytes() for image in x]
    assert len(x) == 48
    assert not set(rows[:16]) & set(rows[16:])
    assert len(set(rows[16:])) == 32


def test_augmentation_shifts_reflects_and_mirrors():
    images, splits = images_of(BRIEF)
    moves = torch.tensor([[1, -1, 0], [0, 2, 1], [0, 0, 0]])
    got, _ = images.take(torch.tensor([3, 4, 5]), moves)
    for k, (down, right, mirror) in enumerate(moves.tolist()):
        image = splits.train.images[3 + k].astype(np.float32) / 255
        padded = np.pad(image, ((2, 2), (2, 2), (0, 0)), mode="reflect")
        part = padded[2 + down : 10 + down, :, :]
        columns = np.arange(8)[::-1] if mirror else np.arange(8)
        part = part[:, 2 + columns + right]
        expected = ((part - splits.mean) / splits.std).transpose(2, 0, 1)
        assert got[k].numpy() == pytest.approx(expected, abs=1e-5)


def test_every_parameter_is_in_one_group_and_gammas_have_no_weight_decay():
    for decay in ("0", "0.1", "auto:positions"):
        recipe = BRIEF.change(gamma_decay=decay, weight_decay=0.5)
        trainer = Trainer(recipe, CPU)
        groups = trainer.optimiser.param_groups
        listed = [id(p) for group in groups for p in group["params"]]
        assert sorted(listed) == sorted(id(p) for p in trainer.model.parameters())
        decayed = [p for group in groups if group["weight_decay"] == 0.5 for p in group["params"]]
        assert all(p.ndim > 1 for p in decayed)
        assert all(p.ndim > 1 or id(p) in listed for p in trainer.model.parameters())


BROKEN = BRIEF.change(
    norm="pn", gamma_decay="auto:effective", dropout=0.2, augment=True, warmup=0.3, steps=18
)


def without_speed(folder):
    return [
        {k: v for k, v in row.items() if k != "images_per_second"} for row in folder.rows("metrics")
    ]


def test_a_resumed_run_is_bitwise_the_unbroken_one(tmp_path):
    train(BROKEN, tmp_path / "whole")

    def stop(done, total):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        train(BROKEN, tmp_path / "broken", stop)
    broken = RunFolder(tmp_path / "broken")
    assert broken.result() is None
    with (broken.path / "metrics.csv").open("a") as file:
        file.write("12,2,0.01,9.9,,,,,,,\n")  # written after the checkpoint, before it was killed
    torch.manual_seed(123)
    assert [s for s in resume(broken.path).items() if s[0] == "step"] == [("step", 18)]
    whole = RunFolder(tmp_path / "whole")
    states = [load_checkpoint(folder.checkpoint, CPU) for folder in (whole, broken)]
    assert states[0].model.keys() == states[1].model.keys()
    for name, value in states[0].model.items():
        assert torch.equal(value, states[1].model[name]), name
    for one, other in zip(*(state.optimiser["state"].values() for state in states), strict=True):
        assert torch.equal(one["momentum_buffer"], other["momentum_buffer"])
    assert without_speed(whole) == without_speed(broken)
    assert whole.rows("layers") == broken.rows("layers")
    assert resume(broken.path) == broken.result()  # a finished run is left alone


def test_a_killed_process_can_be_resumed(tmp_path):
    folder = tmp_path / "run"
    arguments = "--train 96 --validation 50 --channels 8 --batch-size 16 --steps 5000 --every 6"
    command = [*ENTRY, "cnn", "train", *arguments.split(), "--output", str(folder), "--quiet"]
    process = subprocess.Popen(command)
    waited = time.monotonic()
    while not (folder / "last.pt").exists() and time.monotonic() - waited < 100:
        time.sleep(0.05)
    process.send_signal(signal.SIGKILL)
    process.wait()
    step = load_checkpoint(folder / "last.pt", CPU).step
    assert 6 <= step < 5000
    assert not (folder / "result.json").exists()
    recipe = RunFolder(folder).recipe()
    RunFolder(folder).write("config", recipe.change(steps=step + 6, schedule="constant").to_dict())
    assert resume(folder)["step"] == step + 6
    assert [row["step"] for row in RunFolder(folder).rows("metrics")] == [
        *range(6, step + 1, 6), step + 6,
    ]  # fmt: skip


def test_judging_does_not_change_the_training(tmp_path):
    ends = []
    for every in (3, 12):
        train(BRIEF.change(every=every, norm="pn"), tmp_path / str(every))
        ends.append(load_checkpoint(tmp_path / str(every) / "last.pt", CPU).model)
    assert all(torch.equal(value, ends[1][name]) for name, value in ends[0].items())


def test_a_diverging_run_says_so(tmp_path):
    found = train(BRIEF.change(learning_rate=1e9, norm="none"), tmp_path / "run")
    assert found["status"] == "diverged"
    assert "NaN" not in (tmp_path / "run" / "result.json").read_text()


def test_networks_learn(tmp_path):
    recipe = BRIEF.change(train=1000, steps=120, every=120, learning_rate=0.1)
    # Chance is 0.1; six standard deviations of that on 50 images.
    assert train(recipe, tmp_path / "run")["validation_accuracy"] > 0.1 + 6 * (0.09 / 50) ** 0.5


def free_port():
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return str(found.getsockname()[1])


def two_processes(command, folder):
    port = free_port()
    started = []
    for rank in range(2):
        environment = os.environ | {
            "RANK": str(rank), "LOCAL_RANK": str(rank), "WORLD_SIZE": "2",
            "MASTER_ADDR": "127.0.0.1", "MASTER_PORT": port, "OMP_NUM_THREADS": "1",
            "GLOO_SOCKET_IFNAME": "lo",
        }  # fmt: skip
        with (folder / f"log{rank}").open("w") as log:
            started.append(subprocess.Popen(command, env=environment, stdout=log, stderr=log))
    statuses = [process.wait(timeout=150) for process in started]
    assert statuses == [0, 0], (folder / "log0").read_text() + (folder / "log1").read_text()


SCRIPT = """
import sys
import torch
from torch.nn.parallel import DistributedDataParallel
from torch.nn import functional as F
from bntheory.cnn.networks.models import build
from bntheory.cnn.runs.networks import set_warm
from bntheory.cnn.recipe.processes import processes, rank, world
from bntheory.cnn.networks.surgery import norms_of, put_norm

torch.set_num_threads(1)
found = {}
with processes(torch.device("cpu")):
    for norm in ("bn", "ghost-bn:4", "pn:population:8", "pn:renorm", "wn+mean-bn", "wn+var-bn"):
        generator = torch.Generator().manual_seed(1)
        images = torch.randn(16, 1, 8, 8, generator=generator, dtype=torch.float64) + 0.3
        others = torch.randn(8, 1, 8, 8, generator=generator, dtype=torch.float64)
        labels = torch.randint(0, 10, (16,), generator=generator)
        mine = slice(rank() * 16 // world(), (rank() + 1) * 16 // world())
        x = images[mine]
        if norm.startswith("pn:population"):
            x = torch.cat([x, others[rank() * 8 // world() : (rank() + 1) * 8 // world()]])
        model = build("resnet8", 8, 1, 10).double()
        put_norm(model, norm, images[:1])
        model = model.double().train()
        set_warm(model)
        runner = DistributedDataParallel(model) if world() > 1 else model
        F.cross_entropy(runner(x)[: 16 // world()], labels[mine]).backward()
        for name, parameter in model.named_parameters():
            found[norm, name] = parameter.grad
        for name, module in norms_of(model).items():
            if not norm.startswith("ghost"):
                found[norm, name, "mean"] = module.running_mean
                if world() > 1 or norm != "bn":  # torch's own kernel keeps the unbiased variance
                    found[norm, name, "variance"] = module.running_var
    if rank() == 0:
        torch.save(found, sys.argv[1])
"""


def test_two_processes_have_the_gradients_of_one(tmp_path):
    (tmp_path / "script.py").write_text(SCRIPT)
    files = [str(tmp_path / name) for name in ("one.pt", "two.pt")]
    script = [sys.executable, str(tmp_path / "script.py")]
    subprocess.run([*script, files[0]], check=True, timeout=150)
    two_processes([*script, files[1]], tmp_path)
    one, two = (torch.load(name, weights_only=True) for name in files)
    assert len(one) > 100
    scale = {norm: max(v.abs().max() for k, v in one.items() if k[0] == norm) for norm, *_ in one}
    for key, value in one.items():
        # Rounding of float64, through ten layers.
        assert (two[key] - value).abs().max() < 1e-11 * scale[key[0]], key


def test_training_in_two_processes_is_training_in_one(tmp_path):
    options = "--train 128 --validation 50 --channels 8 --batch-size 16 --steps 8 --every 4 --quiet"
    options += " --augment --gamma-decay auto:samples --norm pn --warmup 0.2 --threads 1"
    command = [*ENTRY, "cnn", "train", *options.split(), "--output"]
    two_processes([*command, str(tmp_path / "two")], tmp_path)
    subprocess.run([*command, str(tmp_path / "one")], check=True, timeout=150)
    one, two = (without_speed(RunFolder(tmp_path / name)) for name in ("one", "two"))
    assert len(one) == len(two) == 2
    for ours, theirs in zip(one, two, strict=True):
        # The same in exact numbers; float32 rounding, grown over eight steps.
        assert ours["train_loss"] == pytest.approx(theirs["train_loss"], rel=1e-4)
        assert ours["penalty"] == pytest.approx(theirs["penalty"], rel=1e-3)
        assert ours["validation_loss"] == pytest.approx(theirs["validation_loss"], rel=1e-3)


def tiny_cifar(folder):
    rng = np.random.default_rng(0)
    for name in ("data_batch_1.bin", "test_batch.bin"):
        rows = rng.integers(0, 256, (16, 3073)).astype(np.uint8)
        rows[:, 0] = np.arange(16) % 10
        (folder / name).write_bytes(rows.tobytes())


def tiny_imagenet(folder):
    rng = np.random.default_rng(0)
    for name in ("train_data_batch_1.npz", "val_data.npz"):
        pixels = rng.integers(0, 256, (16, 3 * 32 * 32)).astype(np.uint8)
        np.savez(folder / name, data=pixels, labels=np.arange(16) * 60 + 1)


def test_the_full_recipe_takes_a_step(tmp_path):
    tiny_cifar(tmp_path)
    recipe = PRESETS["full"].base.change(
        data=str(tmp_path), validation=4, batch_size=8, steps=1, every=1, device="cpu",
        precision="fp32",
    )  # fmt: skip
    found = train(recipe, tmp_path / "run")
    assert found["status"] == "finished"
    assert len(RunFolder(tmp_path / "run").rows("layers")) == 20  # ResNet18's normalisations


def test_figure_3_is_drawn_from_the_imagenet_recipe(tmp_path, monkeypatch):
    tiny_imagenet(tmp_path)
    real = PRESETS["imagenet"]
    base = real.base.change(
        data=str(tmp_path), validation=4, batch_size=8, steps=2, every=1, device="cpu",
        precision="fp32", model="resnet8", width=8,
    )  # fmt: skip
    small = Preset(base, {name: real.variants[name] for name in ("bn", "pn")}, 1, "tiny")
    monkeypatch.setattr("bntheory.cnn.recipe.presets.PRESETS", {"imagenet": small})
    monkeypatch.setattr("bntheory.cnn.evaluation.collection.PRESETS", {"imagenet": small})
    monkeypatch.setattr(
        "bntheory.cnn.evaluation.stage.loss_gaps", lambda run: SimpleNamespace(rows=[])
    )
    train_preset(small, tmp_path / "store")
    figure = figure3(collect("imagenet", tmp_path / "store"))
    assert [panel.letter for panel in figure.panels] == ["a", "b"]
    assert figure.plot() is not None


@pytest.fixture(scope="module")
def smoke(tmp_path_factory):
    """The store of the smoke preset, trained by the command; its peak memory in bytes."""
    store = tmp_path_factory.mktemp("smoke") / "runs"
    code = (
        "import resource, sys\n"
        f"sys.argv = ['bntheory', 'cnn', 'compare', '--preset', 'smoke', '--store', {str(store)!r}"
        ", '--json']\n"
        "from bntheory.cli.main import main\n"
        "try:\n    main()\nexcept SystemExit as ended:\n    assert not ended.code\n"
        "print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024)\n"
    )
    ended = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=400
    )
    table, memory = ended.stdout.splitlines()
    return store, json.loads(table), int(memory)


def test_the_smoke_preset_judges_all_claims_in_little_memory(smoke):
    _, table, memory = smoke
    assert all(claim["verdict"] != "not measured" for claim in table["claims"])
    assert memory < 1.5e9


@pytest.mark.parametrize("draw", [figure2, figure4])
def test_figures_are_drawn_from_it(draw, smoke):
    figure = draw(collect("smoke", smoke[0]))
    assert len(figure.panels) == (8 if draw is figure2 else 6)
    assert len(figure.columns()["x"]) == sum(len(c.x) for p in figure.panels for c in p.curves)
    assert figure.plot() is not None
    assert figure.to_dataset().sizes["point"] == len(figure.columns()["x"])


def test_vanilla_goes_on_from_the_folded_network(smoke):
    store = smoke[0]
    first = RunFolder(store / "bn-s0").rows("layers")
    norms = {r["layer"]: r["effective_norm"] for r in first if r["step"] == 40}
    later = RunFolder(store / "vanilla-on-s0").rows("layers")
    for row in later:
        # The rate is a tenth: kernels move little from BN's effective norm.
        assert row["effective_norm"] == pytest.approx(row["kernel_norm"], rel=1e-5)
        assert row["effective_norm"] == pytest.approx(norms[row["layer"]], rel=0.2)


def test_layers_and_evaluation_by_command(smoke, monkeypatch, capsys, tmp_path):
    run = str(smoke[0] / "bn-s0")
    assert call(monkeypatch, "cnn", "evaluate", run, "--json") == 0
    found = json.loads(capsys.readouterr().out)
    result = RunFolder(run).result()
    assert found["validation_loss"] == pytest.approx(result["validation_loss"], rel=1e-6)
    assert found["test_loss"] == pytest.approx(result["test_loss"], rel=1e-6)
    picture = tmp_path / "layers.png"
    assert call(monkeypatch, "cnn", "layers", run, "--output", str(picture), "--quiet") == 0
    assert picture.stat().st_size > 1000
    assert "stages.2.bn2" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["train", "--norm", "nothing", "--output", "x"], "--norm='nothing'"),
        (["train", "--channels", "3", "--output", "x"], "--channels=3"),
        (["train", "--data", "/nowhere", "--output", "x"], "--data='/nowhere'"),
        (["train", "--only", "bn77", "--norm", "wn", "--output", "x"], "--only='bn77'"),
        (["train", "--device", "cuda:77", "--output", "x"], "--device='cuda:77'"),
        (["resume", "/nowhere"], "FOLDER='/nowhere'"),
        (["compare", "--preset", "huge"], "--preset='huge'"),
    ],
)
def test_bad_input_is_one_message(arguments, message, monkeypatch, capsys, tmp_path):
    monkeypatch.chdir(tmp_path)
    assert call(monkeypatch, "cnn", *arguments) == 2
    assert message in capsys.readouterr().err
    assert not (tmp_path / "x" / "result.json").exists()


def test_images_that_cannot_be_read_leave_no_run_behind(tmp_path):
    recipe = Recipe().change(data=str(tmp_path / "absent"))
    for _ in range(2):  # the second try is refused for the same reason, not for the first
        with pytest.raises(InputError) as refused:
            train(recipe, tmp_path / "run")
        assert refused.value.parameter == "data"
