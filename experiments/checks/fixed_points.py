"""Fixed points together with what the chain says of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ...odes.equilibria.points import FixedPoints
from ...results.tabular import Tabular
from ...results.widths import Width
from ...teacher_student.options import Progress
from ...teacher_student.spectral import refuse_spectrum
from .branch import BranchCheck, check_branch
from .equilibrium import EquilibriumCheck, check_equilibrium
from .learning_rate import LearningRateCheck, check_learning_rate

if TYPE_CHECKING:
    import xarray
    from matplotlib.figure import Figure


@dataclass(frozen=True)
class CheckedFixedPoints(Tabular):
    """Fixed points, and the simulations that test them.

    Attributes
    ----------
    found
        The fixed points.
    learning_rate
        The largest stable learning rate by chain.
    equilibrium
        The equilibrium under weight decay by chain; None without weight decay.
    branch
        The largest stable learning rate of a point that moves with eta, by flows; None of one
        that does not.
    """

    found: FixedPoints
    learning_rate: LearningRateCheck
    equilibrium: EquilibriumCheck | None
    branch: BranchCheck | None = None

    @property
    def agree(self) -> bool:
        """Whether everything tested agrees."""
        return all(check.agree for check in self._made())

    def _made(self) -> list[LearningRateCheck | EquilibriumCheck | BranchCheck]:
        made = (self.learning_rate, self.branch, self.equilibrium)
        return [check for check in made if check is not None]

    def lines(self) -> list[str]:
        """The comparisons in words."""
        return [check.summary() for check in self._made()]

    def to_dict(self) -> dict[str, Any]:
        """The JSON form: that of the fixed points, with ``check`` added."""
        equilibrium = self.equilibrium.to_dict() if self.equilibrium else None
        check = {"agree": self.agree, "learning_rate": self.learning_rate.to_dict()}
        branch = self.branch.to_dict() if self.branch else None
        check |= {"equilibrium": equilibrium, "branch": branch}
        return {**self.found.to_dict(), "check": check}

    def columns(self) -> Any:
        """The CSV form of the fixed points."""
        return self.found.columns()

    def to_dataset(self) -> xarray.Dataset:
        """The dataset of the fixed points."""
        return self.found.to_dataset()

    def plot(self, width: Width = "two", *, ax: Any = None, quantity: str | None = None) -> Figure:
        """The picture of the fixed points, as theirs."""
        return self.found.plot(width, ax=ax, quantity=quantity)


def check_fixed_points(
    found: FixedPoints,
    *,
    dim: int | None = None,
    runs: int | None = None,
    seed: int = 0,
    progress: Progress | None = None,
) -> CheckedFixedPoints:
    """Test what `fixed_points` found with the chain simulator.

    Parameters
    ----------
    found
        The fixed points.
    dim, runs, seed, progress
        As in `simulate`; defaults are each check's own.

    Raises
    ------
    ValueError
        If there is nothing to check.
    """
    refuse_spectrum(found.problem, "this check is for isotropic inputs")
    given = {name: value for name, value in (("dim", dim), ("runs", runs)) if value is not None}
    problem = found.problem
    rate = check_learning_rate(problem, seed=seed, progress=progress, **given)
    equilibrium = None
    if problem.weight_decay and "gamma" in problem.trained_scalars:
        equilibrium = check_equilibrium(problem, seed=seed, progress=progress, **given)
    return CheckedFixedPoints(found, rate, equilibrium, check_branch(problem))
