"""The compiled flow of a committee: closed averages where they are known, else sampling."""

from __future__ import annotations

import json
from typing import Any

from ...codegen.modules import generated, kernel_texts
from ...teacher_student.activations import ACTIVATIONS
from ...teacher_student.formula_kernels import derivable
from ...teacher_student.problem import Problem
from ...teacher_student.schemes import SCHEMES

#: Activations whose averages of four fields are closed, by their formula.
CLOSED = {ACTIVATIONS[name]: name for name in ("identity", "erf", "relu")}
KERNELS = "odes/committee/kernels/"
LOOP = tuple(f"odes/kernels/{name}" for name in ("tableau", "controller", "step", "loop"))
#: How the averages of a flow are found.
AVERAGES, SERIES, SAMPLING = "closed", "series", "sampled"


def route(problem: Problem) -> str:
    """How the averages of a committee's flow are found: `AVERAGES`, `SERIES` or `SAMPLING`.

    Examples
    --------
    >>> route(Problem("erf", scheme="wn", units=2, teacher_units=2))
    'closed'
    >>> route(Problem("erf", scheme="bn", units=2, teacher_units=2))
    'sampled'
    """
    formula, activation = problem.scheme_.formula, problem.activation_.formula
    if activation not in CLOSED or problem.train_beta:
        return SAMPLING
    if formula in (SCHEMES["sgd"], SCHEMES["wn"]):
        return AVERAGES
    plain_bn = problem.scheme == "bn" and problem.units == 2
    return SERIES if plain_bn and CLOSED[activation] == "identity" else SAMPLING


def flow_package(problem: Problem) -> Any:
    """The compiled flow of a committee's problem: from the disk, or generated now."""
    return _package(problem, route(problem))


def error_package(problem: Problem) -> Any:
    """The package whose ``errors`` are those of a committee's states: closed ones if there are.

    Statistics of the population make a field ``gamma h / L``, whichever batch scheme it is.
    """
    known = problem.activation_.formula in CLOSED and not problem.train_beta
    known = known and problem.scheme in ("bn", "mean-only-bn", "var-only-bn")
    return _package(problem, AVERAGES if known else route(problem))


def increments_package(problem: Problem) -> Any:
    """The package whose ``step_moments`` are those of drawn steps, whatever the flow's route."""
    problem = problem.limit

    def write() -> dict[str, str]:
        with derivable(problem):
            texts = {"shape": _shape(problem, SAMPLING)}
        names = ("state", "batches", "examples", "increments")
        return texts | kernel_texts(*(f"{KERNELS}{name}" for name in names))

    return generated("committee_steps", _description(problem, SAMPLING), write)


def _description(problem: Problem, way: str) -> str:
    """All that a package depends on."""
    scheme, schedule = problem.scheme_, problem.schedule
    formulas = [problem.activation_.formula, scheme.formula, scheme.normaliser]
    numbers = [problem.units, problem.teacher_units, *problem.trained_scalars, way]
    return json.dumps([*formulas, schedule and schedule.formula, *numbers])


def _package(problem: Problem, way: str) -> Any:
    problem = problem.limit

    def write() -> dict[str, str]:
        return _texts(problem, way) | kernel_texts(f"{KERNELS}system", *LOOP)

    return generated("committee", _description(problem, way), write)


def flow_texts(problem: Problem) -> dict[str, str]:
    """Source text of the right-hand side's modules, by name, each after those that it imports."""
    return _texts(problem.limit, route(problem))


def _texts(problem: Problem, way: str) -> dict[str, str]:
    with derivable(problem):
        texts = {"shape": _shape(problem, way)}
    return texts | _drift(problem, way)


def _drift(problem: Problem, way: str) -> dict[str, str]:
    """The kernels of the right-hand side, the last under the name by which all others know it."""
    texts, last = kernel_texts(f"{KERNELS}state"), way
    if way == AVERAGES:
        name = CLOSED[problem.activation_.formula]
        texts |= kernel_texts(f"{KERNELS}orthants") if name == "relu" else {}
        texts["averages"] = _text(f"{name}_averages")
    elif way == SERIES:
        texts |= kernel_texts(f"{KERNELS}bivariate")
        last = "linear_bn"
    else:
        texts |= kernel_texts(f"{KERNELS}batches", f"{KERNELS}examples")
    return texts | {"drift": _text(last)}


def _text(name: str) -> str:
    return kernel_texts(KERNELS + name)[name]


def _shape(problem: Problem, way: str) -> str:
    """Source text of what stands in the place of `kernels.shape`."""
    from ...codegen.printers.python import PYTHON
    from ...teacher_student.formula_kernels import activation_source, learning_rate_function
    from .field_source import HEAD, field_function

    K, T, trained = problem.units, problem.teacher_units, problem.trained_scalars
    over = {"batch": 1, "units": 2} if problem.scheme_.statistics else {}
    constants = {
        "K": K,
        "T": T,
        "SIZE": K * len(trained) + K * T + K * (K + 1) // 2,
        "NORMALISED": "gamma" in trained,
        "TRAINS_GAMMA": "gamma" in trained,
        "TRAINS_BETA": "beta" in trained,
        "STATISTICS": over.get(problem.scheme_.normaliser, 0),
        "CENTRED": "mu" in problem.scheme_.uses or not over,
    }
    parts = [HEAD, *(f"{name} = {value}" for name, value in constants.items())]
    parts.append(PYTHON.function(learning_rate_function(problem.schedule)))
    if way == SAMPLING:
        parts.append(activation_source(problem.activation_))
        parts.append(field_function(problem.scheme_.field, problem.scheme_.formula))
    return "\n".join(parts)
