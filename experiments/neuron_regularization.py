"""Zeta of every neuron of a recorded layer, from the kurtosis of its pre-activations."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from ..results.checks import integer
from ..results.files import dataset
from ..results.style import Width, in_house_style
from ..teacher_student.field_data import kurtosis as estimate_kurtosis
from ..teacher_student.problem import Problem
from ..teacher_student.regularization import zeta_sources

if TYPE_CHECKING:
    import xarray
    from matplotlib.figure import Figure

Array = np.ndarray
Progress = Callable[[int, int], None]


@dataclass(frozen=True)
class NeuronRegularization:
    """The regularisation of every neuron of a recorded layer.

    Attributes
    ----------
    activation, batch_size
        What it was computed for.
    rows
        Examples in the file.
    kurtosis, kurtosis_sem
        Excess kurtosis of each column, with bootstrap standard errors, shape (neurons,); NaN
        (null in JSON) for a column that never changes.
    zeta, zeta_sem, from_spread
        Gamma decay and its part from ``sigma_B``, shape (neurons,).
    from_mean
        The part of zeta from ``mu_B``, the same for all.
    """

    activation: str
    batch_size: int
    rows: int
    kurtosis: Array
    kurtosis_sem: Array
    zeta: Array
    zeta_sem: Array
    from_spread: Array
    from_mean: float

    def to_dict(self) -> dict[str, Any]:
        """The JSON form."""
        return {"neurons": len(self.zeta), **vars(self)}

    def columns(self) -> dict[str, Array]:
        """The CSV form: a row a neuron."""
        names = ("kurtosis", "kurtosis_sem", "zeta", "zeta_sem")
        return {"neuron": np.arange(len(self.zeta)), **{n: getattr(self, n) for n in names}}

    def to_dataset(self) -> xarray.Dataset:
        """All columns, with the dimension ``neuron``."""
        columns = self.columns()
        neuron = columns.pop("neuron")
        attributes = {"activation": self.activation, "batch_size": self.batch_size}
        return dataset({n: (("neuron",), v) for n, v in columns.items()}, {"neuron": neuron},
                       attributes)  # fmt: skip

    @in_house_style
    def plot(self, width: Width = "two") -> Figure:
        """Zeta of every neuron, sorted, with standard errors.

        The picture is ``"one"`` or ``"two"`` columns of a journal wide.
        """
        from matplotlib.ticker import MaxNLocator

        from ..results.pictures import (
            LABELS,
            THEORY,
            draw_points,
            entitle,
            new_figure,
            shared_legend,
        )

        figure = new_figure(width=width, height=3.2)
        axes, order = figure.axes[0], np.argsort(self.zeta)
        place = np.arange(len(order))
        named = "neurons ± 2 standard errors"
        draw_points(axes, place, self.zeta[order], self.zeta_sem[order], named)
        gaussian = sum(zeta_sources(self.activation, self.batch_size))
        axes.axhline(gaussian, color=THEORY, linestyle="-", label="theory, Gaussian fields")
        axes.xaxis.set_major_locator(MaxNLocator(integer=True))
        axes.set(xlabel=r"neuron, in the order of $\zeta$", ylabel=LABELS["zeta"])
        shared_legend(figure)
        entitle(figure, f"{self.activation}, $M$ = {self.batch_size}, {self.rows} examples")
        return figure


def neuron_regularization(
    problem: Problem, data: str | Path, *, seed: int = 0, progress: Progress | None = None
) -> NeuronRegularization:
    """Zeta of each neuron of a recorded layer, from the kurtosis of its pre-activations.

    Parameters
    ----------
    problem
        Its activation and batch size are what matters.
    data
        A ``.npy`` or ``.csv`` file, one column a neuron; read in pieces, so that it may be
        larger than memory.
    seed
        Seed of the bootstrap.
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
    found = estimate_kurtosis(data, integer("seed", seed, 0), progress)
    from_mean, at_zero = zeta_sources(problem.activation, problem.M)
    by_kurtosis = at_zero / 2  # the spread's part is proportional to kurtosis + 2
    from_spread = by_kurtosis * (found.value + 2)
    return NeuronRegularization(
        problem.activation,
        problem.M,
        found.rows,
        found.value,
        found.sem,
        from_mean + from_spread,
        by_kurtosis * found.sem,
        from_spread,
        from_mean,
    )
