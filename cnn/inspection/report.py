"""What `inspect` found: a table by layer, the gaps by batch size, and what may be asked of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, NamedTuple

import numpy as np

from ...results.base import Result
from ...results.html_table import Table, html_table
from ...results.text_table import text_table
from .joint import Joint
from .measuring import TOGETHER, Gaps
from .prediction import Estimate
from .what_if import WhatIf, answer, in_range

SIZES = (8, 16, 32, 64, 128)
#: Columns of the table by layer that `str` shows.
SHOWN = ("layer", "fed_by", "gamma_squared", "weight_norm", "effective_norm", "kurtosis",
         "zeta_from_mean", "zeta_from_spread", "predicted_gap", "effective_rate", "rotation",
         "rotation_equilibrium", "steps_to_equilibrium", "mean_shift",
         "variance_ratio")  # fmt: skip


class Losses(NamedTuple):
    """Mean losses over the batches seen, and the gap between two of them.

    Attributes
    ----------
    batch, population, running
        With each batch's own statistics, those of all batches together, and the running ones.
    gap, gap_sem
        ``batch - population`` and its standard error over batches of the size in use. With k
        batches the population has each batch as a k-th part of itself; the gap is divided by
        ``1 - 1/k``, as a variance would be.
    """

    batch: float
    population: float
    running: float
    gap: float | None
    gap_sem: float | None

    @classmethod
    def of(
        cls, sizes: Sequence[int], batch: list[float], population: list[float], running: list[float]
    ) -> Losses:
        """From each batch's."""
        a, b, c = (float(np.average(part, weights=sizes)) for part in (batch, population, running))
        whole = np.array(sizes) == sizes[0]
        gaps = (np.array(batch) - np.array(population))[whole]
        if len(gaps) < 2:
            return cls(a, b, c, None, None)
        gaps = gaps / (1 - 1 / len(gaps))
        return cls(a, b, c, float(gaps.mean()), float(gaps.std(ddof=1) / len(gaps) ** 0.5))


@dataclass(frozen=True)
class Inspection(Result):
    """A network's batch normalisations, layer by layer.

    Attributes
    ----------
    rows
        One a layer, in the order in which they are passed; None is what has no value there.
    batch_size, images
        Of the batches in use, and seen in all.
    losses
        With the three kinds of statistics, and the gap of all layers at the batch size in use.
    estimates
        Each layer's predicted gap at M = 1, by source.
    joint
        The predicted gap of all layers together, at the batch size in use.
    measured
        Gaps measured by forward passes, by batch size and layer, as (gap, standard error).
    notes
        What was left out.
    answers
        Of `what_if`, to be kept with the rest.
    """

    _drawn_by: ClassVar[str] = "inspection.draw_inspection"

    rows: Sequence[dict[str, Any]]
    batch_size: int
    images: int
    losses: Losses
    estimates: Mapping[str, Estimate]
    joint: Joint | None
    measured: Gaps
    notes: tuple[str, ...]
    answers: tuple[WhatIf, ...] = ()

    def columns(self) -> dict[str, list[Any]]:
        """One row a layer."""
        return {name: [row[name] for row in self.rows] for name in self.rows[0]}

    def gaps(self) -> dict[str, list[Any]]:
        """Predicted (and measured) loss gap by layer and batch size, and of all layers.

        ``low, high`` is the range of `bntheory.cnn.inspection.what_if`; ``gap`` is None where
        nothing was measured.
        """
        sizes = sorted({*SIZES, self.batch_size, *self.measured})
        rows = []
        for name in [*self.estimates, TOGETHER]:
            for size in sizes:
                expected = in_range(self, name, size)
                gap, sem = self.measured.get(size, {}).get(name, (None, None))
                rows.append({"layer": name, "batch_size": size, "predicted_gap": expected.value,
                             "low": expected.low, "high": expected.high, "gap": gap,
                             "gap_sem": sem})  # fmt: skip
        return {name: [row[name] for row in rows] for name in rows[0]}

    def what_if(
        self, *, batch_size: int | None = None, ghost: int | None = None, frozen: bool = False
    ) -> WhatIf:
        """What would be, to first order in 1/M, with another batch, or without batch statistics.

        Parameters
        ----------
        batch_size
            Images that share statistics.
        ghost
            Batches as large as now, but in groups of so many that share statistics.
        frozen
            Statistics frozen, or weight normalisation in place of BN: the gamma decay, layer by
            layer, whose gradient ``zeta gamma`` stands for the batch's noise.

        Returns
        -------
        WhatIf
            Estimates by layer with their ranges; ``str`` says how they come about.

        Raises
        ------
        InputError
            Unless exactly one of them is given, or for a ``ghost`` that does not divide the batch.
        """
        return answer(self, batch_size, ghost, frozen)

    def to_dict(self) -> dict[str, Any]:
        """The JSON form."""
        gaps = self.gaps()
        return {
            "batch_size": self.batch_size,
            "images": self.images,
            "losses": self.losses._asdict(),
            "layers": list(self.rows),
            "gaps": [dict(zip(gaps, row, strict=True)) for row in zip(*gaps.values(), strict=True)],
            "notes": list(self.notes),
            "what_if": [one.to_dict() for one in self.answers],
        }

    def summary(self) -> str:
        """Losses and the gap in use, in a line; then the remarks."""
        known = self.losses
        text = f"M = {self.batch_size}, {self.images} images: loss {known.batch:.4g} by batch, "
        text += f"{known.population:.4g} by population, {known.running:.4g} by running statistics"
        if known.gap is not None:
            text += f"; gap {known.gap:.2g} ± {known.gap_sem:.1g} (standard error)"
        if self.joint is not None:
            text += f", predicted {self.joint.gap:.2g} ± {self.joint.gap_sem:.1g}"
        return "\n".join([text, *self.notes])

    def shown(self) -> dict[str, list[Any]]:
        """The columns that are printed; what no layer has is left out."""
        columns = self.columns()
        kept = [name for name in SHOWN if any(value is not None for value in columns[name])]
        return {name: columns[name] for name in kept}

    def __str__(self) -> str:
        lines = [*text_table(self.shown(), 3), "", self.summary()]
        if self.measured:
            gaps = self.gaps()
            kept = [k for k, gap in enumerate(gaps["gap"]) if gap is not None]
            gaps = {name: [values[k] for k in kept] for name, values in gaps.items()}
            lines += ["", *text_table(gaps, 3)]
        return "\n".join([*lines, *(f"\n{answer}" for answer in self.answers)])

    def _repr_html_(self) -> str:
        return html_table(Table(self.summary(), self.shown(), 200)) + html_table(
            Table("Loss gap by batch size, and its range.", self.gaps(), 25)
        )
