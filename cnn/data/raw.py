"""Images and labels as every layout gives them."""

from __future__ import annotations

import hashlib
from typing import NamedTuple

import numpy as np

Array = np.ndarray


class Images(NamedTuple):
    """Images, uint8 of shape (n, side, side, channels), and their labels, int64 of shape (n,)."""

    images: Array
    labels: Array


class RawData(NamedTuple):
    """A data set's two parts, as distributed. ImageNet's ``test`` is its validation set."""

    train: Images
    test: Images


def paired(images: Array, labels: Array) -> Images:
    """Images with their labels.

    Raises
    ------
    ValueError
        If they do not go together.
    """
    if len(images) != len(labels) or not len(labels):
        raise ValueError(f"{len(images)} images and {len(labels)} labels do not go together")
    if labels.min() < 0:
        raise ValueError(f"a label is {labels.min()}")
    return Images(np.ascontiguousarray(images), labels.astype(np.int64))


def checksum(raw: RawData) -> str:
    """SHA-256 of all images, labels and their shapes."""
    digest = hashlib.sha256()
    for array in (*raw.train, *raw.test):
        digest.update(str(array.shape).encode() + np.ascontiguousarray(array).tobytes())
    return digest.hexdigest()
