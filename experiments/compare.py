"""Theory against simulation: the same problem through both roads, and a verdict.

Both roads start from exactly the same order parameters. The runs' own scatter gives a standard
error for every stored time and quantity. The flow is the limit of large N; what is left of
order 1/N is allowed for by a declared bound (`bias_bound`). One p-value covers all the many
correlated comparisons: the largest studentised deviation is referred to its distribution under
random sign flips of the runs' own deviations, which has their correlations.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike

from ..odes.flow import Flow, integrate
from ..results.checks import integer, number
from ..results.files import dataset
from ..results.style import in_house_style
from ..teacher_student.problem import Problem
from ..teacher_student.runs import QUANTITIES, Runs
from ..teacher_student.simulate import Progress, simulate

if TYPE_CHECKING:
    import xarray
    from matplotlib.figure import Figure

Array = np.ndarray
#: Sign flips behind a p-value; the smallest p-value is one over this plus one.
FLIPS = 4000
FEWEST_RUNS = 8
#: The declared allowance for the bias of a finite N, as a multiple of (distance travelled) / N.
#: Measured (CHANGELOG, `tests/test_compare.py`): below 1.5 over schemes, activations, noises.
BIAS_FACTOR = 2.0


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
        Allowance for the bias of order 1/N by quantity, each of shape (times,).
    z
        Deviations beyond the allowance in standard errors, by quantity; 0 where the
        simulation does not scatter and agrees.
    p_value
        Probability that a true theory deviates this much somewhere.
    approximation
        For a batch scheme the flow of the paper's approximation, PN with gamma decay; shown
        beside the exact theory, no part of the verdict.
    """

    runs: Runs
    flow: Flow
    alpha: float
    bias_bound: dict[str, Array]
    z: dict[str, Array]
    p_value: float
    approximation: Flow | None = None

    @property
    def agree(self) -> bool:
        """Whether the theory stands at level alpha."""
        return self.p_value >= self.alpha

    @cached_property
    def worst(self) -> tuple[str, int]:
        """Quantity and time index of the largest deviation."""
        name = max(QUANTITIES, key=lambda quantity: np.abs(self.z[quantity]).max())
        return name, int(np.abs(self.z[name]).argmax())

    @property
    def max_abs_z(self) -> float:
        """The largest deviation beyond the allowance, in standard errors."""
        name, at = self.worst
        return float(abs(self.z[name][at]))

    def verdict(self) -> str:
        """The verdict in one plain sentence."""
        name, at = self.worst
        word = "agree" if self.agree else "DISAGREE"
        count = sum(values.size for values in self.z.values())
        return (
            f"Theory and simulation {word}: the largest of {count} deviations is "
            f"{self.max_abs_z:.2f} standard errors ({name} at t = {self.runs.t[at]:g}), "
            f"p = {self.p_value:.3g} against a level of {self.alpha:g} "
            f"({self.runs.runs} runs at N = {self.runs.dim})."
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
            **self._approximate_values(),
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

    @in_house_style
    def plot(self) -> Figure:
        """Theory over simulation, one panel a quantity, and the verdict."""
        from ..results.pictures import (
            APPROXIMATION,
            draw_simulation,
            draw_theory,
            shared_legend,
            time_panels,
        )

        figure, panels = time_panels(QUANTITIES)
        runs = self.runs
        for name, axes in panels.items():
            draw_simulation(axes, runs.t, runs.mean[name], runs.sem[name], runs.std[name])
            draw_theory(axes, runs.t, self.flow.values[name])
            if self.approximation is not None:
                style = {"label": "PN + gamma decay", "color": APPROXIMATION, "linestyle": "--"}
                draw_theory(axes, self.approximation.t, self.approximation.values[name], **style)
        shared_legend(figure)
        word = "agree" if self.agree else "DISAGREE"
        problem = runs.problem
        figure.suptitle(
            f"{problem.scheme}, {problem.activation}: theory and simulation {word}\n"
            f"max |z| = {self.max_abs_z:.2f}, p = {self.p_value:.3g}, "
            f"{runs.runs} runs at N = {runs.dim}"
        )
        return figure


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
    verdict = judge(sample, flow, alpha)
    if not (problem.uses_batch and "gamma" in problem.trained_scalars):
        return verdict
    other = problem.replace(scheme="pn", zeta="auto", train_beta=False)
    return replace(verdict, approximation=integrate(other, times=verdict.runs.t))


def judge(runs: Runs, flow: Flow, alpha: float = 0.01) -> Comparison:
    """The verdict on simulated runs and a flow at the same times.

    Where one of them diverged, the times that both reached are compared.

    Parameters
    ----------
    runs, flow
        The two roads, at the same times.
    alpha
        Level of the verdict, between 0 and 1.

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
    bias = {name: bias_bound(runs, flow, name) for name in QUANTITIES}
    z = {
        name: _beyond(runs.mean[name] - flow.values[name], bias[name], runs.sem[name])
        for name in QUANTITIES
    }
    largest = max(float(np.abs(values).max()) for values in z.values())
    return Comparison(runs, flow, alpha, bias, z, _p_value(runs, largest))


def bias_bound(runs: Runs, flow: Flow, name: str) -> Array:
    """What a mean of runs may deviate at finite N: a multiple of the distance travelled / N.

    The M examples of a batch are not quite orthogonal, which adds a term of order M/N to the
    growth of L alone.
    """
    travelled = np.maximum.accumulate(np.abs(flow.values[name] - flow.values[name][0]))
    batch = runs.problem.M if name == "L" else 1
    bound: Array = BIAS_FACTOR * batch / runs.dim * travelled
    return bound


def _beyond(deviation: Array, allowed: Array, sem: Array) -> Array:
    """Signed deviation beyond what is allowed, in standard errors."""
    rest = np.sign(deviation) * np.maximum(np.abs(deviation) - allowed, 0.0)
    rest[np.abs(rest) < 1e-12 * (1.0 + np.abs(deviation))] = 0.0
    with np.errstate(divide="ignore", invalid="ignore"):
        z = rest / sem
    z[rest == 0.0] = 0.0
    return np.clip(z, -1e300, 1e300)


def _p_value(runs: Runs, largest: float) -> float:
    """How often sign-flipped deviations of the runs reach ``largest`` somewhere."""
    centred = np.concatenate(
        [runs.values[n] - runs.mean[n] for n in QUANTITIES], axis=1, dtype=float
    )
    spread = centred.std(axis=0)
    centred = centred[:, spread > 1e-12] / spread[spread > 1e-12]
    n = len(centred)
    rng = np.random.default_rng(np.random.SeedSequence([runs.seed, n]))
    reached = 0
    for size in np.full(FLIPS // 500, 500):
        signs = rng.choice((-1.0, 1.0), size=(size, n))
        mean = signs @ centred / n
        sem = np.sqrt((1.0 - mean**2) / (n - 1))
        reached += int((np.abs(mean / sem).max(axis=1, initial=0.0) >= largest).sum())
    return (1 + reached) / (1 + FLIPS)
