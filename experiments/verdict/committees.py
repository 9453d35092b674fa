"""Theory against simulation for committees: by the predicted covariance, else by the runs' own.

Tested are gamma, A and C entry by entry. As far as the predicted scatter reaches, one chi-square
covers all of them (`committee_prediction`). At the other times, where there is no prediction, or
after a plateau that runs leave each at a time of its own, they are judged by their own scatter
(`sign_flip`) under the names of the flow's units (`committee_names`), with the error and the
specialisation, which do not know names.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from ...odes.committee.flow import CommitteeFlow
from ...odes.flow.trajectory import FlowError
from ...odes.fluctuations.committee import CommitteeFluctuations, committee_fluctuations
from ...teacher_student.committee.order import entries
from ...teacher_student.online.committee.runs import CommitteeRuns
from ...teacher_student.options import Progress
from . import sign_flip
from .committee_comparison import CommitteeComparison
from .committee_delays import delays, envelope
from .committee_names import named, told_apart
from .committee_prediction import ROUNDING, committee_chi_square, remainders, resolved_committee

Array = np.ndarray
#: What is tested, as far as there is any.
TESTED = ("gamma", "beta", "A", "C", "error", "specialisation")
#: Runs whose cosines (or whose specialisation) scatter by more are not small displacements of a
#: flow: their mean is another curve, and they are not judged there.
MOST_SCATTER = 0.2
#: Second order of the runs' own scatter: a mean moves by half a curvature times the variance of
#: the cosines, which an unstable plateau makes larger than 1/N.
CURVATURE = 1.0
#: A standard error that is none.
STILL = 1e-12
#: Of a flow that says its error without the samples behind it, standard errors that are allowed.
FLOW_ERRORS = 4.0


def judge_committee(
    runs: CommitteeRuns,
    flow: CommitteeFlow,
    alpha: float,
    predicted: CommitteeFluctuations | None = None,
    progress: Progress | None = None,
) -> CommitteeComparison:
    """The verdict on runs and a flow at the same times; where one ended, up to there.

    Parameters
    ----------
    runs, flow
        The two roads.
    alpha
        Level of the verdict.
    predicted
        Predicted fluctuations at the flow's times, where they are at hand; otherwise they are
        those of the flow's problem, if it has any.
    progress
        As for `committee_fluctuations`.

    Raises
    ------
    ValueError
        If they share fewer than two times, or no time can be judged.
    """
    runs, flow = _common(runs.as_named(), flow)
    names = named(runs, flow)
    if predicted is None and runs.inputs == "gaussian":
        predicted = _predicted(flow, progress)
    test, covered = None, np.zeros(runs.t.size, dtype=bool)
    if predicted is not None:
        until = int(np.argmax(names.by_flow)) if names.by_flow.any() else runs.t.size
        test = committee_chi_square(runs, flow, predicted, until)
        if test is not None:
            covered = resolved_committee(predicted, runs.dim) & (np.arange(runs.t.size) < until)
    bound, z, p_own = _by_own_scatter(names.runs, flow, covered)
    if test is not None and predicted is not None:
        for name, allowed, own in _by_prediction(runs, flow, predicted):
            z[name] = np.where(covered, own, z[name])
            bound[name] = np.where(covered, allowed, bound[name])
    if not any(np.isfinite(values).any() for values in z.values()):
        raise ValueError("the runs scatter too widely at all times for their mean to be a flow's")
    return CommitteeComparison(
        names.runs, flow, alpha, bound, z, names.permuted, names.by_flow, covered, p_own, test,
        predicted if test is not None else None, runs,
    )  # fmt: skip


def _common(runs: CommitteeRuns, flow: CommitteeFlow) -> tuple[CommitteeRuns, CommitteeFlow]:
    """Both up to where both got."""
    common = min(runs.t.size, flow.t.size)
    if common < 2:
        said = "; ".join(filter(None, [flow.message, runs.message]))
        raise ValueError(f"theory and simulation share fewer than two stored times: {said}")
    return replace(runs, t=runs.t[:common], values=_first(runs.values, common, 1)), replace(
        flow, t=flow.t[:common], values=_first(flow.values, common, 0),
        std_error=_first(flow.std_error, common, 0), sampled=_first(flow.sampled, common, 1),
    )  # fmt: skip


def _predicted(flow: CommitteeFlow, progress: Progress | None) -> CommitteeFluctuations | None:
    try:
        return committee_fluctuations(flow.problem, flow.t, progress)
    except (ValueError, FlowError):
        return None  # the scatter of runs is infinite, or cannot be measured


def _by_prediction(
    runs: CommitteeRuns, flow: CommitteeFlow, predicted: CommitteeFluctuations
) -> list[tuple[str, Array, Array]]:
    """By coordinate what is allowed, and the deviation beyond it in predicted standard errors."""
    flat, theory = flattened(runs), flattened_flow(flow)
    error = flattened_flow(flow, flow.std_error)
    std, shift = predicted.std(runs.dim, runs.runs), predicted.mean_shift(runs.dim)
    least = np.sqrt(ROUNDING / (runs.dim * runs.runs))
    found = []
    for name, allowed in remainders(predicted, runs.dim).items():
        deviation = flat.mean[name] - theory[name] - shift[name]
        sem = np.hypot(np.maximum(std[name], least), error.get(name, 0.0))
        found.append((name, allowed, sign_flip.beyond(deviation, allowed, sem)))
    return found


def _by_own_scatter(
    runs: CommitteeRuns, flow: CommitteeFlow, covered: Array
) -> tuple[dict[str, Array], dict[str, Array], float | None]:
    """Allowances, deviations, and their p-value; None where nothing is judged.

    Deviations are NaN at times that are covered already, and where the scatter is not small.
    """
    flat, theory = flattened(runs), flattened_flow(flow)
    error = flattened_flow(flow, flow.std_error if flow.sampled else {})
    bound, silent = _allowed(runs, flow), _silent(runs, flow)
    late = delays(runs, flow)
    for name, values in theory.items():
        block = name.split("_")[0]
        left = np.logical_or.accumulate(silent[block])  # a plateau that was, or is being, left
        if late is not None:
            bound[name] = bound[name] + np.where(left, envelope(flow.t, values, late), 0.0)
        else:
            silent[block] = left
    z: dict[str, Array] = {}
    for name, expected in theory.items():
        sem = np.hypot(flat.sem[name], error.get(name, 0.0))
        z[name] = sign_flip.beyond(flat.mean[name] - expected, bound[name], sem)
        z[name][silent[name.split("_")[0]] | covered] = np.nan
    if not any((np.isfinite(of) & (flat.sem[n] > STILL)).any() for n, of in z.items()) and not any(
        np.nan_to_num(of).any() for of in z.values()
    ):
        return bound, z, None  # nothing scatters, and nothing deviates: the start
    largest = max(float(np.nanmax(np.abs(of), initial=0.0)) for of in z.values())
    seen = {n: np.where(np.isnan(z[n]), 0.0, flat.values[n]) for n in z}
    each = None
    if flow.sampled:
        rows = [flattened_flow(flow, {n: of[k] for n, of in flow.sampled.items()})
                for k in range(flow.scramblings)]  # fmt: skip
        each = np.array([np.concatenate([one[n] for n in z]) for one in rows])
    return bound, z, sign_flip.p_value(replace(flat, values=seen), tuple(z), largest, each)


def _first(values: Mapping[str, Array], count: int, axis: int) -> dict[str, Array]:
    at = (slice(None),) * axis + (slice(count),)
    return {name: of[at] for name, of in values.items()}


def flattened(runs: CommitteeRuns) -> CommitteeRuns:
    """Runs with a quantity a number, ``A_12`` that of unit 1 and teacher 2, as `entries` names."""
    made: dict[str, Array] = {}
    for name in TESTED:
        if name in runs.values:
            times_first = np.moveaxis(runs.values[name], 0, -1)  # times, units, runs
            made |= _entries(name, times_first)
    return replace(runs, values=made)


def _entries(name: str, values: Array) -> dict[str, Array]:
    """Entries of values of shape (times, ..., runs), each of shape (runs, times)."""
    places = np.arange(values[0, ..., 0].size).reshape(values.shape[1:-1])
    if places.ndim == 0:
        return {name: values.T}
    named = entries(name, places[None])
    flat = values.reshape(len(values), -1, values.shape[-1])
    return {own: flat[:, int(place[0])].T for own, place in named}


def flattened_flow(flow: CommitteeFlow, of: Mapping[str, Array] | None = None) -> dict[str, Array]:
    """The flow's numbers likewise, each of shape (times,); or those of other values of its."""
    made: dict[str, Array] = {}
    for name in TESTED:
        values = (flow.values if of is None else of).get(name)
        if values is not None:
            made |= dict(entries(name, values))
    return made


