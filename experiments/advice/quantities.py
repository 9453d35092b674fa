"""The numbers of an advice: what the theory says of one setting."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from ...odes.equilibria.fixed_points import fixed_points
from ...odes.equilibria.optimal_gamma import optimal_gamma
from ...odes.equilibria.points import FixedPoints
from ...results.errors import InputError
from ...teacher_student.options import Progress
from ...teacher_student.problem import Problem
from ...teacher_student.regularization import zeta_sources
from ..inference.inference import inference
from ..regularization.gamma import SMALLEST_BATCH
from ..regularization.neuron import neuron_regularization
from .rows import AdviceRow, command
from .training import NetworkTraining

#: Fields that the printed command draws for a measurement that is not read here.
EXAMPLES = 10_000
ALIGNED = "Gaussian fields, squared loss, a unit aligned with its teacher (R = 1)"
ONLINE = (
    "one bn unit with inputs of variance 1, squared loss, fresh examples, many inputs and weak "
    "changes in a step"
)
NO_DECAY = "none without weight decay: the length of the weights then never rests"


class Row(NamedTuple):
    """A quantity of the equilibrium: its name, symbol and unit, where it stands, and its factor."""

    name: str
    symbol: str
    unit: str
    key: str
    factor: float
    validity: str


def rows_of(training: NetworkTraining, progress: Progress | None = None) -> list[AdviceRow]:
    """All numbers, in the order in which they are told."""
    zeta = _zeta(training, progress)
    gamma = _gamma(training, zeta)
    return [zeta, gamma, _gap(training, gamma), *_equilibrium(training)]


def _statistics(training: NetworkTraining) -> dict[str, Any]:
    return {"activation": training.activation, "batch_size": training.problem.m}


def _zeta(training: NetworkTraining, progress: Progress | None) -> AdviceRow:
    """Gamma decay by batch statistics, of the fields that were given."""
    options, m = _statistics(training), training.problem.m
    if training.data is not None:
        layer = neuron_regularization(training.problem, training.data, progress=progress)
        options["data"] = training.data
        known = layer.zeta[np.isfinite(layer.zeta)]
        value = float(known.mean()) if known.size else None
        fields = "mean over the recorded neurons whose fields vary"
    else:
        value = sum(zeta_sources(training.activation, m, training.kurtosis))
        options |= {"kurtosis": training.kurtosis} if training.kurtosis else {}
        options["examples"] = EXAMPLES
        fields = "Gaussian fields" if not training.kurtosis else "fields of that kurtosis"
    if value is None:
        return AdviceRow(
            "zeta", "zeta", "1", None, "none: no recorded neuron has a field that varies"
        )
    validity = (
        f"first order in 1/m (m = {m}), near gamma = 1; {fields}; a decay of gamma adds to it"
    )
    line = command("regularization", options)
    return AdviceRow("zeta", "zeta", "1", value, validity, line, "zeta")


def _gamma(training: NetworkTraining, zeta: AdviceRow) -> AdviceRow:
    """The gamma that training settles at: exact for Gaussian fields, else to first order."""
    name, m = ("gamma", "Q0", "teacher's scale"), training.problem.m
    if training.data is None and not training.kurtosis:
        if m < SMALLEST_BATCH:
            return AdviceRow(*name, None, f"none below m = {SMALLEST_BATCH}: bn has no flow")
        options = {**_statistics(training), "examples": EXAMPLES}
        value = optimal_gamma(training.activation, m)
        return AdviceRow(*name, value, f"exact in m; {ALIGNED}", command("regularization", options),
                         "gamma_exact")  # fmt: skip
    if zeta.value is None:
        return AdviceRow(*name, None, "none without a zeta")
    options = {"activation": training.activation, "scheme": "pn", "zeta": zeta.value}
    point = fixed_points(Problem(**options)).reached
    if point is None:
        return AdviceRow(*name, None, "none found: with this zeta training settles nowhere")
    return AdviceRow(
        *name, point.Q, "first order in 1/m: population normalisation with gamma decay zeta, R = 1",
        command("fixed-points", options), "points.reached.Q",
    )  # fmt: skip


def _gap(training: NetworkTraining, gamma: AdviceRow) -> AdviceRow:
    """Training mode minus deployment, at the gamma that training settles at."""
    name = ("train/eval gap", "e_own - e_run", "label^2")
    if gamma.value is None:
        return AdviceRow(*name, None, "none without a gamma")
    options = {**_statistics(training), "running_momentum": training.running_momentum,
               "at_q": gamma.value, "at_r": 1.0}  # fmt: skip
    problem = Problem(training.activation, batch_size=training.problem.m)
    found = inference(problem, running_momentum=training.running_momentum,
                      at_q=gamma.value, at_r=1.0)  # fmt: skip
    value = found.gap["running"]
    if value is None:
        return AdviceRow(*name, None, "none: with so few examples an error is infinite")
    validity = f"{ALIGNED}, running statistics of weights at rest; positive: training errs more"
    return AdviceRow(*name, value, validity, command("inference", options), "gap.running")


def _equilibrium(training: NetworkTraining) -> list[AdviceRow]:
    """What weight decay does: rotation, effective rate, and when the length rests."""
    found, why = _rest(training)
    problem = training.problem
    options = {name: value for name, value in problem.to_dict().items() if _differs(name, value)}
    line = command("fixed-points", options)
    rows = []
    for row in _told(training):
        value = None if found is None else row_value(found, row)
        if value is None:
            late = "none: the flow does not settle near it in 5000 relaxation times"
            rows.append(AdviceRow(row.name, row.symbol, row.unit, None, why or late))
        else:
            rows.append(AdviceRow(row.name, row.symbol, row.unit, value, row.validity, line,
                                  row.key, row.factor))  # fmt: skip
    return rows


def _told(training: NetworkTraining) -> list[Row]:
    wide = float(training.fan_in)
    start = f"from |w| = {training.start_norm:g}, gamma = 0.5, R = 0.2"
    noisy = f"{ONLINE}; label noise {training.noise:g}"
    rows = [
        Row("rotation", "theta", "rad/step", "rotation", wide**-0.5,
            "sqrt(2 lr wd/(1 + momentum)); any loss and network where w.grad = 0, once |w| rests"),
        Row("effective rate", "lr gamma/((1 - momentum) |w|^2)", "1/step",
            "points.reached.eta_eff", 1 / wide, f"at equilibrium; {noisy}"),
        Row("largest effective rate", "the same", "1/step", "points.reached.eta_max", 1 / wide,
            f"above it misaligned weights grow; {noisy}"),
        Row("weight norm", "|w|", "1", "points.reached.L", 1.0, f"at equilibrium; {noisy}"),
        Row("steps to equilibrium", "n", "steps", "time_to_equilibrium", wide,
            f"until the effective rate stays within 5%; {start}; {noisy}"),
    ]  # fmt: skip
    if training.steps_per_epoch is not None:
        rows.append(Row("epochs to equilibrium", "n", "epochs", "time_to_equilibrium",
                        wide / training.steps_per_epoch, "the same in epochs"))  # fmt: skip
    return rows


def row_value(found: FixedPoints, row: Row) -> float | None:
    """The value of a row, read as from the command's JSON."""
    made = AdviceRow(row.name, row.symbol, row.unit, None, "", "", row.key, row.factor)
    return made.read(found.to_dict())


def _rest(training: NetworkTraining) -> tuple[FixedPoints | None, str]:
    """The fixed points if one with a length at rest is reached; else why there is none."""
    if not training.weight_decay:
        return None, NO_DECAY
    try:
        found = fixed_points(training.problem)
    except InputError as error:
        return None, f"none: {error}"
    if found.reached is None or found.reached.L is None:
        return None, f"none: {found.summary()}"
    return found, ""


def _differs(name: str, value: Any) -> bool:
    """Whether an option is needed: it has a value other than by default."""
    return value is not None and value != Problem().to_dict().get(name)
