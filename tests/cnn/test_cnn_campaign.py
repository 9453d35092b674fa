"""Campaigns: limits, several on one store, small stores, full disks, stores that moved."""

import json
import signal
import subprocess
import sys
from types import SimpleNamespace

import numpy as np
import pytest
from command import call

torch = pytest.importorskip("torch", reason="needs PyTorch: make test-cnn installs it")
from bntheory.cnn.data.data import synthetic  # noqa: E402
from bntheory.cnn.data.packs import pack  # noqa: E402
from bntheory.cnn.evaluation.campaign import train_preset  # noqa: E402
from bntheory.cnn.evaluation.pace import Limit, Pace  # noqa: E402
from bntheory.cnn.networks.checkpoints import (  # noqa: E402
    Checkpoint,
    load_checkpoint,
    save_checkpoint,
    save_start,
    saved_weights,
)
from bntheory.cnn.recipe.presets import PRESETS, Preset, equal_epochs  # noqa: E402
from bntheory.cnn.recipe.recipe import Recipe, Training  # noqa: E402
from bntheory.cnn.runs.claimed import claimed  # noqa: E402
from bntheory.cnn.runs.records import RunFolder  # noqa: E402
from bntheory.cnn.runs.train import resume, train  # noqa: E402
from bntheory.cnn.runs.trainer import Trainer, learning_rate  # noqa: E402

CPU = torch.device("cpu")
BRIEF = Recipe().change(
    train=96, validation=50, width=8, batch_size=16, steps=4, every=2, device="cpu", threads=1
)
VARIANTS = {
    "bn": {}, "pn": {"norm": "pn"}, "bn-on": {"start": "bn"},
    "vanilla-on": {"start": "bn", "norm": "none"},
}  # fmt: skip
TINY = Preset(BRIEF, VARIANTS, 1, "tiny", small=True)
ORDER = ["bn-s0", "bn-on-s0", "vanilla-on-s0", "pn-s0"]


@pytest.fixture(autouse=True)
def quick_bridge(monkeypatch):
    """The loss gaps of a network take longer than all else here."""
    row = {"layer": "bn1", "batch_size": 8, "gap": 0.5}
    found = SimpleNamespace(rows=[row])
    monkeypatch.setattr("bntheory.cnn.evaluation.stage.loss_gaps", lambda run: found)


def test_seeds_come_one_after_the_other_and_followers_after_their_start():
    runs = list(PRESETS["full"].runs())
    assert len(runs) == 45
    assert runs[:3] == ["bn-s0", "bn-on-s0", "vanilla-on-s0"]
    assert [int(name[-1]) for name in runs] == [0] * 15 + [1] * 15 + [2] * 15
    assert sum(name.startswith("bn-s") for name in PRESETS["cpu"].runs()) == 8


