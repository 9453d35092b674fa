"""What batch statistics do to the loss: zeta, the measured gap, and the gamma BN settles at."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, fields
from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from ...odes.equilibria.optimal_gamma import optimal_gamma
from ...results.base import Result
from ...results.checks import integer, number
from ...results.files import dataset
from ...teacher_student.committee.checks import refuse_committees
from ...teacher_student.problem import Problem
from ...teacher_student.problem_checks import check_problem
from ...teacher_student.regularization import slope_moments, zeta_sources
from .measured import measure

if TYPE_CHECKING:
    import xarray

Array = np.ndarray
Progress = Callable[[int, int], None]
#: Batch sizes of the picture.
SIZES = (4, 8, 16, 32, 64, 128, 256)
#: Below this the spread's inverse square has no mean, and BN no flow.
SMALLEST_BATCH = 4


@dataclass(frozen=True)
class Regularization(Result):
    """The regularisation of one activation at one batch size.

    Attributes
    ----------
    activation, batch_size, kurtosis
        What it was computed for; the batch is one that shares its statistics, of a problem's
        ``statistics_size`` where it has one.
    zeta, from_mean, from_spread
        The gamma decay, and its parts from ``mu_B`` and ``sigma_B`` (theory page 2).
    fisher_information
        Of gamma, ``E[g'(u)^2 u^2]``.
    loss_gap, loss_gap_sem
        Measured extra loss of BN at gamma = 1, and its standard error.
    gamma_bn, gamma_bn_sem
        Measured gamma that minimises the BN loss, and its standard error.
    gamma_exact
        The same without sampling, for Gaussian fields and at least `SMALLEST_BATCH` examples;
        else None.
    examples, seed
        How much was sampled, and from which seed.
    """

    _drawn_by: ClassVar[str] = "regularization.draw_regularization"

    activation: str
    batch_size: int
    kurtosis: float
    zeta: float
    from_mean: float
    from_spread: float
    fisher_information: float
    loss_gap: float
    loss_gap_sem: float
    gamma_bn: float
    gamma_bn_sem: float
    gamma_exact: float | None
    examples: int
    seed: int

    def to_dict(self) -> dict[str, Any]:
        """The JSON form."""
        return {own.name: getattr(self, own.name) for own in fields(self)}

    def columns(self) -> dict[str, list[Any]]:
        """The CSV form: one row."""
        return {name: [value] for name, value in self.to_dict().items()}

    def to_dataset(self) -> xarray.Dataset:
        """Scalars by name."""
        values = self.to_dict()
        labels = {"activation": values.pop("activation")}
        numbers = {n: ((), np.nan if v is None else v) for n, v in values.items()}
        return dataset(numbers, {}, labels)

    @cached_property
    def against_batch_size(self) -> list[Regularization]:
        """The same at the batch sizes of the picture."""
        return [
            regularization(
                Problem(self.activation, batch_size=M),
                kurtosis=self.kurtosis,
                examples=self.examples,
                seed=self.seed,
            )
            for M in SIZES
        ]


def regularization(
    problem: Problem,
    *,
    kurtosis: float = 0.0,
    examples: int = 4_000_000,
    seed: int = 0,
) -> Regularization:
    """Zeta of BN and its sources, against the measured loss (theory page 2).

    Parameters
    ----------
    problem
        Its activation and batch size are what matters.
    kurtosis
        Excess kurtosis of the fields, above -2; the measurement draws from a symmetric law
        that has it.
    examples
        Fields drawn for the measurement, at least 10 000.
    seed
        Seed of the measurement.

    Returns
    -------
    Regularization

    Raises
    ------
    ValueError
        Naming the parameter, its value and what is accepted.

    Examples
    --------
    >>> import bntheory as bn
    >>> found = bn.regularization(bn.Problem(activation="relu", batch_size=32), examples=100_000)
    >>> round(found.zeta * 32, 6)
    0.375
    """
    check_problem(problem)
    kurtosis = number("kurtosis", kurtosis, above=-2.0)
    examples, seed = integer("examples", examples, 10_000), integer("seed", seed, 0)
    refuse_committees(problem, "the decay that batch statistics imply")
    M = integer("batch_size", problem.m, 2)
    from_mean, from_spread = zeta_sources(problem.formula("activation"), M, kurtosis)
    gap, gamma = measure(problem.formula("activation"), M, kurtosis, examples, seed)
    gaussian = kurtosis == 0 and M >= SMALLEST_BATCH
    exact = optimal_gamma(problem.formula("activation"), M) if gaussian else None
    return Regularization(
        problem.formula("activation"),
        M,
        kurtosis,
        from_mean + from_spread,
        from_mean,
        from_spread,
        slope_moments(problem.activation_)[1],
        *gap,
        *gamma,
        exact,
        examples,
        seed,
    )
