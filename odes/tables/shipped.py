"""Tables that come with the package: of shipped activations at the usual batch sizes.

A first run then computes none. They are made by ``python tests/references/ship.py``, from the
builders that any other table is made by, and a test compares the two.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path

import numpy as np

Array = np.ndarray
FOLDER = Path(__file__).with_name("shipped")
#: Homogeneous activations have small tables, whatever the scheme.
HOMOGENEOUS, SCHEMES = ("relu", "identity", "leaky-relu"), ("bn", "mean-only-bn", "var-only-bn")
SIZES = (8, 16, 32, 64, 128)
#: Those of smooth activations are larger: at one batch size, and without the scatter of a run.
SMOOTH, SMOOTH_SIZE = ("erf", "tanh", "sigmoid", "softplus", "gelu"), 32


def path_of(kind: str, key: str) -> Path:
    """Where a table is shipped, if it is: named by what it holds, not by how it was made."""
    return FOLDER / f"{kind}_{hashlib.sha256(key.encode()).hexdigest()[:16]}.npz"


def shipped(kind: str, key: str) -> Mapping[str, Array] | None:
    """The arrays of a shipped table.

    Parameters
    ----------
    kind
        ``moments`` or ``diffusion``.
    key
        Everything that the table holds.

    Returns
    -------
    mapping or None
        The arrays by their names; None if this table is not shipped.
    """
    path = path_of(kind, key)
    if not path.exists():
        return None
    with np.load(path) as stored:
        return {name: stored[name] for name in stored.files}


def wanted() -> list[tuple[str, str, int]]:
    """The settings whose tables are shipped: activation, scheme and batch size."""
    small = [(a, s, M) for a in HOMOGENEOUS for s in SCHEMES for M in SIZES]
    return small + [(activation, "bn", SMOOTH_SIZE) for activation in SMOOTH]


def has_scatter(activation: str, scheme: str, _: int) -> bool:
    """Whether the scatter of a run is shipped, too."""
    return scheme == "bn" and activation in HOMOGENEOUS[:2]
