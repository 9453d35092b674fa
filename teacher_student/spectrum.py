"""`Spectrum`: inputs whose covariance has blocks of eigenvalues, and the teacher's power in each.

``x ~ N(0, Lambda/N)``: block b has the eigenvalue ``lambda_b`` on a fraction ``phi_b`` of the
directions. ``T_b = w*.w*/N`` in the block is the teacher's power, in units such that its field
has variance 1: ``sum_b lambda_b T_b = 1`` (theory page 11).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property, lru_cache
from itertools import pairwise
from typing import TYPE_CHECKING

from ..results.errors import InputError

if TYPE_CHECKING:
    import numpy as np

    Array = np.ndarray
#: What is accepted, for errors and help.
ACCEPTED = (
    "1, EIGENVALUE:FRACTION:POWER,..., power:ALPHA[:BLOCKS][:TEACHER], two:RATIO[:TEACHER] or "
    "FILE.npy[:BLOCKS][:TEACHER] is accepted"
)
#: The spectrum of isotropic inputs.
ISOTROPIC = "1"
#: Where a teacher's power is: in every direction the same (``equal``), more where eigenvalues are
#: large (``head``), or the same field in every direction (``tail``): ``T_b ~ phi_b lambda_b^k``.
TEACHERS = {"equal": 0.0, "head": 1.0, "tail": -1.0}
#: Most blocks, and how far from 1 fractions may sum up.
MOST_BLOCKS, SLACK = 1024, 1e-6


@dataclass(frozen=True)
class Spectrum:
    """Blocks of eigenvalues; all numbers a block.

    Attributes
    ----------
    eigenvalues
        ``lambda_b``, positive.
    fractions
        ``phi_b``, positive, of sum 1.
    powers
        ``T_b``, of ``sum_b lambda_b T_b = 1``.
    teacher
        k, where powers are ``T_b ~ phi_b lambda_b^k`` by a name of `TEACHERS`; None of others.

    Examples
    --------
    >>> two = Spectrum.named("3:0.25:1,1:0.75:1")
    >>> two.eigenvalues, two.fractions, two.powers
    ((3.0, 1.0), (0.25, 0.75), (0.25, 0.25))
    >>> two.mean, two.condition
    (1.5, 3.0)
    """

    eigenvalues: tuple[float, ...]
    fractions: tuple[float, ...]
    powers: tuple[float, ...]
    teacher: float | None = None

    @staticmethod
    def named(text: str, condition: float | None = None) -> Spectrum:
        """The spectrum of a text that `canonical` returned.

        Parameters
        ----------
        text
            As a problem keeps it.
        condition
            Condition number that eigenvalues are stretched to (`stretched`); None leaves them.

        Raises
        ------
        InputError
            Naming what is wrong with it, and what is accepted.
        """
        return _named(text, condition)

    @property
    def blocks(self) -> int:
        """P, how many blocks there are."""
        return len(self.eigenvalues)

    @property
    def mean(self) -> float:
        """The mean eigenvalue, ``sum_b phi_b lambda_b``: the inputs' squared length."""
        return math.fsum(x * phi for x, phi in zip(self.eigenvalues, self.fractions, strict=True))

    @property
    def condition(self) -> float:
        """The largest eigenvalue in units of the smallest."""
        return max(self.eigenvalues) / min(self.eigenvalues)

    @cached_property
    def arrays(self) -> tuple[Array, Array, Array]:
        """Eigenvalues, fractions and powers."""
        import numpy as np

        return tuple(map(np.array, (self.eigenvalues, self.fractions, self.powers)))  # type: ignore[return-value]

    def sizes(self, dim: int) -> tuple[int, ...]:
        """How many of ``dim`` directions every block has: rounded fractions of sum ``dim``.

        Raises
        ------
        InputError
            If a block would have fewer than 3, which the reduced chain needs.
        """
        edges, total = [0], 0.0
        for phi in self.fractions:
            total += phi
            edges.append(round(total * dim))
        found = tuple(last - first for first, last in pairwise(edges))
        if min(found) < LEAST_DIRECTIONS:
            fewest = min(self.fractions)
            raise InputError(
                "dim", dim, f"every block of the spectrum needs {LEAST_DIRECTIONS} directions or "
                f"more: at least {math.ceil((LEAST_DIRECTIONS + 1) / fewest)} is accepted"
            )  # fmt: skip
        return found

    def stretched(self, condition: float) -> Spectrum:
        """The same blocks with eigenvalues' logarithms stretched to a condition number.

        The mean eigenvalue stays. So do powers, up to a common factor, unless they follow the
        eigenvalues by a rule, which stays then.

        Raises
        ------
        InputError
            For eigenvalues that are all the same.

        Examples
        --------
        >>> Spectrum.named("3:0.5:1,1:0.5:1").stretched(9.0).condition
        9.0
        """
        now = math.log(self.condition)
        if now == 0.0:
            raise InputError("condition", condition, "accepted with eigenvalues that differ")
        power = math.log(condition) / now
        values = [x**power for x in self.eigenvalues]
        mean = math.fsum(x * phi for x, phi in zip(values, self.fractions, strict=True))
        scaled = [x * self.mean / mean for x in values]
        powers: list[float] | tuple[float, ...] = self.powers
        if self.teacher is not None:
            powers = [phi * x**self.teacher for x, phi in zip(scaled, self.fractions, strict=True)]
        return spectrum_of(scaled, self.fractions, powers, teacher=self.teacher)


