"""Data sets, recipes, records and claims of the CNN adapter: all that needs no torch."""

import gzip
import json
import pickle
import subprocess
import sys

import numpy as np
import pytest
from bntheory.cnn.data import data as data_module
from bntheory.cnn.data.data import load, smaller
from bntheory.cnn.data.formats import read_folder
from bntheory.cnn.data.pickles import read_arrays
from bntheory.cnn.evaluation.claims import Claim, interval, judge_claims
from bntheory.cnn.evaluation.collection import Records, committed
from bntheory.cnn.recipe.norm_names import parse_norm
from bntheory.cnn.recipe.presets import PRESETS
from bntheory.cnn.recipe.recipe import Recipe
from bntheory.cnn.runs.records import METRICS, RunFolder, from_csv

IMAGES = np.random.default_rng(0).integers(0, 256, (30, 32, 32, 3)).astype(np.uint8)
LABELS = np.arange(30) % 10


def planes(images):
    """Rows of three planes, as CIFAR and ImageNet store them."""
    return np.stack([np.concatenate([im[:, :, c].ravel() for c in range(3)]) for im in images])


def write_binary(folder):
    rows = np.column_stack([LABELS, planes(IMAGES)]).astype(np.uint8)
    for k in range(2):
        (folder / f"data_batch_{k + 1}.bin").write_bytes(rows[10 * k : 10 * k + 10].tobytes())
    (folder / "test_batch.bin").write_bytes(rows[20:].tobytes())


def write_pickle(folder):
    for name, part in (("data_batch_1", slice(0, 20)), ("test_batch", slice(20, 30))):
        batch = {"data": planes(IMAGES)[part], "labels": LABELS[part].tolist(), "batch_label": "x"}
        (folder / name).write_bytes(pickle.dumps(batch, protocol=2))


def write_strips(folder):
    from PIL import Image

    for k, part in ((1, slice(0, 10)), (2, slice(10, 20))):
        Image.fromarray(IMAGES[part].reshape(10, 1024, 3)).save(folder / f"data_batch_{k}.png")
    Image.fromarray(IMAGES[20:].reshape(10, 1024, 3)).save(folder / "test_batch.png")
    (folder / "train_lables.json").write_text(json.dumps(LABELS[:20].tolist()))
    (folder / "test_lables.json").write_text(json.dumps(LABELS[20:].tolist()))


def write_npz(folder):
    np.savez(folder / "train_data_batch_1.npz", data=planes(IMAGES[:20]), labels=LABELS[:20] + 1)
    np.savez(folder / "val_data.npz", data=planes(IMAGES[20:]), labels=LABELS[20:] + 1)


def write_imagenet_pickle(folder):
    parts = (("train_data_batch_1", slice(0, 20), 2), ("val_data", slice(20, 30), 5))
    for name, part, protocol in parts:  # that of Python 2, and that of Python 3.14
        batch = {"data": planes(IMAGES)[part], "labels": (LABELS[part] + 1).tolist()}
        (folder / name).write_bytes(pickle.dumps(batch, protocol))


def write_idx(folder):
    for part, chosen in (("train", slice(0, 20)), ("t10k", slice(20, 30))):
        pixels = IMAGES[chosen, :, :, 0]
        head = b"\0\0\x08\x03" + np.array(pixels.shape, ">u4").tobytes()
        path = folder / f"{part}-images-idx3-ubyte.gz"
        path.write_bytes(gzip.compress(head + pixels.tobytes()))
        head = b"\0\0\x08\x01" + np.array([len(pixels)], ">u4").tobytes()
        labels = LABELS[chosen].astype(np.uint8).tobytes()
        (folder / f"{part}-labels-idx1-ubyte").write_bytes(head + labels)


WRITERS = (write_binary, write_pickle, write_strips, write_npz, write_imagenet_pickle, write_idx)


