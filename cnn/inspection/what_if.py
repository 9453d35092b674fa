"""What would be with another batch size, with ghost batches, or with frozen statistics.

All of it is first order in 1/M: a gap and a gamma decay that are there at M are there M/M' times at
M'. The range of a gap has two parts: two standard errors, and the next order in 1/M, of which only
its size in networks that were measured is known (`NEXT_ORDER`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

from ...results.checks import integer
from ...results.errors import InputError
from ...results.tabular import Tabular
from ...results.text_table import text_table
from .measuring import TOGETHER

if TYPE_CHECKING:
    from .prediction import Estimate
    from .report import Inspection

#: By how much a gap may be smaller or larger for the next order: so many M-th parts of itself. The
#: networks of docs/howto/inspect-network.md and docs/cnn.md have up to 30 upwards.
NEXT_ORDER = (8.0, 32.0)
STANDARD_ERRORS = 2


class Expected(NamedTuple):
    """An estimate and its range."""

    value: float
    low: float
    high: float


def in_range(found: Inspection, name: str, size: int) -> Expected:
    """The gap at a batch size, of a layer or of all, to first order in 1/M.

    All layers together have the joint estimate at the batch size in use; of a single batch there is
    none, and the sum over layers takes its place, which is too large as a rule.
    """
    if name == TOGETHER and found.joint is not None:
        gap, sem = (found.batch_size / size * value for value in found.joint)
    else:
        of = total(found.estimates) if name == TOGETHER else found.estimates[name]
        gap, sem = of.gap / size, of.gap_sem / size
    return with_range(gap, sem, size)


def with_range(value: float, sem: float, size: int) -> Expected:
    """Two standard errors, and the next order at M = size."""
    fewer, more = (share / size * abs(value) for share in NEXT_ORDER)
    if value < 0:
        fewer, more = more, fewer
    return Expected(
        value, value - STANDARD_ERRORS * sem - fewer, value + STANDARD_ERRORS * sem + more
    )


RANGE = (
    f"Range: {STANDARD_ERRORS} standard errors, and for the next order "
    f"{NEXT_ORDER[0]:g}/M of the estimate downwards and {NEXT_ORDER[1]:g}/M upwards"
)


def total(estimates: Any) -> Estimate:
    """The sum over layers."""
    first, *rest = estimates.values()
    for one in rest:
        first = first + one
    summed: Estimate = first
    return summed


@dataclass(frozen=True)
class WhatIf(Tabular):
    """Estimates by layer, with ranges.

    Attributes
    ----------
    rows
        One a layer: of gaps ``gap_now, gap_then, low, high`` (the last row is all layers together)
        and the layer's ``zeta_then``; of frozen statistics ``zeta, low, high``.
    said
        What it is an estimate of, and how far it can be trusted.
    """

    rows: Sequence[dict[str, Any]]
    said: str

    def columns(self) -> dict[str, list[Any]]:
        """One row a layer."""
        return {name: [row[name] for row in self.rows] for name in self.rows[0]}

    def to_dict(self) -> dict[str, Any]:
        """The JSON form."""
        return {"said": self.said, "layers": list(self.rows)}

    def __str__(self) -> str:
        return "\n".join([*text_table(self.columns(), 3), "", self.said])


def answer(found: Inspection, batch_size: int | None, ghost: int | None, frozen: bool) -> WhatIf:
    """See `bntheory.cnn.inspection.report.Inspection.what_if`."""
    if (batch_size is not None) + (ghost is not None) + bool(frozen) != 1:
        given = {"batch_size": batch_size, "ghost": ghost, "frozen": frozen}
        raise InputError("what_if", given, "one of batch_size, ghost and frozen=True is accepted")
    if frozen:
        return _frozen(found)
    if batch_size is not None:
        return _resized(found, integer("batch_size", batch_size, 2), "batches")
    groups = integer("ghost", ghost, 2)
    if found.batch_size % groups:
        raise InputError("ghost", ghost, f"a divisor of the {found.batch_size} images of a batch")
    return _resized(found, groups, f"batches of {found.batch_size} in groups")


def _resized(found: Inspection, size: int, what: str) -> WhatIf:
    rows: list[dict[str, Any]] = []
    zeta = {row["layer"]: row["zeta"] for row in found.rows}
    for name in [*found.estimates, TOGETHER]:
        then = in_range(found, name, size)
        now = zeta.get(name)
        rows.append({
            "layer": name,
            "gap_now": in_range(found, name, found.batch_size).value,
            "gap_then": then.value, "low": then.low, "high": then.high,
            "zeta_then": None if now is None else now * found.batch_size / size,
        })  # fmt: skip
    said = (
        f"Loss gap of statistics of {size} images ({what}), now of {found.batch_size}, to first "
        f"order in 1/M, at the weights as they are: training on would change them. {RANGE}."
    )
    return WhatIf(rows, said)


def _frozen(found: Inspection) -> WhatIf:
    rows: list[dict[str, Any]] = []
    for row in found.rows:
        own: dict[str, float | None] = {"zeta": None, "low": None, "high": None}
        if row["zeta"] is not None:
            zeta, low, high = with_range(row["zeta"], row["zeta_sem"], found.batch_size)
            own = {"zeta": zeta, "low": max(0.0, low), "high": high}
        rows.append({"layer": row["layer"], **own})
    said = (
        "Gamma decay (`weight_decay` of gamma in SGD) that stands for the noise of batches of "
        f"{found.batch_size}, which frozen statistics or weight normalisation do without. {RANGE}. "
        "It holds at the weights as they are; in networks that were trained with such a decay it "
        "made up for a part of the difference only (docs, convolutional networks)."
    )
    return WhatIf(rows, said)
