"""What a problem's parameters must satisfy together, beside the bounds of each."""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import TYPE_CHECKING, Any

from ..codegen.formula import FormulaError
from ..codegen.formula_text import formula_text
from ..results.checks import integer
from ..results.errors import InputError
from .activations import ACTIVATIONS
from .labels import LABEL_NAMES, NOISE_LAWS
from .losses import LOSS_NAMES
from .named_numbers import FORMULAS, uses
from .names import ACTIVATION_ALIASES, SCHEME_ALIASES, canonical
from .parameters import PARAMETERS
from .schemes import SCHEMES

if TYPE_CHECKING:
    from .problem import Problem


def check_named(
    parameter: str, value: object, resolve: Callable[[str], object], names: Collection[str]
) -> None:
    """Refuse what is neither a name nor a formula.

    Raises
    ------
    InputError
        Naming the parameter.
    """
    if not isinstance(value, str):
        raise InputError(parameter, value, "a name or a formula is accepted")
    try:
        resolve(value)
    except FormulaError as problem:
        reason = str(problem).removeprefix(f"{value!r}: ")
        if "unknown name" in reason:
            reason += '; a number of your own has its value in parameters={"c": 1.0} (--set c=1)'
        raise InputError(parameter, value, reason, names) from None


def formulas_as_text(problem: Problem) -> dict[str, str]:
    """Text in place of the formulas that were given as expressions of sympy, by parameter.

    Raises
    ------
    InputError
        For a Python function.
    """
    found = {}
    for name in ("activation", "scheme", "loss", "eta"):
        value = getattr(problem, name)
        try:
            text = formula_text(value, PARAMETERS[name].formula_in)
        except FormulaError as error:
            raise InputError(name, Shown(value), str(error)) from None
        if text is not None:
            found[name] = text
    return found


def known_names(problem: Problem) -> dict[str, Any]:
    """The names that are meant, by parameter, where they were given in another spelling."""
    named = {
        "activation": (ACTIVATIONS, ACTIVATION_ALIASES),
        "scheme": (SCHEMES, SCHEME_ALIASES),
        "loss": (LOSS_NAMES, {}),
        "labels": (LABEL_NAMES, {}),
        "noise_law": (NOISE_LAWS, {}),
        "zeta": (("auto",), {}),
        "start": (("random", "symmetric:EPS"), {}),
    }
    found = {name: canonical(getattr(problem, name), *known) for name, known in named.items()}
    return {name: value for name, value in found.items() if value is not getattr(problem, name)}


class Shown:
    """A function or an expression, as a message shows it: without its address in memory."""

    def __init__(self, value: object) -> None:
        self.text = getattr(value, "__name__", None) or str(value)

    def __repr__(self) -> str:
        return self.text


def check_problem(problem: object) -> None:
    """Refuse what is no problem where one is needed.

    Raises
    ------
    InputError
        With the way to make one.
    """
    if not hasattr(problem, "activation_"):
        accepted = 'a bntheory.Problem is accepted, such as Problem("relu", scheme="bn")'
        raise InputError("problem", problem, accepted)


def check_start(problem: Problem, largest: float) -> None:
    """Refuse a start at which a run counts as diverged.

    Raises
    ------
    InputError
        Naming what starts there.
    """
    for name in problem.start_parameters.values():
        if getattr(problem, name) >= largest:
            reason = f"a run counts as diverged from {largest:g} on"
            raise InputError(name, getattr(problem, name), f"{reason}; a smaller one is accepted")


def checked_statistics_size(problem: Problem) -> int:
    """The number of examples that share their statistics, where one is given.

    Raises
    ------
    InputError
        For a scheme that has no use for it, or a number that does not divide the batch size.
    """
    name, given = "statistics_size", problem.statistics_size
    if not problem.uses_batch and problem.zeta != "auto":
        reason = f"scheme={problem.scheme!r} has no batch statistics"
        raise InputError(name, given, f"{reason}, nor a decay of gamma that stands for them")
    size = integer(name, given, 2 if problem.uses_batch else 1, problem.M)
    if problem.M % size:
        accepted = f"a divisor of batch_size={problem.M} is accepted"
        raise InputError(name, given, f"groups of a batch are equally large; {accepted}")
    return size


def check_flags(problem: Problem) -> None:
    """Refuse flags that are none, or that change nothing.

    Raises
    ------
    InputError
        Naming the flag.
    """
    for name, row in PARAMETERS.items():
        if row.kind is bool and not isinstance(getattr(problem, name), bool):
            raise InputError(name, getattr(problem, name), "true or false is accepted")
    for name in ("nesterov", "decoupled_decay"):
        if getattr(problem, name) and not problem.momentum:
            raise InputError(name, True, "accepted with a momentum above 0")


def check_scheme_has(problem: Problem, parameter: str, symbol: str) -> None:
    """Refuse a parameter whose symbol is not in the scheme's formula.

    Raises
    ------
    InputError
        Naming the parameter.
    """
    if symbol not in problem.scheme_.uses:
        reason = f"scheme={problem.scheme!r} has no {symbol}"
        raise InputError(parameter, getattr(problem, parameter), reason)


def refuse_running(problem: Problem, reason: str) -> None:
    """Refuse a scheme that normalises by running statistics where there are none.

    Raises
    ------
    InputError
        With the reason.
    """
    if problem.scheme_.remembers:
        accepted = "a scheme other than tracked and batch-renorm is accepted"
        raise InputError("scheme", problem.scheme, f"{reason}; {accepted}")


def check_used(problem: Problem) -> None:
    """Refuse a named number that is in no formula.

    Raises
    ------
    InputError
        Naming it.
    """
    for name in problem.parameters:
        if not any(uses(getattr(problem, formula), name) for formula in FORMULAS):
            where = ", ".join(FORMULAS)
            raise InputError("parameters", name, f"it is in no formula ({where}) of the problem")
