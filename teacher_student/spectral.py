"""What a spectrum of the inputs means for a problem: blocks, start, and what it excludes."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING

from ..results.errors import InputError
from .parameters import PARAMETERS
from .spectrum import ISOTROPIC, Spectrum
from .spectrum_formats import canonical

if TYPE_CHECKING:
    import numpy as np

    from .problem import Problem

    Array = np.ndarray


class Anisotropic:
    """The part of a problem that its inputs' spectrum makes up: a mixin of its fields."""

    spectrum: str
    condition: float | None
    scheme: str

    @property
    def spectrum_(self) -> Spectrum | None:
        """The spectrum, resolved; None of isotropic inputs."""
        if self.spectrum == ISOTROPIC:
            return None
        return Spectrum.named(self.spectrum, self.condition)

    @property
    def norm_of_field(self) -> bool:
        """Whether the squared norm in the scheme is the field's, ``w.Lambda w``, not ``|w|^2``.

        So it is of ``pn``, which normalises by the spread of the field over the population.
        """
        return self.scheme == "pn"


def checked_spectrum(problem: Problem) -> dict[str, object]:
    """Spectrum and condition number as a problem keeps them.

    Raises
    ------
    InputError
        Naming the parameter, its value and what is accepted.
    """
    condition = problem.condition
    if condition is not None:
        condition = PARAMETERS["condition"].bounded(condition)
    return {"spectrum": canonical(problem.spectrum), "condition": condition}


def check_spectrum(problem: Problem) -> None:
    """Refuse what has no theory beside a spectrum.

    Raises
    ------
    InputError
        Naming the parameter and the reason.
    """
    if problem.condition not in (None, 1.0) and problem.spectrum == ISOTROPIC:
        raise InputError("condition", problem.condition, "accepted with a spectrum")
    if problem.spectrum_ is None:
        return
    reason = "with a spectrum of the inputs"
    if problem.several_units:
        raise InputError(
            "units", problem.units, f"one unit, and one of the teacher, is accepted {reason}"
        )
    if problem.scheme_.remembers:
        said = f"running statistics are not built {reason}"
        accepted = "a scheme other than tracked and batch-renorm is accepted"
        raise InputError("scheme", problem.scheme, f"{said}; {accepted}")
    if problem.parameters:
        given = dict(problem.parameters)
        raise InputError("parameters", given, f"numbers of one's own are not built {reason}")


def refuse_spectrum(problem: Problem, reason: str) -> None:
    """Refuse a problem with a spectrum where there is none.

    Raises
    ------
    InputError
        With the reason.
    """
    if problem.spectrum != ISOTROPIC:
        raise InputError("spectrum", problem.spectrum, f"{reason}; 1 is accepted")


def isotropic(problem: Problem) -> Problem:
    """The problem with isotropic inputs."""
    return problem.replace(spectrum=ISOTROPIC, condition=None)


def block_start(spectrum: Spectrum, overlap: float, length: float) -> tuple[Array, Array]:
    """``A_b`` and ``C_b`` at the start: the student's cosine with the teacher is the same in every
    block, and its squared length is spread over all directions alike.

    ``C_b = L^2 phi_b`` and ``A_b = r0 sqrt(C_b T_b)``, so that the overlap of the fields is
    ``r0 sum_b lambda_b sqrt(phi_b T_b) / sqrt(mean eigenvalue)``, which is r0 where the teacher
    has the same power in every direction, and less elsewhere.

    Parameters
    ----------
    spectrum
        Of the inputs.
    overlap, length
        ``r0``, and the length L.

    Returns
    -------
    A, C
        Each of shape (blocks,).

    Examples
    --------
    >>> A, C = block_start(Spectrum.named("two:4"), 0.2, 1.0)
    >>> A.round(6).tolist(), C.tolist()
    ([0.1, 0.1], [0.5, 0.5])
    """
    import numpy as np

    _, fractions, powers = spectrum.arrays
    C = length * length * fractions
    return overlap * np.sqrt(C * powers), C


def summed(spectrum: Spectrum, A: Array, C: Array) -> tuple[Array, Array, Array]:
    """``q, R, L`` of blocks, of shape (..., blocks): the field's variance, overlap and length."""
    import numpy as np

    values = spectrum.arrays[0]
    q = C @ values
    return q, (A @ values) / np.sqrt(q), np.sqrt(C.sum(axis=-1))


def overlap_by_block(spectrum: Spectrum, A: Array, C: Array) -> Array:
    """``R_b``, the cosine of student and teacher in every block.

    Parameters
    ----------
    spectrum
        Of the inputs.
    A, C
        Overlap and squared length in the blocks, shape (..., blocks).

    Returns
    -------
    ndarray, shape (..., blocks)
        NaN where the teacher has no power in a block.

    Examples
    --------
    >>> two = Spectrum.named("two:4")
    >>> overlap_by_block(two, *block_start(two, 0.2, 1.0)).round(6).tolist()
    [0.2, 0.2]
    """
    import numpy as np

    powers = spectrum.arrays[2]
    sizes = np.sqrt(C * powers)
    cosine: Array = np.divide(A, sizes, out=np.full(A.shape, np.nan), where=sizes > 0.0)
    return np.clip(cosine, -1.0, 1.0)


def square_by_block(spectrum: Spectrum, C: Array) -> Array:
    """``C_b / phi_b``: the mean square of the student's weights in the directions of a block."""
    square: Array = C / spectrum.arrays[1]
    return square


def starting_overlap(spectrum: Spectrum, r0: float) -> float:
    """The overlap of the fields at the start (`block_start`)."""
    values, fractions, powers = spectrum.arrays
    return float(r0 * (values @ (fractions * powers) ** 0.5) / math.sqrt(spectrum.mean))


def spectrum_of_result(problem: Problem) -> dict[str, object]:
    """What a result says of the inputs in its JSON form; nothing of isotropic ones."""
    spectrum = problem.spectrum_
    if spectrum is None:
        return {}
    numbers = {
        "eigenvalues": list(spectrum.eigenvalues),
        "fractions": list(spectrum.fractions),
        "powers": list(spectrum.powers),
    }
    return {"spectrum": numbers}


def by_block(blocks: Mapping[str, Array]) -> dict[str, Array]:
    """Columns ``A_0, A_1, ..., C_0, ...`` of arrays of shape (times, blocks)."""
    return {
        f"{name}_{b}": values[..., b]
        for name, values in blocks.items()
        for b in range(values.shape[-1])
    }
