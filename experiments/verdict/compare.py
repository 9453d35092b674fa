"""Theory against simulation: the same problem through both roads, and a verdict.

Both roads start from exactly the same order parameters. Theory predicts the mean of runs at
finite N, the flow and its shift of order 1/N, and their covariance; `chi_square` tests both over
the whole trajectory. Where the scatter of a run has no prediction, `sign_flip` takes the runs'
own. So it is under momentum, where the flow is the inertial one of the runs' N: theory predicts
the mean with its inertia, and the scatter without it.
"""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Unpack

import numpy as np

from ...odes.committee.flow import CommitteeFlow
from ...odes.flow.integrate import solve, solve_any
from ...odes.flow.trajectory import Flow, FlowError
from ...odes.fluctuations.covariance import Fluctuations, fluctuations
from ...odes.fluctuations.spread import spread_is_measurable
from ...results.checks import integer, number
from ...results.errors import InputError
from ...teacher_student.online.committee.runs import CommitteeRuns
from ...teacher_student.online.runs import QUANTITIES, Runs
from ...teacher_student.online.simulate import simulated
from ...teacher_student.options import Progress, SimulationOptions, check_names
from ...teacher_student.problem import Problem
from ...teacher_student.problem_checks import check_problem
from . import sign_flip
from .chi_square import ROUNDING, ChiSquare, chi_square, remainder, resolved
from .committee_comparison import CommitteeComparison
from .committees import judge_committee
from .comparison import Comparison

Array = np.ndarray
FEWEST_RUNS = 8


def compare(
    problem: Problem,
    *,
    alpha: float = 0.01,
    **options: Unpack[SimulationOptions],
) -> Comparison | CommitteeComparison:
    """Compare the order-parameter flow of a problem with its simulation.

    Parameters
    ----------
    problem
        The setting. With momentum theory is the inertial flow of runs at
        ``dim`` (`odes.flow.inertial.runs_start`), and the runs' own scatter is the measure.
    alpha
        Level of the verdict, between 0 and 1.
    **options
        ``dim``, ``runs``, ``time``, ``points``, ``times``, ``engine``, ``inputs``, ``seed``,
        ``workers``, ``progress`` as for `bntheory.simulate`; at least 8 runs.

    Returns
    -------
    Comparison, or CommitteeComparison of a committee
        A committee's runs are judged by their own scatter.

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
    check_problem(problem)
    check_names("compare", options, SimulationOptions)
    number("alpha", alpha, above=0.0, most=1.0)
    integer("runs", options.get("runs", FEWEST_RUNS), FEWEST_RUNS)
    times = options.get("times")
    if times is not None and np.size(times) < 2:
        raise InputError("times", times, "two or more times are accepted")
    if problem.several_units:
        problem.committee.initial_state  # noqa: B018  (one that is drawn has no flow, and is refused)
    sample = simulated(problem, **options)
    progress = options.get("progress")
    if sample.runs < FEWEST_RUNS:
        raise KeyboardInterrupt  # too few runs were finished for a verdict
    if isinstance(sample, CommitteeRuns):
        found = solve_any(problem, times=sample.t, progress=progress)
        assert isinstance(found, CommitteeFlow)
        return judge_committee(sample, found, alpha)
    flow = solve(problem, times=sample.t, dim=sample.dim, progress=progress)
    verdict = judge(sample, flow, alpha, progress=progress)
    return replace(verdict, approximated=True)


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
    if predicted is not None and spread_is_measurable(flow.problem):
        expected = np.stack([flow.values[n] for n in runs.problem.order_parameters], axis=-1)
        test = chi_square(runs, expected, predicted)
        if test is not None:
            return _by_prediction(runs, flow, alpha, predicted, test)
    return _by_own_scatter(runs, flow, alpha)


def _by_own_scatter(runs: Runs, flow: Flow, alpha: float) -> Comparison:
    """The verdict by sign flips.

    Where the scatter of L, or that scatter's sampling error, is infinite a mean over runs says
    little about L, R = P / L or the error: P = L R is tested in their place.
    """
    tested: tuple[str, ...] = QUANTITIES
    if not spread_is_measurable(runs.problem):
        tested = ("Q", "LR")
        runs = replace(runs, values={**runs.values, "LR": runs.L * runs.R})
        flow = replace(flow, values={**flow.values, "LR": flow.L * flow.R})
    names = dict.fromkeys((*QUANTITIES, *tested))
    bias = {name: sign_flip.bias_bound(runs, flow, name) for name in names}
    z = {
        name: sign_flip.beyond(runs.mean[name] - flow.values[name], bias[name], runs.sem[name])
        if name in tested
        else np.full(runs.t.shape, np.nan)
        for name in names
    }
    largest = max(float(np.abs(z[name]).max()) for name in tested)
    return Comparison(runs, flow, alpha, bias, z, sign_flip.p_value(runs, tested, largest))


def _predicted(runs: Runs, flow: Flow, progress: Progress | None) -> Fluctuations | None:
    """The predicted fluctuations of the theory's problem, if they exist."""
    if runs.inputs != "gaussian":
        return None  # the shift depends on the inputs' kurtosis
    if flow.problem.momentum or flow.problem.spectrum_ is not None:
        return None  # the shift has no prediction
    try:
        return fluctuations(flow.problem, times=flow.t, progress=progress)
    except (ValueError, FlowError):
        return None  # the batch's scatter is infinite, or the runs' grows without bound


def _by_prediction(
    runs: Runs, flow: Flow, alpha: float, predicted: Fluctuations, test: ChiSquare
) -> Comparison:
    shift = predicted.mean_shift(runs.dim)
    least = math.sqrt(ROUNDING / (runs.dim * runs.runs))  # less than that is rounding
    std = predicted.std(runs.dim, runs.runs)
    sem = {name: np.maximum(std[name], least) for name in QUANTITIES}
    bound = {name: remainder(runs, shift[name]) for name in QUANTITIES}
    z = {
        name: sign_flip.beyond(
            runs.mean[name] - flow.values[name] - shift[name], bound[name], sem[name]
        )
        for name in QUANTITIES
    }
    silent = ~resolved(predicted, runs.dim)
    for values in z.values():  # where nothing is judged no deviation has a size, but none is none
        values[silent & (values != 0.0)] = np.nan
    return Comparison(runs, flow, alpha, bound, z, test.p_value, test, predicted)
