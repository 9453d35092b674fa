"""Packing data sets: bit for bit, whatever their size, and refused where it cannot be so."""

import json

import numpy as np
import pytest
from bntheory.cnn.data import packs
from bntheory.cnn.data.data import load, synthetic
from bntheory.cnn.data.formats import read_folder
from bntheory.cnn.data.packs import INDEX, pack
from bntheory.cnn.data.raw import Images, RawData, checksum
from command import call
from PIL import Image


def images_of(count, side, channels):
    rng = np.random.default_rng([count, side, channels])
    pixels = rng.integers(0, 256, (count, side, side, channels)).astype(np.uint8)
    return Images(pixels, rng.integers(0, 7, count))


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("side", [1, 7, 32, 33])
@pytest.mark.parametrize("count", [1, 2, 10, 26])
def test_what_is_packed_comes_back_bit_for_bit(count, side, channels, tmp_path, monkeypatch):
    monkeypatch.setattr(packs, "TILES", 3)  # several pictures, the last one with gaps
    raw = RawData(images_of(count, side, channels), images_of(1 + count // 3, side, channels))
    made = pack(raw, tmp_path)
    again = read_folder(tmp_path)
    for ours, theirs in zip((*raw.train, *raw.test), (*again.train, *again.test), strict=True):
        assert np.array_equal(ours, theirs)
        assert ours.dtype == theirs.dtype
    assert made["checksum"] == checksum(again) == checksum(raw)
    assert made["images"] == count + 1 + count // 3
    pictures = [name for name in made["files"] if name.startswith("train")]
    assert len(pictures) == -(-count // 9)


def test_no_picture_is_beyond_what_webp_and_pillow_take(tmp_path, monkeypatch):
    assert packs.MOST_PIXELS < 16384  # of WebP
    assert packs.MOST_PIXELS**2 < Image.MAX_IMAGE_PIXELS  # of which Pillow warns
    monkeypatch.setattr(packs, "MOST_PIXELS", 20)
    raw = RawData(images_of(5, 9, 1), images_of(1, 30, 1))  # 2 x 2 tiles; 1, whatever its side
    assert pack(RawData(raw.train, raw.train), tmp_path / "a")["files"] == [
        INDEX, "test_1.webp", "test_2.webp", "train_1.webp", "train_2.webp",
    ]  # fmt: skip
    with Image.open(tmp_path / "a" / "train_1.webp") as picture:
        assert picture.size == (18, 18)
    assert len(pack(RawData(raw.test, raw.test), tmp_path / "b")["files"]) == 3


def test_a_packed_set_is_trained_on_as_the_original(tmp_path):
    pack(synthetic(), tmp_path / "packed")
    ours = load(str(tmp_path / "packed"), side=0, train=100, validation=50)
    theirs = load("synthetic", side=0, train=100, validation=50)
    assert ours.checksum == theirs.checksum
    assert np.array_equal(ours.train.images, theirs.train.images)


def spoil_index(folder):
    (folder / INDEX).write_text("[]")


def spoil_labels(folder):
    index = json.loads((folder / INDEX).read_text())
    index["train"]["labels"][0] += 1
    (folder / INDEX).write_text(json.dumps(index))


def spoil_count(folder):
    index = json.loads((folder / INDEX).read_text())
    index["train"]["labels"].pop()
    (folder / INDEX).write_text(json.dumps(index))


def spoil_format(folder):
    index = json.loads((folder / INDEX).read_text())
    (folder / INDEX).write_text(json.dumps(index | {"format": 2}))


def spoil_picture(folder):
    (folder / "train_1.webp").write_bytes(b"RIFF")


def spoil_folder(folder):
    (folder / "test_1.webp").unlink()


@pytest.mark.parametrize(
    "spoil",
    [spoil_index, spoil_labels, spoil_count, spoil_format, spoil_picture, spoil_folder],
    ids=lambda spoil: spoil.__name__,
)
def test_a_damaged_pack_is_one_message(spoil, tmp_path):
    pack(RawData(images_of(9, 8, 3), images_of(3, 8, 3)), tmp_path)
    spoil(tmp_path)
    with pytest.raises(ValueError, match="data="):
        read_folder(tmp_path)


def test_packing_by_command(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    assert call(monkeypatch, "cnn", "pack", "synthetic", "--output", "small", "--json") == 0
    made = json.loads(capsys.readouterr().out)
    assert made["checksum"] == checksum(synthetic())
    assert sum(made["bytes"]) < synthetic().train.images.nbytes * 1.2
    for arguments, message in (
        (["synthetic", "--output", "small"], "--output='small'"),  # holds something
        (["nowhere", "--output", "new"], "DATA='nowhere'"),
        (["synthetic", "--output", "small/packed.json"], "--output='small/packed.json'"),
    ):
        assert call(monkeypatch, "cnn", "pack", *arguments) == 2
        assert message in capsys.readouterr().err
    assert not (tmp_path / "new").exists()


def test_images_of_other_channels_are_refused(tmp_path):
    raw = RawData(images_of(2, 8, 3), images_of(2, 8, 3))
    four = RawData(
        *(Images(np.concatenate([p.images, p.images[..., :1]], 3), p.labels) for p in raw)
    )
    with pytest.raises(ValueError, match="1 or 3 channels"):
        pack(four, tmp_path)
