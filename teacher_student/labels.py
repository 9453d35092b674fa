"""Labels: what an example shows of the teacher's field v, and how noisy it is."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache

from ..codegen.formula import FormulaError

TEACHER, SIGN, BERNOULLI = "teacher", "sign", "bernoulli"
LABEL_NAMES = (TEACHER, SIGN, "bernoulli:K")
GAUSSIAN, STUDENT = "gaussian", "student-t"
NOISE_LAWS = (GAUSSIAN, "student-t:NU")
#: Sharpness of Bernoulli labels; degrees of freedom of Student's t.
SHARPNESS, DEGREES = (1e-3, 1e3), (0.5, 1e4)


@dataclass(frozen=True)
class Labels:
    """How labels follow from the teacher's field.

    Attributes
    ----------
    kind
        ``teacher``: its output ``g(v)`` plus noise. ``sign``: the sign of v, -1 or 1.
        ``bernoulli``: 1 with probability ``1/(1 + exp(-K v))``, else -1.
    sharpness
        K of Bernoulli labels; else 0.

    Examples
    --------
    >>> Labels.named("bernoulli:2")
    Labels(kind='bernoulli', sharpness=2.0)
    """

    kind: str
    sharpness: float = 0.0

    @staticmethod
    @lru_cache(maxsize=256)
    def named(labels: str) -> Labels:
        """The labels of a name.

        Raises
        ------
        FormulaError
            If it is none.
        """
        if labels in (TEACHER, SIGN):
            return Labels(labels)
        return Labels(BERNOULLI, _number_of(labels, BERNOULLI, SHARPNESS, LABEL_NAMES))

    @property
    def classes(self) -> bool:
        """Whether a label is one of two classes, -1 and 1."""
        return self.kind != TEACHER


@dataclass(frozen=True)
class NoiseLaw:
    """The law of the label noise, times the root of its parameter S.

    Attributes
    ----------
    degrees
        Of freedom, of Student's t; infinite for a Gaussian.

    Examples
    --------
    >>> NoiseLaw.named("student-t:1"), NoiseLaw.named("gaussian")
    (NoiseLaw(degrees=1.0), NoiseLaw(degrees=inf))
    """

    degrees: float = math.inf

    @staticmethod
    @lru_cache(maxsize=256)
    def named(law: str) -> NoiseLaw:
        """The law of a name.

        Raises
        ------
        FormulaError
            If it is none.
        """
        if law == GAUSSIAN:
            return NoiseLaw()
        return NoiseLaw(_number_of(law, STUDENT, DEGREES, NOISE_LAWS))

    @property
    def gaussian(self) -> bool:
        """Whether it is Gaussian."""
        return math.isinf(self.degrees)


def _number_of(text: str, kind: str, bounds: tuple[float, float], names: tuple[str, ...]) -> float:
    given, _, number = text.partition(":")
    try:
        if given == kind and bounds[0] <= float(number) <= bounds[1]:
            return float(number)
    except ValueError:
        pass
    accepted = f"{', '.join(names)} with a number from {bounds[0]:g} to {bounds[1]:g} is accepted"
    raise FormulaError(f"{text!r}: {accepted}")
