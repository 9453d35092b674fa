"""The kernels that average moments of a signal, beside the source text of what they average."""

from __future__ import annotations

from typing import Any

import sympy
from sympy import Expr, Symbol

from ...codegen.model import Function, Return
from ...codegen.modules import generated, kernel_texts
from ...codegen.printers.python import PYTHON
from ...teacher_student.activations import field_symbol
from ...teacher_student.formula_kernels import activation_source, derivable, structure
from ...teacher_student.losses import VARIABLES, Loss, loss_symbols
from ...teacher_student.problem import Problem
from ...teacher_student.supervision_source import signal_source
from .signal_moments import rule_of

_HEAD = "import math\nimport numpy as np\nfrom bntheory.codegen.jit import kernel\n\n"


def supervision_source(problem: Problem) -> str:
    """Source text of activation, signal and borders, and what kernels know of labels and noise."""
    unclipped = problem.clip is None
    constants = {
        "BORDERS": len(problem.loss_.borders) + (not unclipped),
        "CLASSES": problem.labels_.classes,
        "SHARPNESS": problem.labels_.sharpness,
        "DEGREES": problem.noise_law_.degrees,
        "GROWTH": _growth(problem),
        "LOSS_GROWTH": problem.loss_.growth + 1.0 if problem.heavy_tails else 2.0,
        "MIRRORED": _is_mirrored(problem),
        "OF_DIFFERENCE": unclipped and problem.loss_.of_difference,
        "POLYNOMIAL": is_piecewise(problem.loss_.signal) and is_piecewise(_slope(problem)),
    }
    lines = [PYTHON.constant(name, value) for name, value in constants.items()]
    parts = [_HEAD, "\n".join(lines), "\n\n", activation_source(problem.activation_), "\n"]
    value = Return(_value(problem.loss_))
    loss = Function("loss", VARIABLES, (value,), f"{problem.loss_.formula}.")
    parts += [signal_source(problem), "\n", PYTHON.function(loss), "\n"]
    return "".join([*parts, _borders_source(problem)])


def _slope(problem: Problem) -> Expr:
    return problem.activation_.expression + problem.activation_.slope


def _value(loss: Loss) -> Expr:
    """The loss, right far out: Huber's without a difference, ``log(cosh)`` without cosh."""
    head, _, threshold = loss.name.partition(":")
    if head != "huber":
        return loss.expression.replace(_is_log_cosh, lambda f: _log_cosh(f.args[0].args[0]))
    y, o = loss_symbols()
    beyond = sympy.Abs(y - o)
    within = sympy.Min(beyond, sympy.Float(threshold))
    return within * (beyond - within / 2)


def _is_log_cosh(f: Expr) -> bool:
    return isinstance(f, sympy.log) and isinstance(f.args[0], sympy.cosh)


def _log_cosh(x: Expr) -> Expr:
    far = sympy.Abs(x)
    return far + sympy.log(1 + sympy.exp(-2 * far)) - sympy.log(2)


def is_piecewise(expression: Expr) -> bool:
    """Whether it is a polynomial between its kinks."""
    pieces = expression.atoms(sympy.Max, sympy.Min, sympy.Abs, sympy.sign, sympy.Heaviside)
    outside = {piece: Symbol(f"piece{i}") for i, piece in enumerate(sorted(pieces, key=str))}
    rest = [expression.xreplace(outside), *(x for piece in pieces for x in piece.args)]
    return all(x.is_polynomial(*x.free_symbols) for x in map(sympy.sympify, rest))


def _is_mirrored(problem: Problem) -> bool:
    """Whether field and label of the other sign have the same loss."""
    y, o = loss_symbols()
    h, g = field_symbol(), problem.activation_.expression
    odd = sympy.simplify(g.subs(h, -h) + g) == 0
    loss = problem.loss_.expression
    turned = loss.subs({y: -y, o: -o}, simultaneous=True)
    return bool(odd and sympy.simplify(turned - loss) == 0)


def _growth(problem: Problem) -> float:
    """The power of a large label with which the signal grows; 1 where none is asked for."""
    if not problem.heavy_tails:
        return 1.0
    return 0.0 if problem.clip is not None else problem.loss_.growth


def _borders_source(problem: Problem) -> str:
    """``borders(y, o, slope, pull, out)``: the loss's own, and where clipping sets in."""
    lines = ["@kernel", "def borders(y, o, slope, pull, out):"]
    lines.append('    """What is zero at the kinks and jumps of the signal."""')
    borders = problem.loss_.borders
    lines += [f"    out[{i}] = {PYTHON.code(border)}" for i, border in enumerate(borders)]
    if problem.clip is not None:
        formula = PYTHON.code(problem.loss_.signal)
        lines.append(
            f"    out[{len(borders)}] = abs(pull * slope * ({formula})) - {problem.clip!r}"
        )
    return "\n".join([*lines, "    return", ""])


def signal_texts(problem: Problem) -> dict[str, str]:
    """The modules of the kernels of signal moments, by their names."""
    names = ["signal_rule", *["signal_noise"] * (rule_of(problem) == "signal_teacher")]
    kernels = kernel_texts(*(f"odes/kernels/{name}" for name in (*names, rule_of(problem))))
    return {"supervision": supervision_source(problem)} | kernels


def signals_of(problem: Problem) -> dict[str, str]:
    """`signal_texts` of a flow that averages the signal of one example itself; else nothing."""
    return {} if problem.squares or problem.uses_batch else signal_texts(problem)


def signal_kernels(problem: Problem) -> Any:
    """The compiled kernels of signal moments: from the disk, or written now."""

    def write() -> dict[str, str]:
        with derivable(problem):
            return signal_texts(problem)

    return generated("signal", structure(problem), write)