@pytest.mark.parametrize("write", WRITERS, ids=lambda write: write.__name__)
def test_a_layout_gives_back_its_images(write, tmp_path):
    write(tmp_path)
    raw = read_folder(tmp_path)
    expected = IMAGES[..., :1] if write is write_idx else IMAGES
    assert np.array_equal(raw.train.images, expected[:20])
    assert np.array_equal(raw.test.images, expected[20:])
    assert np.array_equal(raw.train.labels, LABELS[:20])
    assert np.array_equal(raw.test.labels, LABELS[20:])
    assert (raw.train.images.dtype, raw.train.labels.dtype) == (np.uint8, np.int64)


def test_unpickling_runs_no_code(tmp_path):
    class Evil:
        def __reduce__(self):
            return (open, (str(tmp_path / "made"), "w"))

    (tmp_path / "data_batch_1").write_bytes(pickle.dumps({"data": Evil()}))
    with pytest.raises(ValueError, match=r"io\.open, which is no array"):
        read_arrays(tmp_path / "data_batch_1")
    assert not (tmp_path / "made").exists()


@pytest.mark.parametrize(
    ("name", "content"),
    [("data_batch_1.bin", b"123"), ("train-images-idx3-ubyte", b"abc"), ("data_batch_1", b"\x80")],
)
def test_a_broken_file_is_one_message(name, content, tmp_path):
    (tmp_path / name).write_bytes(content)
    with pytest.raises(ValueError, match="data="):
        read_folder(tmp_path)


def test_splits_are_disjoint_and_the_cache_is_checked(tmp_path, monkeypatch):
    source = tmp_path / "images"
    source.mkdir()
    write_npz(source)
    monkeypatch.setenv("BNTHEORY_CACHE", str(tmp_path / "cache"))
    first = load(str(source), side=16, train=0, validation=5)
    assert len(first.train.labels) == 15
    rows = {image.tobytes() for image in first.train.images}
    assert not rows & {image.tobytes() for image in first.validation.images}
    monkeypatch.setattr(data_module, "read_folder", lambda folder: pytest.fail("read again"))
    again = load(str(source), side=16, train=0, validation=5)
    assert np.array_equal(again.train.images, first.train.images)
    assert again.checksum == first.checksum
    monkeypatch.undo()
    monkeypatch.setenv("BNTHEORY_CACHE", str(tmp_path / "cache"))
    (cached,) = (tmp_path / "cache" / "generated").glob("images_*.npz")
    with np.load(cached) as found:
        arrays = dict(found)
    arrays["a"] = arrays["a"] ^ 1
    np.savez(cached, **arrays)
    repaired = load(str(source), side=16, train=0, validation=5)
    assert np.array_equal(repaired.train.images, first.train.images)


def test_smaller_images_are_block_means():
    images = np.zeros((1, 28, 28, 1), np.uint8)
    images[0, 0:2, 0:2, 0] = [[10, 20], [30, 44]]
    small = smaller(images, 16)
    assert small.shape == (1, 16, 16, 1)
    assert small[0, 1, 1, 0] == 26  # two black pixels on each side, then blocks of two
    assert small.sum() == 26
    with pytest.raises(ValueError, match="side=40"):
        smaller(images, 40)


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"norm": "batch"}, "norm='batch'"),
        ({"norm": "ghost-bn:1"}, "norm='ghost-bn:1'"),
        ({"norm": "ghost-bn:12"}, "batch_size=32"),
        ({"width": 4}, "width=4"),
        ({"gamma_decay": "auto"}, "gamma_decay='auto'"),
        ({"learning_rate": 0.0}, "learning_rate=0.0"),
        ({"dropout": 1.0}, "dropout=1.0"),
        ({"device": "tpu"}, "device='tpu'"),
        ({"precision": "bf16", "device": "cpu"}, "precision='bf16'"),
        ({"model": "vgg"}, "model='vgg'"),
        ({"schedule": "none"}, "schedule='none'"),
        ({"nonsense": 1}, "nonsense"),
    ],
)
def test_a_bad_recipe_names_its_field(values, message):
    with pytest.raises(ValueError, match=message):
        Recipe().change(**values)


