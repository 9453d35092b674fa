"""Eigenvalues in files, and those of the covariance of recorded examples."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from ..results.errors import InputError

if TYPE_CHECKING:
    import numpy as np

    Array = np.ndarray
#: Measured eigenvalues below this share of the largest are those of no direction: rounding.
ROUNDING = 1e-12


def read_numbers(path: str, shown: str) -> Array:
    """The array of a ``.npy``: eigenvalues, or examples as rows.

    Raises
    ------
    InputError
        If there is none.
    """
    import numpy as np

    try:
        data: Array = np.load(Path(path), allow_pickle=False)
        if data.dtype.kind not in "fiu" or data.ndim not in (1, 2) or not data.size:
            raise ValueError(f"it holds an array of shape {data.shape} and type {data.dtype}")
        if not np.isfinite(data).all():
            raise ValueError("its numbers are not finite")
    except (OSError, ValueError, EOFError) as error:
        accepted = "a .npy of eigenvalues, or of examples as rows, is accepted"
        raise InputError("spectrum", shown, f"{error}; {accepted}") from None
    return data.astype(float)


def eigenvalues_of(data: Array, shown: str) -> Array:
    """Eigenvalues of the covariance of examples, in units of their mean.

    Raises
    ------
    InputError
        For fewer examples than directions, whose covariance has eigenvalues that are zero.
    """
    import numpy as np

    rows, columns = data.shape
    if rows <= columns:
        reason = f"{rows} examples of {columns} numbers have a covariance that is zero in some"
        raise InputError("spectrum", shown, f"{reason} directions; more examples are accepted")
    values = np.linalg.eigvalsh(np.cov(data, rowvar=False, bias=True).reshape(columns, columns))
    if not values.min() > ROUNDING * values.max():
        reason = "the covariance of its examples is zero in some directions"
        raise InputError("spectrum", shown, f"{reason}; one with positive eigenvalues is accepted")
    scaled: Array = values / values.mean()
    return scaled
