"""The functions of one problem that kernels call: activation, field, learning rate.

Sympy is imported where it is used: a run that finds its kernels on disk does without.
They are lowered from the formulas once, as source text, and put beside the kernels that call
them (`bntheory.codegen.modules.generated`).
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from ..codegen.modules import generated, kernel_texts
from ..results.errors import InputError
from .activations import Activation
from .committee.checks import refuse_committees
from .learning_rate import Schedule
from .problem import Problem
from .schemes import scheme_symbols
from .supervision import SUPERVISION
from .supervision_source import drawn_label_source, label_draw_source, signal_source

if TYPE_CHECKING:
    from ..codegen.model import Function

#: What the field's derivative is taken by, in the order in which kernels receive it.
FIELD_DERIVATIVES = ("a", "mu", "sigma", "n2", "gamma", "beta")


@lru_cache(maxsize=1024)
def structure(problem: Problem) -> str:
    """What the compiled code of one unit depends on: a problem's formulas, not its numbers.

    Raises
    ------
    InputError
        For several units, whose code is another.
    """
    refuse_committees(problem, "this answer")
    formulas: dict[str, object] = {
        "activation": problem.activation_.formula,
        "scheme": problem.scheme_.formula,
        "train_beta": problem.train_beta,
        "schedule": problem.schedule and problem.schedule.formula,
    }
    if not problem.squares:
        formulas |= {name: getattr(problem, name) for name in SUPERVISION}
        formulas["loss"] = problem.formula("loss")
    if not problem.plain_steps:
        formulas |= {"optimiser": problem.optimiser, "step_clip": problem.step_clip}
    if problem.scheme_.remembers:  # tables are shipped under the names of the others
        formulas["normaliser"] = problem.scheme_.normaliser
    if problem.carried:
        formulas["carried"] = problem.carried
    return json.dumps(formulas, sort_keys=True)


@contextmanager
def derivable(problem: Problem) -> Iterator[None]:
    """Refuse a formula that the computer algebra fails on, in whatever way it does.

    Raises
    ------
    ValueError
        Naming scheme and activation; errors that name a parameter are passed on.
    """
    accepted = (
        "a field of the form scale*a + shift that stays finite as N grows, and an activation of "
        "a scalar field, are accepted"
    )
    with _derivable("scheme", problem.scheme, f" with activation={problem.activation!r}", accepted):
        yield


@contextmanager
def _derivable(parameter: str, value: str, beside: str, accepted: str) -> Iterator[None]:
    try:
        yield
    except (MemoryError, OSError, InputError):
        raise
    except Exception as error:
        reason = f"{type(error).__name__}: {error}".splitlines()[0]
        said = f"nothing could be derived for it{beside} ({reason}); {accepted}"
        raise InputError(parameter, value, said) from error


def specialise(problem: Problem, *modules: str) -> Any:
    """Import kernels of `teacher_student.kernels`, beside the formulas of a problem.

    Parameters
    ----------
    problem
        Its formulas become the system that the kernels call.
    modules
        Names of kernel files, each after those that it imports.
    """

    def write() -> dict[str, str]:
        with derivable(problem):
            system = formula_source(problem)
        return {"system": system} | kernel_texts(*(f"teacher_student/kernels/{m}" for m in modules))

    return generated(modules[-1], structure(problem), write)


def formula_source(problem: Problem) -> str:
    """Source text of all functions of a problem."""
    from ..codegen.printers.python import PYTHON

    return "\n".join(
        [
            "import math",
            "import numpy as np",
            "from bntheory.codegen.jit import kernel",
            "",
            activation_source(problem.activation_),
            field_source(problem),
            signal_source(problem),
            label_draw_source(problem),
            drawn_label_source(problem),
            PYTHON.function(learning_rate_function(problem.schedule)),
            f"USES_BATCH = {problem.uses_batch}",
            f"RUNNING = {problem.scheme_.normaliser == 'running'}",
            f"CORRECTED = {problem.scheme_.normaliser == 'corrected'}",
            f"TRAINS_BETA = {problem.train_beta}",
        ]
    )


def compiled_activation(activation: Activation) -> Any:
    """The kernels of an activation alone: ``activation``, ``evaluate``, and its constants."""

    def write() -> dict[str, str]:
        head = "import math\nimport numpy as np\nfrom bntheory.codegen.jit import kernel\n\n"
        accepted = "an activation of a scalar field is accepted"
        with _derivable("activation", activation.formula, "", accepted):
            system = head + activation_source(activation)
        return {"system": system} | kernel_texts("teacher_student/kernels/pointwise")

    return generated("activation", activation.formula, write)


def activation_source(activation: Activation) -> str:
    """``activation(h) -> (g, g')`` and the constants ``KINKS`` and ``REACH``."""
    from ..codegen.model import point_function
    from ..codegen.printers.python import PYTHON
    from .tails import reach_of

    values = {"g": activation.expression, "slope": activation.slope}
    comment = f"{activation.formula} and its derivative."
    function = PYTHON.function(point_function("activation", ["h"], values, comment))
    constants = {"KINKS": activation.kinks, "REACH": reach_of(activation)}
    return "\n".join([function, *(PYTHON.constant(*named) for named in constants.items()), ""])


def field_source(problem: Problem) -> str:
    """``field(a, mu, sigma, n2, gamma, beta, N) -> (f, its derivatives)``."""
    from ..codegen.model import point_function
    from ..codegen.printers.python import PYTHON

    symbols = scheme_symbols()
    expression = problem.scheme_.field
    values = {"f": expression}
    values |= {f"f_{name}": expression.diff(symbols[name]) for name in FIELD_DERIVATIVES}
    arguments = [*FIELD_DERIVATIVES, "N"]
    made = point_function("field", arguments, values, problem.scheme_.formula)
    return PYTHON.function(made)


def learning_rate_function(schedule: Schedule | None) -> Function:
    """``learning_rate(t, eta)``: the constant that is passed in, or the schedule's formula."""
    import sympy

    from ..codegen.model import Function, Return

    arguments = ("t", "eta")
    if schedule is None:
        return Function("learning_rate", arguments, (Return(sympy.Symbol("eta")),))
    comment = f"The schedule {schedule.formula}."
    return Function("learning_rate", arguments, (Return(schedule.expression),), comment)