def test_names_of_norms():
    assert parse_norm("pn") == parse_norm("pn:renorm")
    assert parse_norm("ghost-bn:16").number == 16


def test_records_after_the_checkpoint_are_cut(tmp_path):
    folder = RunFolder(tmp_path / "run")
    folder.create(Recipe())
    assert folder.recipe() == Recipe()
    folder.append("metrics", [{"step": k, "train_loss": 0.1 * k} for k in (1, 2, 3)], METRICS)
    with (folder.path / "metrics.csv").open("a") as file:
        file.write("4,0.")  # a write that was cut off
    folder.cut(2)
    assert [row["step"] for row in folder.rows("metrics")] == [1.0, 2.0]
    with pytest.raises(ValueError, match="holds a run"):
        folder.create(Recipe())
    with pytest.raises(ValueError, match="run="):
        RunFolder(tmp_path).recipe()


def planted(differences):
    """Records in which PN's loss is BN's plus these differences, by seed."""
    rows, runs = [], {}
    for seed, more in enumerate(differences):
        for variant, loss in (("bn", 0.5 + seed), ("pn", 0.5 + seed + more)):
            name = f"{variant}-s{seed}"
            runs[name] = {"config": Recipe().to_dict(), "result": {"status": "finished"}}
            rows.append({"run": name, "step": 1.0, "validation_loss": loss, "fit_loss": loss})
    return Records("cpu", runs, {"metrics": rows, "layers": [], "bridge": []})


@pytest.mark.parametrize(
    ("differences", "text"),
    [
        ((0.10, 0.11, 0.12), "shown"),
        ((0.10, -0.05, 0.12), "in direction, within noise"),
        ((-0.10, -0.11, -0.12), "opposite"),
        ((-0.10, 0.05, -0.12), "against direction, within noise"),
        ((0.1,), "in direction, within noise"),
    ],
)
def test_verdicts_follow_the_interval_of_paired_differences(differences, text):
    found = judge_claims(planted(differences)).verdicts[0]
    assert found.text == text
    assert found.difference == pytest.approx(np.mean(differences))
    assert judge_claims(planted(differences)).verdicts[3].text == "not measured"


def test_the_interval_is_students():
    from scipy import stats

    values = np.array([1.0, 2.0, 4.0, 3.0])
    mean, half = interval(values)
    low, high = stats.t.interval(0.95, 3, loc=values.mean(), scale=stats.sem(values))
    assert (mean - half, mean + half) == pytest.approx((low, high))


def test_every_claim_belongs_to_variants_of_the_cpu_preset():
    from bntheory.cnn.evaluation.claims import claims

    variants = set(PRESETS["cpu"].variants)
    named = claims(("bn-m8", "bn-m64"))
    assert all(isinstance(claim, Claim) for claim in named)
    assert {name for claim in named for name in (claim.more, claim.less)} <= variants


@pytest.mark.parametrize("name", ["cpu", "full"])
def test_the_committed_records_are_of_the_preset_and_small(name):
    records, preset = committed(name), PRESETS[name].runs()
    assert set(records.runs) <= set(preset)
    assert len(records.seeds("bn", "pn", "pn-decay")) >= 3
    checksum = records.runs["bn-s0"]["env"]["data_checksum"]
    for run, found in records.runs.items():
        recipe = Recipe.from_dict(found["config"])
        assert recipe.change(data="", start="") == preset[run].change(data="", start="")
        assert found["result"]["status"] == "finished"
        assert found["env"]["data_checksum"] == checksum
    folder = data_module.Path(__file__).resolve().parents[2] / "figures" / "records" / name
    assert sum(path.stat().st_size for path in folder.iterdir()) < 750_000


def test_rows_survive_the_round_trip():
    rows = from_csv("step,layer,gap\n5,bn1,0.25\n6,bn2,\n")
    assert rows == [
        {"step": 5.0, "layer": "bn1", "gap": 0.25},
        {"step": 6.0, "layer": "bn2", "gap": None},
    ]