def test_the_full_preset_gives_every_batch_size_ten_epochs():
    for recipe in PRESETS["full"].runs().values():
        training = recipe.training
        assert training.steps == 10 * (45_000 // training.batch_size)
        assert training.steps == 5 * training.every
        assert training.rate_warmup == 0.1
        assert recipe.network.zero_gamma
    assert equal_epochs(45_000, 10, 2)(1024)["steps"] == 430


def test_a_campaign_keeps_no_checkpoint_that_nothing_needs(tmp_path):
    found = train_preset(TINY, tmp_path)
    assert list(found.results) == ORDER
    assert (found.left, found.message()) == ((), "")
    kept = {path.name for path in tmp_path.rglob("*") if path.is_file()}
    assert not kept & {"last.pt", "start.pt"}
    assert RunFolder(tmp_path / "bn-s0").rows("bridge") == [
        {**dict.fromkeys(RunFolder(tmp_path / "bn-s0").rows("bridge")[0]),
         "layer": "bn1", "batch_size": 8.0, "gap": 0.5}
    ]  # fmt: skip
    config = (tmp_path / "bn-s0" / "config.json").stat().st_mtime_ns
    assert train_preset(TINY, tmp_path).results == found.results
    assert (tmp_path / "bn-s0" / "config.json").stat().st_mtime_ns == config


def test_both_followers_start_from_the_same_rounded_weights(tmp_path):
    run = RunFolder(tmp_path / "bn")
    train(BRIEF, run.path)
    whole = load_checkpoint(run.checkpoint, CPU)
    save_start(run.start, whole)
    run.checkpoint.unlink()
    kept = saved_weights(run.path, CPU)
    assert kept.keys() == whole.model.keys()
    for name, value in whole.model.items():
        expected = value.half().float() if value.ndim > 1 else value
        assert torch.equal(kept[name].to(value.dtype), expected), name
    assert run.start.stat().st_size < 0.6 * 4 * sum(v.numel() for v in whole.model.values()) + 2e4
    start = str(run.path)
    same = Trainer(BRIEF.change(start=start), CPU).model.state_dict()
    assert torch.equal(same["conv1.weight"], whole.model["conv1.weight"].half().float())
    bare = Trainer(BRIEF.change(start=start, norm="none"), CPU).model
    mean = Trainer(BRIEF.change(start=start), CPU)
    # Folding is the same function: what BN computes with the population's statistics.
    from bntheory.cnn.runs.judge import population, score, with_population

    pools = population(mean.model, mean.images, False)
    with with_population(mean.model, pools):
        expected = score(mean.model, mean.images)
    assert score(bare, mean.images).loss == pytest.approx(expected.loss, rel=1e-4)


def test_what_half_precision_does_not_hold_is_kept_whole(tmp_path):
    model = {"kernel": torch.full((2, 2), 1e6), "gamma": torch.tensor([1 / 3])}
    save_start(tmp_path / "start.pt", Checkpoint(0, model, {}, [], 0.0))
    kept = saved_weights(tmp_path, CPU)
    assert all(torch.equal(kept[name], value) for name, value in model.items())


class Clock:
    """Seconds that pass when they are told to."""

    def __init__(self):
        self.now = 0.0

    def __call__(self):
        return self.now


def test_a_round_that_would_end_too_late_is_not_begun():
    clock = Clock()
    limit = Limit(1.0, clock)
    limit.begin_run()
    clock.now = 25.0
    assert not limit.round_over()  # 35 s are left, and a round takes 25
    clock.now = 50.0
    assert limit.round_over()
    assert limit.left == 10.0
    assert Limit(None, clock).left == np.inf


def test_time_is_up_a_run_is_left_off_and_gone_on_with_bit_by_bit(tmp_path, monkeypatch):
    whole = train_preset(TINY, tmp_path / "whole")
    overs = iter([True])
    monkeypatch.setattr(Limit, "round_over", lambda self: next(overs, False))
    monkeypatch.setattr(Pace, "seconds", lambda self, name: 1.0)
    ends = iter([60.0])  # the run begins, and there is no time for another
    monkeypatch.setattr(Limit, "left", property(lambda self: next(ends, 0.0)))
    first = train_preset(TINY, tmp_path / "cut", minutes=1)
    assert (first.results, first.left) == ({}, tuple(ORDER))
    assert "4 of 4 runs are left, about 0.1 minutes" in first.message()
    assert load_checkpoint(tmp_path / "cut" / "bn-s0" / "last.pt", CPU).step == 2
    monkeypatch.undo()
    monkeypatch.setattr(
        "bntheory.cnn.evaluation.stage.loss_gaps", lambda run: SimpleNamespace(rows=[])
    )
    then = train_preset(TINY, tmp_path / "cut")
    timing = {"training_seconds", "images_per_second"}
    for name, result in whole.results.items():
        other = then.results[name]
        assert {k: v for k, v in result.items() if k not in timing} == {
            k: v for k, v in other.items() if k not in timing
        }


def test_a_run_that_would_not_fit_is_not_begun(tmp_path, monkeypatch):
    monkeypatch.setattr(Pace, "seconds", lambda self, name: {"pn-s0": 1.0}.get(name, 1e6))
    found = train_preset(TINY, tmp_path, minutes=5)
    assert list(found.results) == ["pn-s0"]
    assert found.left == ("bn-s0", "bn-on-s0", "vanilla-on-s0")


def test_the_time_of_a_run_follows_the_nearest_that_was_measured_here(tmp_path):
    sizes = {"bn": {}, "pn": {"norm": "pn"}, "bn-m64": {"batch_size": 64}, "x": {"batch_size": 48}}
    runs = Preset(BRIEF, sizes, 2, "tiny").runs()
    pace = Pace(runs, tmp_path, "a card")
    assert pace.seconds("bn-s0") is None
    for name, seconds, device in (
        ("bn-s0", 4.0, "a card"), ("bn-m64-s0", 8.0, "a card"), ("pn-s0", 99.0, "another card"),
    ):  # fmt: skip
        folder = RunFolder(tmp_path / name)
        folder.create(runs[name])
        folder.write("env", {"device": device})
        folder.write("result", {"status": "finished", "step": 4, "training_seconds": seconds})
    pace.add("bn-s0", 6.0, 4.0, 10.0)  # half as much again, and what follows a run of BN
    assert pace.seconds("bn-s1") == pytest.approx(6.0 + 10.0)
    assert pace.seconds("bn-m64-s1") == pytest.approx(12.0)
    assert pace.seconds("pn-s1") == pytest.approx(6.0)  # as BN of the same size
    assert pace.seconds("x-s1") == pytest.approx(12.0 * 48 / 64)  # nearest: 64
    assert pace.seconds("bn-s0") == pytest.approx(10.0)


def test_a_run_that_another_process_has_is_left_to_it(tmp_path):
    with claimed(tmp_path / "pn-s0") as mine:
        assert mine
        with claimed(tmp_path / "pn-s0") as again:
            assert not again
        found = train_preset(TINY, tmp_path)
        with pytest.raises(ValueError, match="being trained by another process"):
            train(BRIEF, tmp_path / "pn-s0")
    assert (found.left, found.elsewhere) == (("pn-s0",), ("pn-s0",))
    assert "others train pn-s0" in found.message()
    assert train_preset(TINY, tmp_path).left == ()


def test_a_follower_waits_for_the_process_that_trains_its_start(tmp_path, monkeypatch):
    """It is waited for while that lasts; a claim of a dead process is none."""
    folder, waited = tmp_path / "bn-s0", []
    code = (
        "import sys\nfrom pathlib import Path\nfrom bntheory.cnn.runs.claimed import claimed\n"
        "with claimed(Path(sys.argv[1])) as mine:\n    print(mine, flush=True)\n"
        "    sys.stdin.read()\n"
    )
    other = subprocess.Popen(
        [sys.executable, "-c", code, str(folder)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    assert other.stdout.readline() == b"True\n"

    def wait(seconds):
        waited.append(seconds)
        other.kill()
        other.communicate()  # closes its pipes, too

    monkeypatch.setattr("bntheory.cnn.evaluation.campaign.time.sleep", wait)
    assert train_preset(TINY, tmp_path).left == ()
    assert waited == [1.0]


TWO = """
import sys
from types import SimpleNamespace
from bntheory.cnn.evaluation import stage
from bntheory.cnn.evaluation.campaign import train_preset
from bntheory.cnn.evaluation import campaign
from bntheory.cnn.recipe.presets import Preset
from bntheory.cnn.recipe.recipe import Recipe
stage.loss_gaps = lambda run: SimpleNamespace(rows=[])
go_on = campaign.go_on
def said(folder, *others):
    print(folder.path.name, flush=True)
    return go_on(folder, *others)
campaign.go_on = said
base = Recipe().change(train=96, validation=50, width=8, batch_size=16, steps=4, every=2,
                       device="cpu", threads=1)
variants = {"bn": {}, "pn": {"norm": "pn"}, "bn-on": {"start": "bn"},
            "vanilla-on": {"start": "bn", "norm": "none"}}
print("left", *train_preset(Preset(base, variants, 2, "tiny", small=True), sys.argv[1]).left)
"""


@pytest.mark.slow
def test_two_campaigns_share_a_store_and_train_nothing_twice(tmp_path):
    started = [
        subprocess.Popen(
            [sys.executable, "-c", TWO, str(tmp_path)], stdout=subprocess.PIPE, text=True
        )
        for _ in range(2)
    ]
    said = [process.communicate(timeout=300)[0].splitlines() for process in started]
    trained = [line for lines in said for line in lines if not line.startswith("left")]
    assert sorted(trained) == sorted(f"{name[:-1]}{seed}" for name in ORDER for seed in (0, 1))
    assert train_preset(Preset(BRIEF, VARIANTS, 2, "tiny", small=True), tmp_path).left == ()
    assert all(len(RunFolder(tmp_path / name).rows("metrics")) == 2 for name in trained)


def test_the_first_ctrl_c_ends_after_the_round(tmp_path, monkeypatch):
    said = []

    def interrupt(done, total):
        if done == 2:
            signal.raise_signal(signal.SIGINT)

    found = train_preset(TINY, tmp_path, interrupt, say=said.append)
    assert found.left == tuple(ORDER)
    assert load_checkpoint(tmp_path / "bn-s0" / "last.pt", CPU).step == 2
    assert "stopping after this round" in said[0]
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
    with Limit().signals(said.append):
        signal.raise_signal(signal.SIGINT)
        with pytest.raises(KeyboardInterrupt):
            signal.raise_signal(signal.SIGINT)


FULL_DISK = """
import resource, sys
from types import SimpleNamespace
from bntheory.cnn.evaluation import stage
from bntheory.cnn.evaluation.campaign import train_preset
from bntheory.cnn.recipe.presets import Preset
from bntheory.cnn.recipe.recipe import Recipe
base = Recipe().change(train=96, validation=50, width=8, batch_size=16, steps=4, every=2,
                       device="cpu", threads=1)
resource.setrlimit(resource.RLIMIT_FSIZE, (30_000, 30_000))  # no file may be larger
try:
    train_preset(Preset(base, {"bn": {}}, 1, "tiny", small=True), sys.argv[1])
except ValueError as error:
    print(error)
"""


def test_a_full_disk_is_one_message_and_nothing_is_lost(tmp_path):
    ended = subprocess.run(
        [sys.executable, "-c", FULL_DISK, str(tmp_path)], capture_output=True, text=True, check=True
    )
    assert ended.stdout.startswith(f"store={str(tmp_path)!r}")
    assert "what is finished there is kept" in ended.stdout
    assert {path.name for path in (tmp_path / "bn-s0").iterdir()} <= {
        "config.json", "env.json", "layers.csv", "metrics.csv", "lock",
    }  # fmt: skip
    found = train_preset(Preset(BRIEF, {"bn": {}}, 1, "tiny", small=True), tmp_path)
    assert found.left == ()
    assert [row["step"] for row in RunFolder(tmp_path / "bn-s0").rows("metrics")] == [2.0, 4.0]


def test_a_checkpoint_that_cannot_be_written_leaves_the_one_before(tmp_path, monkeypatch):
    path = tmp_path / "last.pt"
    first = Checkpoint(1, {"w": torch.ones(2, 2)}, {}, [], 0.0)
    save_checkpoint(path, first)

    def full(self, data):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("pathlib.Path.write_bytes", full)
    with pytest.raises(OSError, match="No space left"):
        save_checkpoint(path, first._replace(step=2))
    assert load_checkpoint(path, CPU).step == 1
    assert [other.name for other in tmp_path.iterdir()] == ["last.pt"]


def test_a_store_moves_with_its_images_and_no_others(tmp_path):
    for name in ("here", "there"):
        pack(synthetic(), tmp_path / name)
    preset = Preset(BRIEF.change(data="nowhere"), VARIANTS, 1, "tiny", small=True)
    store = tmp_path / "store"
    with claimed(store / "vanilla-on-s0"):
        first = train_preset(preset, store, data=str(tmp_path / "here"))
    assert first.left == ("vanilla-on-s0",)
    assert (store / "bn-s0" / "start.pt").exists()
    store.rename(tmp_path / "moved")
    then = train_preset(preset, tmp_path / "moved", data=str(tmp_path / "there"))
    assert then.left == ()
    other = synthetic(images=600)
    pack(other, tmp_path / "other")
    with pytest.raises(ValueError, match="saw other images"):
        train_preset(preset, tmp_path / "moved", data=str(tmp_path / "other"))
    changed = Preset(preset.base.change(steps=5), VARIANTS, 1, "tiny")
    with pytest.raises(ValueError, match="bn-s0 there is another run"):
        train_preset(changed, tmp_path / "moved", data=str(tmp_path / "there"))


def test_what_has_lost_its_start_is_said(tmp_path):
    with claimed(tmp_path / "bn-on-s0"):
        train_preset(TINY, tmp_path)
    (tmp_path / "bn-s0" / "start.pt").unlink()
    found = train_preset(TINY, tmp_path)
    assert (found.left, found.lost) == (("bn-on-s0",), ("bn-on-s0",))
    assert "without weights to start from: bn-on-s0" in found.message()


def test_what_starts_from_a_diverged_run_is_lost(tmp_path):
    preset = Preset(BRIEF.change(learning_rate=1e30), VARIANTS, 1, "tiny", small=True)
    found = train_preset(preset, tmp_path)
    assert found.results["bn-s0"]["status"] == "diverged"
    assert set(found.lost) == {"bn-on-s0", "vanilla-on-s0"}
    assert not list(tmp_path.rglob("*.pt"))


def test_the_rate_warms_up():
    slow = Training(steps=100, learning_rate=0.1, rate_warmup=0.2)
    fast = Training(steps=100, learning_rate=0.1)
    rates = np.array([[learning_rate(t, k) for k in range(100)] for t in (slow, fast)])
    factor = np.minimum(1.0, np.arange(1, 101) / 20)
    assert rates[0] == pytest.approx(factor * rates[1])


@pytest.mark.parametrize("norm", ["bn", "wn", "none"])
def test_blocks_begin_as_their_shortcuts(norm):
    model = Trainer(BRIEF.change(zero_gamma=True, norm=norm), CPU).model
    x = torch.randn(4, 1, 8, 8)
    block = model.eval().stages[1]
    shortcut = torch.relu(block.shortcut(model.stages[0](model.bn1(model.conv1(x)).relu())))
    whole = block(model.stages[0](model.bn1(model.conv1(x)).relu()))
    assert torch.equal(whole, shortcut) == (norm != "none")  # which has no gamma


@pytest.mark.slow
def test_weight_normalisation_trains_where_it_left_the_stable_range():
    """At the rate of the `full` preset, steps with momentum 0.9 are stable up to 38."""
    recipe = BRIEF.change(model="resnet18", width=16, norm="wn", learning_rate=0.1)
    sharp = [sharpness(Trainer(recipe.change(zero_gamma=z), CPU)) for z in (False, True)]
    assert sharp[0] > 2 * (1 + 0.9) / 0.1 > sharp[1]  # 28.5 here


def sharpness(trainer, rounds=6):
    """The Hessian's eigenvalue of largest size, by power iteration."""
    x, labels = trainer.batches.step(0)
    parameters = [p for p in trainer.model.train().parameters() if p.requires_grad]
    loss = torch.nn.functional.cross_entropy(trainer.model(x), labels)
    slopes = torch.autograd.grad(loss, parameters, create_graph=True)
    torch.manual_seed(0)
    vector, value = [torch.randn_like(p) for p in parameters], 0.0
    for _ in range(rounds):
        length = sum(v.square().sum() for v in vector).sqrt()
        vector = [v / length for v in vector]
        product = sum((s * v).sum() for s, v in zip(slopes, vector, strict=True))
        turned = torch.autograd.grad(product, parameters, retain_graph=True)
        value = float(sum((t * v).sum() for t, v in zip(turned, vector, strict=True)))
        vector = list(turned)
    return abs(value)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--minutes", "0", "--store", "s"], "--minutes=0"),
        (["--minutes", "5"], "--minutes=5"),
        (["--data", "x"], "--data='x'"),
        (["--data", "x", "--store", "s"], "--data='x'"),
    ],
)
def test_bad_limits_are_one_message(arguments, message, monkeypatch, capsys, tmp_path):
    monkeypatch.chdir(tmp_path)
    assert call(monkeypatch, "cnn", "compare", "--preset", "smoke", *arguments) == 2
    assert message in capsys.readouterr().err


def test_resume_names_the_process_that_has_the_run(tmp_path):
    RunFolder(tmp_path / "run").create(BRIEF)
    with (
        claimed(tmp_path / "run"),
        pytest.raises(ValueError, match=r"run=.*another process"),
    ):
        resume(tmp_path / "run")


def test_what_is_left_is_said_by_the_command(monkeypatch, capsys, tmp_path):
    small = Preset(PRESETS["smoke"].base.change(steps=4, every=2), VARIANTS, 1, "tiny")
    monkeypatch.setitem(PRESETS, "smoke", small)
    store = str(tmp_path / "runs")
    with claimed(tmp_path / "runs" / "pn-s0"):
        assert call(monkeypatch, "cnn", "compare", "--preset", "smoke", "--store", store,
                    "--minutes", "3", "--json") == 0  # fmt: skip
    ended = capsys.readouterr()
    assert "1 of 4 runs are left" in ended.err
    assert json.loads(ended.out)["preset"] == "smoke"
