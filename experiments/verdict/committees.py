"""Theory against simulation for committees, by the runs' own scatter.

Tested are gamma, A and C entry by entry, the error and the specialisation: the last two do not
change where a run's units learn the teachers in another order than the flow's, so that they are
judged where entries cannot be. One p-value covers all of them (`sign_flip`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from ...odes.committee.flow import CommitteeFlow
from ...teacher_student.committee.order import best_match, entries
from ...teacher_student.online.committee.runs import CommitteeRuns
from . import sign_flip
from .committee_comparison import CommitteeComparison

Array = np.ndarray
#: What is tested, as far as there is any.
TESTED = ("gamma", "A", "C", "error", "specialisation")
#: Runs whose cosines (or whose specialisation) scatter by more are not small displacements of a
#: flow: their mean is another curve, and they are not judged there.
MOST_SCATTER = 0.2
#: Second order of the runs' own scatter: a mean moves by half a curvature times the variance of
#: the cosines, which an unstable plateau makes larger than 1/N.
CURVATURE = 1.0
#: Of a sampled flow, its standard errors that are allowed for: with eight scramblings they are
#: those of Student's t with 7 degrees of freedom, beyond which are 0.5%.
FLOW_ERRORS = 4.0


def judge_committee(runs: CommitteeRuns, flow: CommitteeFlow, alpha: float) -> CommitteeComparison:
    """The verdict on runs and a flow at the same times; where one ended, up to there.

    Raises
    ------
    ValueError
        If they share fewer than two times, or no time can be judged.
    """
    common = min(runs.t.size, flow.t.size)
    if common < 2:
        said = "; ".join(filter(None, [flow.message, runs.message]))
        raise ValueError(f"theory and simulation share fewer than two stored times: {said}")
    runs, flow = replace(runs, t=runs.t[:common], values=_first(runs.values, common, 1)), replace(
        flow, t=flow.t[:common], values=_first(flow.values, common, 0),
        std_error=_first(flow.std_error, common, 0),
    )  # fmt: skip
    flat, theory = flattened(runs), flattened_flow(flow)
    bound, silent = _allowed(runs, flow), _silent(runs)
    z: dict[str, Array] = {}
    for name, expected in theory.items():
        deviation = flat.mean[name] - expected
        z[name] = sign_flip.beyond(deviation, bound[name], flat.sem[name])
        z[name][silent[name.split("_")[0]]] = np.nan
    judged = [values[np.isfinite(values)] for values in z.values()]
    if not any(values.size for values in judged):
        raise ValueError("the runs scatter too widely at all times for their mean to be a flow's")
    largest = max(float(np.abs(values).max(initial=0.0)) for values in judged)
    seen = {n: np.where(np.isnan(z[n]), 0.0, flat.values[n]) for n in z}
    p = sign_flip.p_value(replace(flat, values=seen), tuple(z), largest)
    return CommitteeComparison(runs, flow, alpha, bound, z, p, _permuted(runs, flow))


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
        found[name] = allowed + FLOW_ERRORS * error.get(name, 0.0)
    return found


def _silent(runs: CommitteeRuns) -> dict[str, Array]:
    """By quantity, at which times the scatter is not small."""
    wide = runs.std["R"].reshape(runs.t.size, -1).max(axis=1) > MOST_SCATTER
    invariant = runs.std["specialisation"] > 0.5 * MOST_SCATTER
    return {n: invariant if n in ("error", "specialisation") else wide for n in TESTED}


def _permuted(runs: CommitteeRuns, flow: CommitteeFlow) -> int:
    """How many runs end with their units on other teachers than the flow's, where they may."""
    a = runs.problem.committee.a
    if runs.problem.teacher_units < 2 or flow.specialisation[-1] < 0.1:
        return 0
    own = best_match(flow.R[-1:], a)[0]
    return int((best_match(runs.values["R"][:, -1], a) != own).any(axis=1).sum())
