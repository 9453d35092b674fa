"""What a table of batch moments is asked for, as a flow's generated source carries it."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True)
class TableSpec:
    """Which moments of which field and activation; everything but the numbers M and range.

    Attributes
    ----------
    activation
        Its formula.
    slopes
        Slopes on the left and right of 0 of a homogeneous activation, else empty.
    x0, x1
        The random part of the field, ``x0 + x1 uhat``, as Laurent polynomials: rows
        ``coefficient, power of ubar, power of s``.
    shifted
        Whether the field has a shift.
    singular
        Whether moments may be infinite at q = 0, where nothing cuts off ``ubar / s``; the axis
        is then log q, from `SMALLEST_SCALE` on.
    singles, pairs
        Exponents, as `batch_moments.BatchMoment` and `batch_moments.PairMoment`.
    """

    activation: str
    slopes: tuple[float, ...]
    x0: tuple[tuple[float, int, int], ...]
    x1: tuple[tuple[float, int, int], ...]
    shifted: bool
    singular: bool
    singles: tuple[tuple[int, ...], ...]
    pairs: tuple[tuple[int, ...], ...]

    def to_json(self) -> str:
        """The inverse of `from_json`."""
        return json.dumps(asdict(self))

    @classmethod
    def from_json(cls, text: str) -> TableSpec:
        """A spec as a flow's generated source carries it."""
        return cls(**{key: _tuples(value) for key, value in json.loads(text).items()})


def _tuples(value: Any) -> Any:
    return tuple(map(_tuples, value)) if isinstance(value, list) else value
