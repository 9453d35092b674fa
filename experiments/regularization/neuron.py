"""Zeta of every neuron of a recorded layer, from the moments of its pre-activations."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

import numpy as np

from ...results.base import Result
from ...teacher_student.problem import Problem
from ...teacher_student.regularization import zeta_sources
from .field_moments import field_moments

Array = np.ndarray
Progress = Callable[[int, int], None]
DEPENDENT = (
    "rows depend on each other over more than a thirtieth of the file: standard errors are too "
    "small, a longer record is needed"
)


@dataclass(frozen=True)
class NeuronRegularization(Result):
    """The regularisation of every neuron of a recorded layer.

    Attributes
    ----------
    activation, batch_size
        What it was computed for; the batch is one that shares its statistics.
    rows
        Examples in the file.
    kurtosis, kurtosis_sem
        Excess kurtosis of each column and its standard error, shape (neurons,); NaN (null in
        JSON) for a column that never changes.
    skewness, skewness_sem
        The same of the skewness.
    zeta, zeta_sem
        Gamma decay from the recorded moments
        (`experiments.regularization.field_moments`), shape (neurons,).
    from_mean, from_spread, from_both
        Its parts from ``mu_B``, from ``sigma_B``, and from the two moving together.
    zeta_gaussian
        What a Gaussian field would have.
    fisher_information
        ``E[g'(u)^2 u^2]`` of every neuron's field.
    block_length
        Rows of the blocks that standard errors are taken from: neighbours may depend on each
        other.
    message
        What to know about the standard errors; empty if nothing.
    """

    _drawn_by: ClassVar[str] = "regularization.draw_neurons"
    _dimension: ClassVar[str] = "neuron"

    activation: str
    batch_size: int
    rows: int
    kurtosis: Array
    kurtosis_sem: Array
    skewness: Array
    skewness_sem: Array
    zeta: Array
    zeta_sem: Array
    from_mean: Array
    from_spread: Array
    from_both: Array
    zeta_gaussian: float
    fisher_information: Array
    block_length: int
    message: str

    def to_dict(self) -> dict[str, Any]:
        """The JSON form."""
        return {"neurons": len(self.zeta), **vars(self)}

    def columns(self) -> dict[str, Array]:
        """The CSV form: a row a neuron."""
        names = ("kurtosis", "kurtosis_sem", "skewness", "skewness_sem", "zeta", "zeta_sem",
                 "from_mean", "from_spread", "from_both", "fisher_information")  # fmt: skip
        return {"neuron": np.arange(len(self.zeta)), **{n: getattr(self, n) for n in names}}

    def _attributes(self) -> dict[str, Any]:
        return {"activation": self.activation, "batch_size": self.batch_size}


def neuron_regularization(
    problem: Problem, data: str | Path, *, progress: Progress | None = None
) -> NeuronRegularization:
    """Zeta of each neuron of a recorded layer, from the moments of its pre-activations.

    Parameters
    ----------
    problem
        Its activation and batch size are what matters.
    data
        A ``.npy`` or ``.csv`` file, one column a neuron; read in pieces, so that it may be
        larger than memory. Rows that belong together (positions of an image, steps of a
        sequence) are to follow each other: standard errors are those of contiguous blocks.
    progress
        Called with (rows read, rows in all, or 0 where unknown).

    Returns
    -------
    NeuronRegularization

    Raises
    ------
    ValueError
        Naming the file and what is accepted.

    Examples
    --------
    >>> import tempfile, numpy as np, bntheory as bn
    >>> fields = np.random.default_rng(0).uniform(size=(1000, 3))
    >>> with tempfile.NamedTemporaryFile(suffix=".npy") as file:
    ...     np.save(file.name, fields)
    ...     layer = bn.neuron_regularization(bn.Problem(batch_size=32), file.name)
    >>> layer.zeta.shape
    (3,)
    """
    found = field_moments(data, problem.formula("activation"), progress)
    twice = 2 * problem.m
    parts = (found.slopes[0], found.slopes[2] * (found.kurtosis + 2) / 4,
             found.slopes[1] * found.skewness)  # fmt: skip
    from_mean, from_spread, from_both = (part / twice for part in parts)
    return NeuronRegularization(
        activation=problem.formula("activation"),
        batch_size=problem.m,
        rows=found.rows,
        kurtosis=found.kurtosis,
        kurtosis_sem=found.kurtosis_sem,
        skewness=found.skewness,
        skewness_sem=found.skewness_sem,
        zeta=from_mean + from_spread + from_both,
        zeta_sem=found.part_sem / twice,
        from_mean=from_mean,
        from_spread=from_spread,
        from_both=from_both,
        zeta_gaussian=sum(zeta_sources(problem.formula("activation"), problem.m)),
        fisher_information=found.slopes[2],
        block_length=found.block_length,
        message="" if found.resolved else DEPENDENT,
    )
