"""`Comparison`: the verdict on one problem, its numbers and its pictures."""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from functools import cached_property
from typing import Any, ClassVar

import numpy as np

from ...odes.flow.integrate import solve
from ...odes.flow.trajectory import Flow
from ...odes.fluctuations.covariance import Fluctuations
from ...results.base import Result
from ...results.errors import InputError
from ...teacher_student.online.runs import QUANTITIES, Runs
from .chi_square import ChiSquare, resolved

Array = np.ndarray


@dataclass(frozen=True)
class Comparison(Result):
    """The verdict on one problem.

    Attributes
    ----------
    runs, flow
        The two roads, at the same times.
    alpha
        Level of the verdict: the rate at which a true theory is rejected.
    bias_bound
        What the prediction of a mean is allowed to leave out, by quantity, each of shape
        (times,).
    z
        Deviations of the mean from its prediction beyond that, in standard errors, by quantity;
        0 where the simulation does not scatter and agrees. Where the scatter of L has no sampling
        error, that of R, L and the error is NaN (null in JSON), and ``LR`` is tested instead.
    p_value
        Probability that a true theory deviates this much.
    test
        The chi-square tests behind it; None where the scatter of a run has no prediction and
        the runs' own served (`bntheory.experiments.verdict.sign_flip`).
    predicted
        The predicted fluctuations; None likewise.
    approximated
        Whether `approximation` is shown beside the theory.
    picture
        What `plot` draws.
    """

    _drawn_by: ClassVar[str] = "comparison.draw"
    _dimension: ClassVar[str] = "t"

    runs: Runs
    flow: Flow
    alpha: float
    bias_bound: dict[str, Array]
    z: dict[str, Array]
    p_value: float
    test: ChiSquare | None = None
    predicted: Fluctuations | None = None
    approximated: bool = False
    picture: str = "time"

    @property
    def agree(self) -> bool:
        """Whether the theory stands at level alpha."""
        return self.p_value >= self.alpha

    @cached_property
    def approximation(self) -> Flow | None:
        """For a batch scheme the flow of the paper's approximation, PN with gamma decay.

        It is one of the squared loss.

        No part of the verdict; solved when it is first asked for, to be shown or saved.
        """
        problem = self.runs.problem
        own = problem.uses_batch and not problem.scheme_.remembers and problem.squares
        if not (self.approximated and own and "gamma" in problem.trained_scalars):
            return None
        other = problem.replace(scheme="pn", zeta="auto", train_beta=False)
        return solve(other, times=self.runs.t)

    @cached_property
    def worst(self) -> tuple[str, int]:
        """Quantity and time index of the largest deviation of a mean."""
        return _largest(self.z)

    @property
    def max_abs_z(self) -> float:
        """The largest deviation of a mean beyond the allowance, in standard errors."""
        name, at = self.worst
        return float(abs(self.z[name][at]))

    @cached_property
    def std(self) -> dict[str, Array]:
        """Predicted standard deviation of one run; the runs' own where there is no prediction."""
        return self.runs.std if self.predicted is None else self.predicted.std(self.runs.dim)

    @cached_property
    def spread_z(self) -> dict[str, Array]:
        """Deviation of the runs' variance from its prediction, in standard errors."""
        scale = np.sqrt(2 / (self.runs.runs - 1))
        found = {n: _variance_ratio(self.runs.std[n], self.std[n]) / scale for n in QUANTITIES}
        if self.predicted is not None:
            for values in found.values():
                values[~resolved(self.predicted, self.runs.dim)] = np.nan
        return found

    def verdict(self) -> str:
        """The verdict in one plain sentence."""
        kappa = self.flow.inertia
        word = "agree" if self.agree else "DISAGREE"
        against = f"p = {self.p_value:.3g} against a level of {self.alpha:g}"
        sample = f"({self.runs.runs} runs at N = {self.runs.dim})"
        if kappa is not None:
            sample += (
                f"; the flow has the inertia kappa = {kappa:.4g}, the scatter is the runs' own"
            )
        elif self.runs.problem.spectrum_ is not None:
            sample += "; with a spectrum no scatter is predicted, it is the runs' own"
        elif self.test is not None and not self.test.sampled:
            sample += "; the scatter is not judged, its largest steps are too rare for so few runs"
        return f"Theory and simulation {word}: {self._evidence()}, {against} {sample}."

    def _evidence(self) -> str:
        """What is most at odds, and when."""
        name, at = self.worst
        where = f"{self.max_abs_z:.2f} standard errors ({name} at t = {self.runs.t[at]:g})"
        test = self.test
        if test is None:
            count = sum(int(np.isfinite(values).sum()) for values in self.z.values())
            left_out = (
                "; R and L are not tested by themselves, their scatter is infinite or has no error"
            )
            return f"the largest of {count} deviations is {where}{left_out * ('LR' in self.z)}"
        if test.mean_p <= test.scatter_p:
            words = (
                f"chi-square of the mean {test.mean:.1f} with {test.mean_dof} degrees of freedom"
            )
            return f"{words}, largest deviation {where}"
        name, at = _largest(self.spread_z)
        ratio = self.runs.std[name][at] / self.std[name][at]
        return (
            f"chi-square of the scatter {test.scatter:.0f} with {test.scatter_dof} degrees of "
            f"freedom, the spread of {name} at t = {self.runs.t[at]:g} is {ratio:.3f} of the "
            "predicted one"
        )

    def to_dict(self) -> dict[str, Any]:
        """The JSON form."""
        return {
            **self.runs.to_dict(),
            "theory": {name: self.flow.values[name] for name in QUANTITIES},
            "z": self.z,
            "max_abs_z": self.max_abs_z,
            "p_value": self.p_value,
            "agree": self.agree,
            "alpha": self.alpha,
            "bias_bound": self.bias_bound,
            "scatter": "runs" if self.test is None else "predicted",
            "inertia": self.flow.inertia,
            "verdict": self.verdict(),
            **self._predictions(),
            **self._approximate_values(),
        }

    def _predictions(self) -> dict[str, Any]:
        """What only a predicted covariance gives."""
        if self.predicted is None or self.test is None:
            return {"test": None, "predicted_std": None, "predicted_shift": None}
        shift = self.predicted.mean_shift(self.runs.dim)
        return {
            "test": asdict(self.test),
            "predicted_std": {name: self.std[name] for name in QUANTITIES},
            "predicted_shift": {name: shift[name] for name in QUANTITIES},
        }

    def _approximate_values(self) -> dict[str, Any]:
        if self.approximation is None:
            return {}
        return {"approximation": {n: self.approximation.values[n] for n in QUANTITIES}}

    def columns(self) -> dict[str, Array]:
        """The CSV form: time, then theory, mean, standard error, z and allowance."""
        table = {"t": self.runs.t}
        for name in QUANTITIES:
            table |= {
                f"{name}_theory": self.flow.values[name],
                f"{name}_mean": self.runs.mean[name],
                f"{name}_sem": self.runs.sem[name],
                f"{name}_z": self.z[name],
                f"{name}_bias_bound": self.bias_bound[name],
            }
        return table

    def _attributes(self) -> dict[str, Any]:
        runs = self.runs
        found = {"verdict": self.verdict(), "p_value": self.p_value, "alpha": self.alpha}
        made = {"dim": runs.dim, "runs": runs.runs, "seed": runs.seed}
        return {"problem": runs.problem.to_json(), **found, **made}

    def showing(self, picture: str) -> Comparison:
        """The same comparison with another picture.

        Parameters
        ----------
        picture
            ``"time"``: theory and its predicted band over single runs and their mean;
            ``"scatter"``: the runs in the plane of Q and R with their predicted ellipses.

        Raises
        ------
        ValueError
            For another name, or a scatter that has no prediction.
        """
        if picture not in ("time", "scatter"):
            raise InputError("picture", picture, "time or scatter is accepted", ("time", "scatter"))
        if picture == "scatter" and self.predicted is None:
            raise InputError(
                "picture",
                "scatter",
                "the scatter of these runs has no prediction; time is accepted",
            )
        return replace(self, picture=picture)


def _largest(z: dict[str, Array]) -> tuple[str, int]:
    tested = [name for name, values in z.items() if np.isfinite(values).any()]
    name = max(tested, key=lambda quantity: np.nanmax(np.abs(z[quantity])))
    return name, int(np.nanargmax(np.abs(z[name])))


def _variance_ratio(sample: Array, predicted: Array) -> Array:
    """``sample^2 / predicted^2 - 1``; 0 where both are nothing but rounding."""
    some = predicted > 1e-12
    ratio = np.where(some, sample / np.where(some, predicted, 1.0), 1.0)
    result: Array = ratio**2 - 1
    return result
