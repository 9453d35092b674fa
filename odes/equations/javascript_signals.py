"""Losses and activations for JavaScript engines, printed from the formulas that Python takes.

What averages them is written by hand in ``templates/signal_*.js``, each the twin of a file of
``odes/kernels``: those know no formula.
"""

from __future__ import annotations

import json
from collections.abc import Mapping

import sympy
from sympy import Expr, Symbol

from ...codegen.model import Function, Return, point_function
from ...codegen.printers.javascript import JavaScriptPrinter
from ...teacher_student.activations import Activation, field_symbol
from ...teacher_student.losses import VARIABLES, Loss
from ..derivation.signal_kernels import is_piecewise

#: The files of ``templates`` that average signals.
RULES = ("signal_rule", "signal_classes", "signal_difference")
#: The threshold of a Huber loss: a number that the printed functions take.
HUBER, THRESHOLD = "huber", Symbol("C", positive=True)
#: A threshold that no other number of the formula equals.
_STAND_IN = "0.7310587"
_PRINTER = JavaScriptPrinter()


def kind_of(loss: str) -> str:
    """What a loss is called in a page: Huber's without its threshold, others by their name."""
    return HUBER if loss.startswith(f"{HUBER}:") else loss


def loss_record(loss: Loss) -> str:
    """A loss as a record of JavaScript.

    It has ``signal(y, o, C)``, ``loss(y, o, C)`` and ``borders(y, o, C)`` (an array), of which
    Huber's alone look at C, and says whether the loss is of the ``difference`` y - o, whether the
    signal is ``polynomial`` between its kinks, and of degree one, ``linear``.

    Parameters
    ----------
    loss
        Any; of ``huber:C`` the number is left open.

    Raises
    ------
    ValueError
        For a formula that cannot be written in JavaScript.

    Examples
    --------
    >>> [line] = [x for x in loss_record(Loss.named("hinge")).splitlines() if "return y" in x]
    >>> print(line.strip())
    return y*(-o*y + 1 > 0 ? 1 : 0);
    """
    if kind_of(loss.name) == HUBER:
        loss = Loss.named(f"{HUBER}:{_STAND_IN}")
    signal, value = _open(loss.signal), _open(loss.expression)
    borders = tuple(map(_open, loss.borders))
    facts = {
        "difference": loss.of_difference,
        "polynomial": is_piecewise(signal),
        "linear": has_linear_pieces(loss),
        "growth": loss.growth,
    }
    functions = [_function("signal", signal), _function("loss", value)]
    return _record(facts, [*functions, _function("borders", borders)])


def activation_record(activation: Activation) -> str:
    """An activation as a record of JavaScript: ``activation(h)`` returns output and slope."""
    values = {"g": activation.expression, "slope": activation.slope}
    facts = {
        "kinks": list(map(float, activation.kinks)),
        "identity": activation.expression == field_symbol(),
        "polynomial": is_piecewise(activation.expression + activation.slope),
    }
    return _record(facts, [_PRINTER.function(point_function("activation", ["h"], values))])


def _open(expression: Expr) -> Expr:
    """An expression of `_STAND_IN` with the threshold in place of its number."""
    number = sympy.Rational(_STAND_IN)
    return expression.xreplace({number: THRESHOLD, -number: -THRESHOLD})


def has_linear_pieces(loss: Loss) -> bool:
    """Whether a loss is of y - o, with a signal that is straight between its kinks.

    Examples
    --------
    >>> [has_linear_pieces(Loss.named(name)) for name in ("huber:2", "(y - o)**4", "hinge")]
    [True, False, False]
    """
    if not (loss.of_difference and is_piecewise(loss.signal)):
        return False
    bent = loss.signal.diff(Symbol(VARIABLES[0], real=True), 2)
    return bool(sympy.simplify(bent.replace(sympy.DiracDelta, lambda *_: sympy.Integer(0))) == 0)


def _function(name: str, value: Expr | tuple[Expr, ...]) -> str:
    return _PRINTER.function(Function(name, (*VARIABLES, THRESHOLD.name), (Return(value),)))


def _record(facts: Mapping[str, object], functions: list[str]) -> str:
    """Facts and named functions as one expression."""
    held = [f"{name}: {'Infinity' if value == float('inf') else json.dumps(value)}"
            for name, value in facts.items()]  # fmt: skip
    members = [*held, *(f"{_name(text)}: {text.rstrip()}" for text in functions)]
    return "{" + ",\n".join(members) + "}"


def _name(function: str) -> str:
    return function.partition("function ")[2].partition("(")[0]