#: A block's directions beside teacher and student, of which one at least is left.
LEAST_DIRECTIONS = 3


def spectrum_of(
    eigenvalues: list[float] | tuple[float, ...],
    fractions: list[float] | tuple[float, ...],
    powers: list[float] | tuple[float, ...],
    shown: object = None,
    teacher: float | None = None,
) -> Spectrum:
    """Check blocks, and bring fractions and powers to their norms.

    Parameters
    ----------
    eigenvalues, fractions, powers
        A number a block.
    shown
        What an error shows as the value that was given.
    teacher
        As `Spectrum` has it.

    Raises
    ------
    InputError
        For eigenvalues that are not positive, fractions that do not sum to 1, and powers that
        are negative or all zero.
    """
    shown = shown if shown is not None else list(zip(eigenvalues, fractions, powers, strict=True))

    def refuse(reason: str) -> InputError:
        return InputError("spectrum", shown, reason)

    if not 1 <= len(eigenvalues) <= MOST_BLOCKS:
        raise refuse(f"1 to {MOST_BLOCKS} blocks are accepted")
    if not all(0.0 < x < math.inf for x in eigenvalues):
        raise refuse("an eigenvalue is not above 0; finite eigenvalues above 0 are accepted")
    total = math.fsum(fractions)
    if not (all(phi > 0.0 for phi in fractions) and abs(total - 1.0) < SLACK):
        reason = f"the fractions sum to {total:.7g}; fractions above 0 of sum 1 are accepted"
        raise refuse(reason)
    if not all(0.0 <= power < math.inf for power in powers):
        raise refuse("a power is negative or infinite; powers from 0 on are accepted")
    field = math.fsum(x * power for x, power in zip(eigenvalues, powers, strict=True))
    if not 0.0 < field < math.inf:
        raise refuse("the teacher has no power in any block; one above 0 at least is accepted")
    return Spectrum(
        tuple(map(float, eigenvalues)),
        tuple(float(phi / total) for phi in fractions),
        tuple(float(power / field) for power in powers),
        teacher,
    )


@lru_cache(maxsize=256)
def _named(text: str, condition: float | None) -> Spectrum:
    from .spectrum_formats import read_spectrum

    made = read_spectrum(text)
    return made if condition is None else made.stretched(condition)
