"""The images that a run uses: read once into a cache, made smaller, split."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ...codegen.modules import cache_folder, write_once
from ...results.checks import integer
from ...results.errors import InputError
from .formats import read_folder
from .raw import Images, RawData
from .raw import checksum as checksum_of

Array = np.ndarray
#: Where Debian's package `dataset-fashion-mnist` puts it.
FASHION_MNIST = Path("/usr/share/datasets/fashion-mnist")
#: The last data set and its last split, for runs that follow each other in one process: by the
#: cached file and its time, and by (checksum, train, validation).
_RAW: dict[tuple[str, int], tuple[RawData, str]] = {}
_SPLITS: dict[tuple[str, int, int], Splits] = {}
SPLIT_SEED = 2019  # of the validation set: the same for every run


@dataclass(frozen=True)
class Splits:
    """What a run trains on, is judged by, and is tested on once.

    Attributes
    ----------
    train, validation, test
        Disjoint; ``validation`` is held out of the distributed training set.
    classes
        Number of classes.
    mean, std
        Of the training images by channel, pixels between 0 and 1, shape (channels,).
    checksum
        SHA-256 of all images and labels, in the size they are used in.
    """

    train: Images
    validation: Images
    test: Images
    classes: int
    mean: Array
    std: Array
    checksum: str


def load(source: str, *, side: int, train: int, validation: int) -> Splits:
    """Read a data set and split it.

    Parameters
    ----------
    source
        ``synthetic``, ``fashion-mnist`` (Debian's package of that name), or a folder in one of the
        layouts of `formats`.
    side
        Height and width that images are averaged down to; 0 keeps them.
    train
        Training images; 0 takes all that validation leaves.
    validation
        Images held out of training.

    Raises
    ------
    ValueError
        Naming the parameter, its value and what is accepted.

    Examples
    --------
    >>> splits = load("synthetic", side=0, train=100, validation=50)
    >>> splits.train.images.shape, splits.classes
    ((100, 8, 8, 1), 10)
    """
    side, train = integer("side", side, 0), integer("train", train, 0)
    validation = integer("validation", validation, 1)
    raw, checksum = _cached(source, side)
    wanted = checksum, train, validation
    if wanted not in _SPLITS:
        _SPLITS.clear()
        _SPLITS[wanted] = _split(raw, checksum, train, validation)
    return _SPLITS[wanted]


def _split(raw: RawData, checksum: str, train: int, validation: int) -> Splits:
    order = np.random.default_rng(SPLIT_SEED).permutation(len(raw.train.labels))
    most = len(order) - validation
    if most < 1:
        raise InputError(
            "validation", validation, f"fewer than the {len(order)} images is accepted"
        )
    if train > most:
        raise InputError("train", train, f"at most {most}, or 0 for all of them, is accepted")
    held, kept = order[:validation], order[validation : validation + (train or most)]
    chosen = Images(*(part[kept] for part in raw.train))
    return Splits(
        chosen,
        Images(*(part[held] for part in raw.train)),
        raw.test,
        int(raw.train.labels.max()) + 1,
        chosen.images.mean((0, 1, 2)) / 255,
        np.maximum(chosen.images.std((0, 1, 2)) / 255, 1e-3),
        checksum,
    )


def synthetic(images: int = 6000, side: int = 8, classes: int = 10) -> RawData:
    """A data set out of nothing: noisy, shifted copies of one smooth pattern a class."""
    rng = np.random.default_rng(SPLIT_SEED)
    patterns = np.kron(rng.normal(size=(classes, side // 2, side // 2)), np.ones((2, 2)))
    labels = rng.integers(0, classes, images + images // 6)
    shifts = rng.integers(-1, 2, (len(labels), 2))
    fields = np.array(
        [np.roll(patterns[k], shift, (0, 1)) for k, shift in zip(labels, shifts, strict=True)]
    )
    noisy = fields + 1.5 * rng.normal(size=fields.shape)
    pixels = np.clip(128 + 32 * noisy, 0, 255).astype(np.uint8)[..., None]
    return RawData(
        Images(pixels[:images], labels[:images]), Images(pixels[images:], labels[images:])
    )


def smaller(images: Array, side: int) -> Array:
    """Images averaged down to ``side``, in whole blocks; what is missing for those is black.

    Examples
    --------
    >>> smaller(np.full((1, 28, 28, 1), 8, np.uint8), 16).shape
    (1, 16, 16, 1)
    """
    before = images.shape[1]
    if side in (0, before):
        return images
    if side > before:
        raise InputError("side", side, f"at most the images' own {before} is accepted")
    block = -(-before // side)
    margin = block * side - before
    edges = ((margin // 2, margin - margin // 2),) * 2
    padded = np.pad(images, ((0, 0), *edges, (0, 0)))
    blocks = padded.reshape(len(images), side, block, side, block, -1)
    return np.round(blocks.mean((2, 4), dtype=np.float32)).astype(np.uint8)


def load_raw(source: str) -> RawData:
    """A data set whole and in its own size, read from where it is; `source` as for `load`."""
    return synthetic() if source == "synthetic" else read_folder(_folder(source))


def _folder(source: str) -> Path:
    folder = FASHION_MNIST if source == "fashion-mnist" else Path(source)
    if not folder.is_dir():
        hint = " (apt-get install dataset-fashion-mnist)" if folder == FASHION_MNIST else ""
        raise InputError("data", source, f"the folder {str(folder)!r} does not exist{hint}")
    return folder


def _cached(source: str, side: int) -> tuple[RawData, str]:
    """The data set from the cache of uint8 arrays, read and put there first if need be."""
    if source == "synthetic":
        raw = _reduced(synthetic(), side)
        return raw, checksum_of(raw)
    folder = _folder(source)
    files = [
        (path.name, path.stat().st_size, path.stat().st_mtime_ns)
        for path in sorted(folder.iterdir())
    ]
    key = hashlib.sha256(json.dumps([str(folder.resolve()), files, side]).encode()).hexdigest()
    path = cache_folder() / f"images_{key[:24]}.npz"
    if path.is_file():
        place = str(path), path.stat().st_mtime_ns
        if place in _RAW:
            return _RAW[place]
        with np.load(path) as found:
            raw = RawData(Images(found["a"], found["b"]), Images(found["c"], found["d"]))
            if checksum_of(raw) == str(found["checksum"]):
                _RAW.clear()
                _RAW[place] = raw, str(found["checksum"])
                return _RAW[place]
    raw = _reduced(read_folder(folder), side)
    checksum = checksum_of(raw)
    (a, b), (c, d) = raw
    write_once(path, lambda file: np.savez(file, checksum=checksum, a=a, b=b, c=c, d=d))
    return raw, checksum


def _reduced(raw: RawData, side: int) -> RawData:
    return RawData(*(Images(smaller(part.images, side), part.labels) for part in raw))
