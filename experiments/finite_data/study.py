"""Theory and simulation of the generalisation error, side by side (paper, section 4).

The closed forms of ``finite_load/`` and the training-set simulator of ``teacher_student/`` share
no formula; they meet here.
"""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ...finite_load.curve import Generalization
from ...finite_load.student import checked_loads, choice
from ...results.base import Result
from ...results.checks import integer
from ...results.files import dataset, package_version
from ...store.access import writing
from ...store.blocks import Layout, Memory, Table
from ...store.engines import fill_in_order
from ...store.store import Store
from .training_work import KEPT, METHODS, Progress, Settings, TrainingWork

if TYPE_CHECKING:
    import xarray


@dataclass(frozen=True)
class Simulated:
    """Simulated errors at some loads.

    Attributes
    ----------
    settings
        How they were made.
    alpha, mean, sem, m, q : ndarray, shape (loads,)
        Loads, mean error over the runs and its standard error (NaN for one run), and the mean
        order parameters.
    used, converged : ndarray of int
        Runs that did not diverge, and runs that converged.
    """

    settings: Settings
    alpha: NDArray[np.float64]
    mean: NDArray[np.float64]
    sem: NDArray[np.float64]
    m: NDArray[np.float64]
    q: NDArray[np.float64]
    used: NDArray[np.int64]
    converged: NDArray[np.int64]

    @property
    def settled(self) -> NDArray[np.bool_]:
        """Where at least half of the runs converged."""
        return 2 * self.converged >= self.settings.runs


@dataclass(frozen=True)
class GeneralizationStudy(Result):
    """A theory curve and, if asked for, simulated points."""

    _drawn_by: ClassVar[str] = "loads.draw_study"

    theory: Generalization
    simulated: Simulated | None = None

    @property
    def z(self) -> NDArray[np.float64]:
        """``(simulated - theory) / sem`` at the loads both have; NaN where that does not exist."""
        if self.simulated is None:
            return np.zeros(0)
        at = [np.flatnonzero(self.theory.alpha == load) for load in self.simulated.alpha]
        theory = np.array([self.theory.error[k[0]] if k.size else math.nan for k in at])
        with np.errstate(invalid="ignore"):
            z = (self.simulated.mean - theory) / self.simulated.sem
        return np.where(np.isfinite(z), z, math.nan)

    def to_dict(self) -> dict[str, Any]:
        """The JSON form."""
        table = self.theory.to_dict()
        if self.simulated is not None:
            points = self.simulated
            table |= {"simulated": points.mean, "simulated_sem": points.sem}
            table |= {"simulated_alpha": points.alpha, "z": self.z}
            table |= {"simulated_runs": points.used, "simulated_converged": points.converged}
            table |= {"simulation": asdict(points.settings)}
        return table

    def columns(self) -> dict[str, Any]:
        """The CSV form: one row a load; simulated columns where the loads are the same."""
        table = self.theory.columns()
        points = self.simulated
        if points is not None and np.array_equal(points.alpha, self.theory.alpha):
            table |= {"simulated": points.mean, "simulated_sem": points.sem, "z": self.z}
            table |= {"simulated_converged": points.converged}
        return table

    def to_dataset(self) -> xarray.Dataset:
        """Theory with the dimension ``alpha``, simulation with ``simulated_alpha``."""
        made = self.theory.to_dataset()
        if self.simulated is None:
            return made
        points = self.simulated
        values: dict[str, Any] = {"simulated": points.mean, "simulated_sem": points.sem}
        values |= {"z": self.z, "simulated_m": points.m, "simulated_q": points.q}
        values |= {"simulated_converged": points.converged}
        made_by = asdict(points.settings).items()
        return dataset(
            {name: (("simulated_alpha",), numbers) for name, numbers in values.items()},
            {"simulated_alpha": points.alpha},
            {**made.attrs, **{f"simulation_{name}": value for name, value in made_by}},
        ).merge(made)


def study(
    theory: Generalization,
    alpha: ArrayLike | None = None,
    settings: Settings | None = None,
    *,
    store: str | Path | None = None,
    mode: str = "resume",
    progress: Progress | None = None,
) -> GeneralizationStudy:
    """Simulate what a theory curve describes.

    Parameters
    ----------
    theory
        The curve; its scheme, decay and noise are trained.
    alpha
        Loads to simulate; default those of the curve.
    settings
        Size and length of the simulation.
    store
        Folder in which finished loads are kept (docs/sweeps.md).
    mode
        ``resume``, ``extend`` or ``new``, as for `bntheory.sweep`.
    progress
        Called with (loads done, loads in all).

    Returns
    -------
    GeneralizationStudy

    Raises
    ------
    ValueError
        Naming the parameter, its value and what is accepted.

    Examples
    --------
    >>> from bntheory.finite_load.curve import generalization
    >>> curve = generalization("identity", [2.0, 4.0], zeta=0.25)
    >>> study(curve, settings=Settings(dim=50, runs=2, method="full-batch")).z.shape
    (2,)
    """
    settings = settings or Settings()
    choice("method", settings.method, METHODS)
    integer("runs", settings.runs, 1)
    loads = theory.alpha if alpha is None else checked_loads(alpha)
    work = TrainingWork(theory, settings)
    about = {"problem": theory.problem.to_dict(), "zeta": theory.zeta, **asdict(settings)}
    about |= {"decay_per": theory.decay_per, "versions": {"bntheory": package_version()}}
    layout = Layout({"alpha": loads}, KEPT, (1,), about, {"problem": theory.problem.to_json()})
    table: Memory | Store
    if store is None:
        table = Memory(layout)
        fill_in_order(table, work, progress)
    else:
        with writing(store, layout, mode) as table:
            fill_in_order(table, work, progress)
    return GeneralizationStudy(theory, _collect(settings, loads, table))


def _collect(settings: Settings, loads: NDArray[np.float64], table: Table) -> Simulated:
    """The asked loads of a table, which may hold more."""
    made = table.dataset().sel(alpha=loads)

    def column(name: str) -> NDArray[np.float64]:
        return np.asarray(made[name].values, dtype=float)

    counts = (column("used").astype(int), column("converged").astype(int))
    return Simulated(
        settings, loads, column("error"), column("sem"), column("m"), column("q"), *counts
    )
