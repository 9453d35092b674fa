"""Tables that come with the package: of shipped activations at the usual batch sizes.

A first run then computes none. They are made by ``python -m bntheory.odes.tables.shipped``, from
the builders that any other table is made by, and a test compares the two.
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


def write_all() -> None:
    """Build every shipped table anew, and write it into the package."""
    from ...teacher_student.problem import Problem
    from ..flow.integrate import flow_kernels
    from ..fluctuations.joint_flow import fluctuation_kernels
    from . import diffusion_tables, moment_tables
    from .regions import middle
    from .table_spec import TableSpec

    FOLDER.mkdir(exist_ok=True)
    for old in FOLDER.glob("*.npz"):
        old.unlink()
    for activation, scheme, M in wanted():
        problem = Problem(activation, scheme, batch_size=M)
        asked = flow_kernels(problem).TABLE
        if asked:
            spec = TableSpec.from_json(asked)
            region = middle(spec.singular)
            made = moment_tables.build(spec, M, region)
            path = path_of("moments", moment_tables.key_of(spec, M, region))
            np.savez_compressed(path, packed=made.packed, error=made.error)
        if has_scatter(activation, scheme, M):
            values = diffusion_tables.build(problem, fluctuation_kernels(problem))
            path = path_of("diffusion", diffusion_tables.key_of(problem))
            np.savez_compressed(path, packed=values)


if __name__ == "__main__":
    write_all()