def test_claims_and_figures_of_the_records_need_no_torch(tmp_path):
    """Judging and drawing what comes with the package, in a process that has not torch."""
    picture = tmp_path / "figure.png"
    code = (
        "import sys\npath = sys.argv[1]\n"
        "class NoTorch:\n"
        "    def find_spec(self, name, path=None, target=None):\n"
        "        if name.partition('.')[0] == 'torch':\n            raise ImportError(name)\n"
        "sys.meta_path.insert(0, NoTorch())\n"
        "from bntheory.cli.main import main\n"
        "for arguments in (['cnn', 'compare', '--json'], ['figure', '2', '--output', path]):\n"
        "    sys.argv = ['bntheory', *arguments]\n"
        "    try:\n        main()\n    except SystemExit as ended:\n        assert not ended.code\n"
    )
    ended = subprocess.run(
        [sys.executable, "-c", code, str(picture)], capture_output=True, text=True, check=True
    )
    table = json.loads(ended.stdout.splitlines()[0])
    assert len(table["claims"]) >= 16
    assert picture.stat().st_size > 10_000


@pytest.mark.parametrize("name", ["cpu", "full"])
def test_the_documentation_shows_the_verdicts_of_the_committed_records(name):
    text = (data_module.Path(__file__).resolve().parents[2] / "docs" / "cnn.md").read_text()
    for found in judge_claims(committed(name)).verdicts:
        numbers = [found.difference, found.half_width]
        shown = [f"{x:.4f}" if np.isfinite(x) else "-" for x in numbers]
        cells = [found.claim.figure, found.claim.statement, *shown, str(found.seeds), found.text]
        assert f"| {' | '.join(cells)} |" in text


def gap(layer, size, key):
    """Mean over the three networks of the bridge's records, and its standard error."""
    rows = [
        row
        for row in committed("cpu").tables["bridge"]
        if (row["layer"], row["batch_size"]) == (layer, size)
    ]
    assert len(rows) == 3
    sems = [row.get(f"{key}_sem", 0.0) for row in rows]
    return np.mean([row[key] for row in rows]), np.sqrt(np.sum(np.square(sems))) / 3


def apart(layer, size, *keys):
    """By how many standard errors two gaps differ."""
    (first, sem), (second, other) = (gap(layer, size, key) for key in keys)
    return (first - second) / np.hypot(sem, other)


EARLY = ("bn1", "stages.0.bn1", "stages.0.bn2", "stages.1.bn1", "stages.1.bn2")


def test_sampled_gaps_are_the_measured_ones_and_have_kinks():
    names = dict.fromkeys(row["layer"] for row in committed("cpu").tables["bridge"])
    layers = [name for name in names if name != "all"]
    assert len(layers) == 9
    scores = [apart(name, size, "gap", "sampled_gap") for name in layers for size in (16, 64)]
    # Three times four pools each: heavier tails than a Gaussian's.
    assert np.max(np.abs(scores)) < 4
    for size in (16, 64):  # the closed form lacks the kinks
        kinks = [apart(name, size, "sampled_gap", "predicted_gap") for name in EARLY]
        assert min(kinks) > 2
        assert np.mean(kinks) > 3


def test_the_joint_estimate_and_not_the_sum_is_what_all_layers_have():
    for size in (16, 64):
        assert abs(apart("all", size, "joint_gap", "gap")) < 3
        assert apart("all", size, "sampled_gap", "gap") > 5


@pytest.mark.parametrize("size", [16, 32, 64])
def test_all_layers_of_a_residual_network_rise_as_their_joint_first_order_says(size):
    rows = [
        row
        for row in committed("full").tables["bridge"]
        if (row["layer"], row["batch_size"]) == ("all", size)
    ]
    assert len(rows) == 3
    apart = sum(row["gap"] - row["joint_gap"] for row in rows)
    assert abs(apart) < 3 * np.sqrt(sum(r["gap_sem"] ** 2 + r["joint_gap_sem"] ** 2 for r in rows))
