"""Laws of the inputs' entries, all of mean 0 and variance 1 before the factor 1/sqrt(N).

The reduced chain and the flows are those of Gaussian inputs; other laws test universality (as N
grows fields become Gaussian anyway) and the kurtosis term of theory page 2 (at small N).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from ..codegen.jit import kernel
from ..results.errors import InputError
from .names import canonical

Array = np.ndarray
NAMES, STUDENT_NAME = ("gaussian", "rademacher", "uniform", "laplace"), "student-t:NU"
ACCEPTED = f"{' '.join(NAMES)} {STUDENT_NAME} with NU > 2, or a FILE.npy"
GAUSSIAN, RADEMACHER, UNIFORM, LAPLACE, STUDENT, VALUES, ROWS = range(7)


@dataclass(frozen=True)
class Inputs:
    """A law of inputs.

    Attributes
    ----------
    name
        As the user gave it.
    kind
        One of the kinds above.
    parameter
        Student's degrees of freedom, where the law has them.
    data
        Recorded numbers, shape (rows, columns): entries are drawn from a single column, whole
        inputs from rows of N columns.
    """

    name: str
    kind: int
    parameter: float = 0.0
    data: Array = field(default_factory=lambda: np.zeros((1, 1)), compare=False, repr=False)

    @property
    def kernel_arguments(self) -> tuple[int, float, Array]:
        """What the kernels take."""
        return self.kind, self.parameter, self.data


def read_inputs(text: str, dim: int) -> Inputs:
    """The law of a name or a file.

    Parameters
    ----------
    text
        `NAMES`, ``student-t:NU``, or the path of a ``.npy`` file: of shape (numbers,), from
        which entries are drawn, or (examples, dim), from which whole inputs are drawn; either
        is shifted and scaled to mean 0 and variance 1 over all its numbers.
    dim
        Input dimension N.

    Raises
    ------
    ValueError
        Naming the value and what is accepted.

    Examples
    --------
    >>> read_inputs("student-t:5", 100).parameter
    5.0
    """
    text = canonical(text, (*NAMES, STUDENT_NAME))
    name, _, number = text.partition(":")
    if text in NAMES:
        return Inputs(text, NAMES.index(text))
    if name == "student-t":
        try:
            nu = float(number)
        except ValueError:
            nu = 0.0
        if 2 < nu < np.inf:
            return Inputs(text, STUDENT, nu)
    elif Path(text).suffix == ".npy":
        return _from_file(text, dim)
    raise InputError("inputs", text, f"{ACCEPTED} is accepted", (*NAMES, STUDENT_NAME))


def _loaded(text: str) -> Array:
    """The array of a file; what NumPy says of another file is about NumPy."""
    try:
        data: Array = np.load(text, allow_pickle=False)
    except (ValueError, EOFError):
        raise ValueError("it is damaged, or holds other things than numbers") from None
    return data


def _from_file(text: str, dim: int) -> Inputs:
    try:
        data = _loaded(text)
        if data.dtype.kind not in "fiu":
            raise ValueError("it holds other things than real numbers")
        if data.size < 2 or data.ndim not in (1, 2):
            raise ValueError(f"it holds {' x '.join(map(str, data.shape)) or 'one'} numbers")
        if data.ndim == 2 and data.shape[1] != dim:
            raise ValueError(f"it has {data.shape[1]} columns, and dim is {dim}")
        data = data.astype(float).reshape(len(data), -1)
        scale = data.std()
        if not np.isfinite(data).all() or scale == 0:
            raise ValueError("its numbers are not finite, or all the same")
    except (OSError, ValueError, EOFError) as error:
        reason = getattr(error, "strerror", None) or error
        raise InputError(
            "inputs",
            text,
            f"{reason}; a .npy of numbers of shape (numbers,) or (examples, dim) is accepted",
        ) from None
    kind = ROWS if data.shape[1] > 1 else VALUES
    return Inputs(text, kind, 0.0, np.ascontiguousarray((data - data.mean()) / scale))


@kernel
def fill_input(
    x: np.ndarray, kind: int, parameter: float, data: np.ndarray, rng: np.random.Generator
) -> None:
    """Fill one input with entries of mean 0 and variance 1."""
    if kind == ROWS:
        row = rng.integers(0, data.shape[0])
        for i in range(x.size):  # a copy of arrays would compile numba's message on shapes: 2 s
            x[i] = data[row, i]
        return
    for i in range(x.size):
        if kind == GAUSSIAN:
            x[i] = rng.standard_normal()
        elif kind == RADEMACHER:
            x[i] = 1.0 if rng.random() < 0.5 else -1.0
        elif kind == UNIFORM:
            x[i] = 3.4641016151377544 * (rng.random() - 0.5)
        elif kind == LAPLACE:
            x[i] = 0.7071067811865476 * rng.laplace(0.0, 1.0)
        elif kind == STUDENT:
            x[i] = rng.standard_t(parameter) * np.sqrt((parameter - 2.0) / parameter)
        else:
            x[i] = data[rng.integers(0, data.shape[0]), 0]