def _allowed(runs: CommitteeRuns, flow: CommitteeFlow) -> dict[str, Array]:
    """What a mean may deviate: order 1/N, second order of the scatter, the flow's own error."""
    variance = runs.std["R"].reshape(runs.t.size, -1).max(axis=1) ** 2
    error = flattened_flow(flow, flow.std_error)
    found = {}
    for name, values in flattened_flow(flow).items():
        block = name.split("_")[0]
        travelled = np.maximum.accumulate(np.abs(values - values[0]))
        order = sign_flip.BIAS_FACTOR * (runs.problem.M if block == "C" else 1) / runs.dim
        size = np.abs(flow.values[block]).max()
        allowed = order * travelled + CURVATURE * variance * size
        said = 0.0 if flow.sampled else FLOW_ERRORS * error.get(name, 0.0)
        found[name] = allowed + said
    return found


def _silent(runs: CommitteeRuns, flow: CommitteeFlow) -> dict[str, Array]:
    """By quantity, at which times the scatter is not small.

    Specialisation has a kink where units change names: it is judged where names are beyond doubt.
    """
    wide = runs.std["R"].reshape(runs.t.size, -1).max(axis=1) > MOST_SCATTER
    invariant = runs.std["specialisation"] > 0.5 * MOST_SCATTER
    found = dict.fromkeys(TESTED, wide)
    kinked = invariant | ~told_apart(runs, flow)
    return found | {"error": invariant, "specialisation": kinked}
