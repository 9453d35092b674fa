"""Theory against simulation: the same problem through both roads, and a verdict.

Both roads start from exactly the same order parameters. Theory predicts the mean of runs at
finite N, the flow and its shift of order 1/N, and their covariance; `chi_square` tests both over
the whole trajectory. Where the scatter of a run has no prediction, `sign_flip` takes the runs'
own.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike

from ..odes.flow import Flow, FlowError, integrate
from ..odes.fluctuations import Fluctuations, fluctuations
from ..results.checks import integer, number
from ..results.files import dataset
from ..results.style import in_house_style
from ..teacher_student.problem import Problem
from ..teacher_student.runs import QUANTITIES, Runs
from ..teacher_student.simulate import Progress, simulate
from . import sign_flip
from .chi_square import ChiSquare, chi_square, remainder

if TYPE_CHECKING:
    import xarray
    from matplotlib.figure import Figure

Array = np.ndarray
FEWEST_RUNS = 8


@dataclass(frozen=True)
class Comparison:
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
        0 where the simulation does not scatter and agrees.
    p_value
        Probability that a true theory deviates this much.
    test
        The chi-square tests behind it; None where the scatter of a run has no prediction and
        the runs' own served (`bntheory.experiments.sign_flip`).
    predicted
        The predicted fluctuations; None likewise.
    approximation
        For a batch scheme the flow of the paper's approximation, PN with gamma decay; shown
        beside the exact theory, no part of the verdict.
    picture
        What `plot` draws.
    """

    runs: Runs
    flow: Flow
    alpha: float
    bias_bound: dict[str, Array]
    z: dict[str, Array]
    p_value: float
    test: ChiSquare | None = None
    predicted: Fluctuations | None = None
    approximation: Flow | None = None
    picture: str = "time"

    @property
    def agree(self) -> bool:
        """Whether the theory stands at level alpha."""
        return self.p_value >= self.alpha

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
        return {n: _variance_ratio(self.runs.std[n], self.std[n]) / scale for n in QUANTITIES}

    def verdict(self) -> str:
        """The verdict in one plain sentence."""
        word = "agree" if self.agree else "DISAGREE"
        against = f"p = {self.p_value:.3g} against a level of {self.alpha:g}"
        sample = f"({self.runs.runs} runs at N = {self.runs.dim})"
        return f"Theory and simulation {word}: {self._evidence()}, {against} {sample}."

    def _evidence(self) -> str:
        """What is most at odds, and when."""
        name, at = self.worst
        where = f"{self.max_abs_z:.2f} standard errors ({name} at t = {self.runs.t[at]:g})"
        test = self.test
        if test is None:
            count = sum(values.size for values in self.z.values())
            return f"the largest of {count} deviations is {where}"
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
        """The JSON form, keys as in ``interface.md``."""
        return {
            **self.runs.to_dict(),
            "theory": {name: self.flow.values[name] for name in QUANTITIES},
            "z": self.z,
            "max_abs_z": self.max_abs_z,
            "p_value": self.p_value,
            "agree": self.agree,
            "alpha": self.alpha,
            "bias_bound": self.bias_bound,
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

    def to_dataset(self) -> xarray.Dataset:
        """All columns, with the dimension ``t``."""
        columns = self.columns()
        t = columns.pop("t")
        attributes: dict[str, Any] = {
            "problem": self.runs.problem.to_json(),
            "verdict": self.verdict(),
        }
        attributes |= {"p_value": self.p_value, "alpha": self.alpha, "dim": self.runs.dim}
        attributes |= {"runs": self.runs.runs, "seed": self.runs.seed}
        return dataset({n: (("t",), v) for n, v in columns.items()}, {"t": t}, attributes)

    def showing(self, picture: str) -> Comparison:
        """The same comparison with another picture.

        Parameters
        ----------
        picture
            ``"time"`` or ``"scatter"``, see `plot`.

        Raises
        ------
        ValueError
            For another name, or a scatter that has no prediction.
        """
        if picture not in ("time", "scatter"):
            raise ValueError(f"picture={picture!r}: time or scatter is accepted")
        if picture == "scatter" and self.predicted is None:
            raise ValueError(
                "picture='scatter': the scatter of these runs has no prediction; time is accepted"
            )
        return replace(self, picture=picture)

    @in_house_style
    def plot(self) -> Figure:
        """By `picture`: theory and its predicted band over single runs and their mean, against
        time; or the runs in the plane of Q and R with their predicted ellipses."""
        from .comparison_pictures import draw_comparison, draw_scatter

        return draw_scatter(self) if self.picture == "scatter" else draw_comparison(self)


def compare(
    problem: Problem,
    *,
    dim: int = 1000,
    runs: int = 64,
    time: float = 20.0,
    points: int = 101,
    times: ArrayLike | None = None,
    engine: str = "chain",
    inputs: str = "gaussian",
    seed: int = 0,
    alpha: float = 0.01,
    workers: int | None = None,
    progress: Progress | None = None,
) -> Comparison:
    """Compare the order-parameter flow of a problem with its simulation.

    Parameters
    ----------
    problem
        The setting.
    dim, runs, time, points, times, engine, inputs, seed, workers, progress
        As for `bntheory.simulate`; at least 8 runs.
    alpha
        Level of the verdict, between 0 and 1.

    Returns
    -------
    Comparison

    Raises
    ------
    ValueError
        Naming the parameter, its value and what is accepted; or if one of the roads diverges
        before the first stored time.

    Examples
    --------
    >>> import bntheory as bn
    >>> verdict = bn.compare(bn.Problem(scheme="wn"), dim=500, runs=16, time=2, points=3)
    >>> verdict.agree
    True
    """
    number("alpha", alpha, above=0.0, most=1.0)
    integer("runs", runs, FEWEST_RUNS)
    sample = simulate(
        problem,
        dim=dim,
        runs=runs,
        time=time,
        points=points,
        times=times,
        engine=engine,
        inputs=inputs,
        seed=seed,
        workers=workers,
        progress=progress,
    )
    if sample.runs < FEWEST_RUNS:
        raise KeyboardInterrupt  # too few runs were finished for a verdict
    flow = integrate(problem, times=sample.t, progress=progress)
    verdict = judge(sample, flow, alpha, progress=progress)
    if not (problem.uses_batch and "gamma" in problem.trained_scalars):
        return verdict
    other = problem.replace(scheme="pn", zeta="auto", train_beta=False)
    return replace(verdict, approximation=integrate(other, times=verdict.runs.t))


def judge(
    runs: Runs,
    flow: Flow,
    alpha: float = 0.01,
    *,
    predicted: Fluctuations | None = None,
    progress: Progress | None = None,
) -> Comparison:
    """The verdict on simulated runs and a flow at the same times.

    Where one of them diverged, the times that both reached are compared.

    Parameters
    ----------
    runs, flow
        The two roads, at the same times.
    alpha
        Level of the verdict, between 0 and 1.
    predicted
        Predicted fluctuations at the flow's times, where they are at hand; otherwise they are
        computed from the flow's problem.
    progress
        As for `bntheory.fluctuations`.

    Returns
    -------
    Comparison

    Raises
    ------
    ValueError
        If they share fewer than two times.

    Examples
    --------
    >>> import bntheory as bn
    >>> problem, times = bn.Problem(scheme="wn"), [0, 1, 2]
    >>> runs = bn.simulate(problem, dim=500, runs=16, times=times)
    >>> judge(runs, bn.integrate(problem.replace(eta=1.0), times=times)).agree
    False
    """
    common = min(runs.t.size, flow.t.size)
    if common < 2:
        said = "; ".join(filter(None, [flow.message, runs.message]))
        raise ValueError(f"theory and simulation share fewer than two stored times: {said}")
    runs, flow = runs.until(common), flow.until(common)
    if predicted is None:
        predicted = _predicted(runs, flow, progress)
    if predicted is not None:
        expected = np.stack([flow.values[n] for n in runs.problem.order_parameters], axis=-1)
        test = chi_square(runs, expected, predicted)
        if test is not None:
            return _by_prediction(runs, flow, alpha, predicted, test)
    bias = {name: sign_flip.bias_bound(runs, flow, name) for name in QUANTITIES}
    z = {
        name: _beyond(runs.mean[name] - flow.values[name], bias[name], runs.sem[name])
        for name in QUANTITIES
    }
    largest = max(float(np.abs(values).max()) for values in z.values())
    return Comparison(runs, flow, alpha, bias, z, sign_flip.p_value(runs, QUANTITIES, largest))


def _predicted(runs: Runs, flow: Flow, progress: Progress | None) -> Fluctuations | None:
    """The predicted fluctuations of the theory's problem, if they exist."""
    if runs.inputs != "gaussian":
        return None  # the shift depends on the inputs' kurtosis
    try:
        return fluctuations(flow.problem, times=flow.t, progress=progress)
    except (ValueError, FlowError):
        return None  # the batch's scatter is infinite, or the runs' grows without bound


def _by_prediction(
    runs: Runs, flow: Flow, alpha: float, predicted: Fluctuations, test: ChiSquare
) -> Comparison:
    shift = predicted.mean_shift(runs.dim)
    sem = predicted.std(runs.dim, runs.runs)
    bound = {name: remainder(runs, shift[name]) for name in QUANTITIES}
    z = {
        name: _beyond(runs.mean[name] - flow.values[name] - shift[name], bound[name], sem[name])
        for name in QUANTITIES
    }
    return Comparison(runs, flow, alpha, bound, z, test.p_value, test, predicted)


def _largest(z: dict[str, Array]) -> tuple[str, int]:
    name = max(QUANTITIES, key=lambda quantity: np.abs(z[quantity]).max())
    return name, int(np.abs(z[name]).argmax())


def _variance_ratio(sample: Array, predicted: Array) -> Array:
    """``sample^2 / predicted^2 - 1``; 0 where both are nothing but rounding."""
    some = predicted > 1e-12
    ratio = np.where(some, sample / np.where(some, predicted, 1.0), 1.0)
    result: Array = ratio**2 - 1
    return result


def _beyond(deviation: Array, allowed: Array, sem: Array) -> Array:
    """Signed deviation beyond what is allowed, in standard errors."""
    rest = np.sign(deviation) * np.maximum(np.abs(deviation) - allowed, 0.0)
    rest[np.abs(rest) < 1e-12 * (1.0 + np.abs(deviation))] = 0.0
    with np.errstate(divide="ignore", invalid="ignore"):
        z = rest / sem
    z[rest == 0.0] = 0.0
    return np.clip(z, -1e300, 1e300)
