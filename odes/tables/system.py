"""What the generated functions look like to the quadrature and the sampling; never called."""

import numpy as np
from bntheory.teacher_student.kernels.system import KINKS, activation, signal

__all__ = [
    "AVERAGED", "KINKS", "SCATTERING", "activation", "drawn_label", "elements", "signal",
]  # fmt: skip

SCATTERING: int = 3
AVERAGED: int = 2


def elements(
    d: np.ndarray,
    z: np.ndarray,
    e: np.ndarray,
    zbar: float,
    zuhat: float,
    ubar: float,
    s: float,
    M: float,
    out: np.ndarray,
) -> None:
    """Fill the elements of one step of a batch scheme (`batch_diffusion`)."""
    raise AssertionError(d, z, e, zbar, zuhat, ubar, s, M, out)


def drawn_label(v: float, noise: float, x: float) -> float:
    """The label of a teacher's field, given a drawn number."""
    raise AssertionError(v, noise, x)
