"""A data set packed without loss: WebP pictures of tiled images, and one small index.

Machines with cards are often cut off from the network, and what goes there has to be small.
CIFAR-10 becomes six pictures of 16.3 MiB. The index, `INDEX`, is written last: a folder that has it
is whole. It holds the labels and the SHA-256 of all images and labels, checked on reading.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np

from ...results.errors import InputError
from ...results.files import replacing
from .raw import RawData, checksum, paired

Array = np.ndarray
INDEX = "packed.json"
FORMAT = 1
#: Images a row and a column of a picture, and the side that no picture exceeds: WebP ends at
#: 16383 pixels, and Pillow warns of pictures of more than 89 million.
TILES, MOST_PIXELS = 100, 9000
KINDS = {1: "L", 3: "RGB"}


def pack(raw: RawData, output: str | Path) -> dict[str, Any]:
    """Write a data set to a folder, in a form that `--data` reads.

    Parameters
    ----------
    raw
        Training and test images, grey or in three colours.
    output
        A new or empty folder.

    Returns
    -------
    dict
        ``files`` and their sizes in ``bytes``, ``images``, ``checksum`` (SHA-256).

    Raises
    ------
    ValueError
        If the folder holds anything or cannot be written, or images are neither grey nor RGB.

    Examples
    --------
    >>> import tempfile
    >>> from bntheory.cnn.data.data import synthetic
    >>> from bntheory.cnn.data.packs import pack, packed
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     made = pack(synthetic(), folder)
    ...     same = (packed(Path(folder)).train.images == synthetic().train.images).all()
    >>> made["images"], bool(same)
    (7000, True)
    """
    folder = Path(output)
    channels = raw.train.images.shape[3]
    if channels not in KINDS:
        raise InputError("data", f"{channels} channels", "images of 1 or 3 channels are accepted")
    try:
        folder.mkdir(parents=True, exist_ok=True)
        if any(folder.iterdir()):
            raise InputError("output", str(folder), "a new or an empty folder is accepted")
        index: dict[str, Any] = {"format": FORMAT, "side": raw.train.images.shape[1]}
        index |= {"channels": channels, "checksum": checksum(raw)}
        for name, part in zip(RawData._fields, raw, strict=True):
            index[name] = {"files": _write(folder, name, part.images)}
            index[name]["labels"] = part.labels.tolist()
        with replacing(folder / INDEX) as temporary:
            temporary.write_text(json.dumps(index) + "\n", encoding="utf-8")
    except OSError as error:
        raise InputError("output", str(folder), error.strerror or str(error)) from None
    files = sorted(path for path in folder.iterdir() if path.is_file())
    return {
        "images": sum(len(part.labels) for part in raw),
        "checksum": index["checksum"],
        "files": [path.name for path in files],
        "bytes": [path.stat().st_size for path in files],
    }


def packed(folder: Path) -> RawData:
    """Read what `pack` wrote.

    Raises
    ------
    ValueError
        If the index is none, or what is read is not what was written.
    """
    index = json.loads((folder / INDEX).read_text(encoding="utf-8"))
    if not isinstance(index, dict) or index.get("format") != FORMAT:
        raise ValueError(f"{INDEX} is not of format {FORMAT}")
    side, channels = index["side"], index["channels"]
    parts = []
    for name in RawData._fields:
        pictures = [_read(folder / f, n, side, channels) for f, n in index[name]["files"]]
        labels = np.array(index[name]["labels"], dtype=np.int64)
        parts.append(paired(np.concatenate(pictures), labels))
    raw = RawData(*parts)
    if checksum(raw) != index["checksum"]:
        raise ValueError("its SHA-256 is another than that of what was packed")
    return raw


def _write(folder: Path, name: str, images: Array) -> list[tuple[str, int]]:
    """Write the pictures of one part; returns each one's file and its number of images."""
    from PIL import Image

    count, side, _, channels = images.shape
    across = max(1, min(TILES, MOST_PIXELS // side))
    files: list[tuple[str, int]] = []
    for start in range(0, count, across**2):
        part = images[start : start + across**2]
        columns = min(across, len(part))
        rows = -(-len(part) // columns)
        filled = np.zeros((rows * columns, side, side, channels), np.uint8)
        filled[: len(part)] = part
        grid = filled.reshape(rows, columns, side, side, channels).transpose(0, 2, 1, 3, 4)
        picture = grid.reshape(rows * side, columns * side, channels)
        file = f"{name}_{len(files) + 1}.webp"
        with replacing(folder / file) as temporary:
            made = Image.fromarray(picture[..., 0] if channels == 1 else picture)
            made.save(temporary, format="WEBP", lossless=True, quality=100, method=4)
        files.append((file, len(part)))
    return files


def _read(path: Path, count: int, side: int, channels: int) -> Array:
    from PIL import Image

    with Image.open(path) as picture:
        # WebP keeps grey as three equal colours, of which the first is taken back.
        pixels = np.asarray(picture.convert("RGB"))[..., :channels]
    rows, columns = pixels.shape[0] // side, pixels.shape[1] // side
    grid = pixels.reshape(rows, side, columns, side, channels).transpose(0, 2, 1, 3, 4)
    return np.ascontiguousarray(grid.reshape(-1, side, side, channels)[:count])
