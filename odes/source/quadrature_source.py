"""Source text of two-fold quadratures, for moments of single examples without a closed form."""

from __future__ import annotations

from collections.abc import Mapping

import sympy
from sympy import Expr, Symbol

from ...codegen.lowering import assignments, function
from ..derivation.drift import Derivation
from ..derivation.gaussian_moments import Moment, student_factor, teacher_factor

_U, _V = sympy.symbols("u v", real=True)


def moment_functions(
    name: str, derivation: Derivation, wanted: Mapping[Symbol, Moment]
) -> tuple[list[str], str]:
    """The line that calls a quadrature of moments, and the source of that quadrature.

    The student's factors are taken at the nodes of the outer rule, the teacher's averaged by
    the inner one; both rules are split where the activation has a kink.
    """
    if not wanted:
        return [], ""
    activation = derivation.problem.activation_
    shifted = derivation.shift != 0
    students = {m: student_factor(activation, m, _U, shifted) for m in wanted.values()}
    teachers = {(m.teacher, m.v): teacher_factor(activation, m, _V) for m in wanted.values()}
    inner = {f"b{i}{j}": e for (i, j), e in teachers.items() if (i, j) != (0, 0)}
    outer = {f"a{k}": students[m] for k, m in enumerate(wanted.values())}
    symbols = [str(s) for s in wanted]
    products = [
        f"{s} += weight_u*a{k}" + (f"*s{m.teacher}{m.v}" if m.teacher or m.v else "")
        for k, (s, m) in enumerate(wanted.items())
    ]
    body = _quadrature_lines(symbols, outer, inner, products, bool(activation.kinks))
    source = function(name, ["q", "shift", "rho"], body, [f"({', '.join(symbols)},)"])
    at = activation.kinks
    arrays = f"KINKS = np.array([{', '.join(map(repr, at))}], dtype=np.float64)\n\n"
    call = f"{', '.join(symbols)}{',' if len(symbols) == 1 else ''} = {name}(q, shift, rho)"
    return [call], arrays + source + "\n"


def _quadrature_lines(
    symbols: list[str],
    outer: Mapping[str, Expr],
    inner: Mapping[str, Expr],
    products: list[str],
    kinked: bool,
) -> list[str]:
    """The body of a two-fold quadrature over ``u`` and over ``v = rho u + across z``."""
    split = ["scaled_cuts(KINKS, rho*u, across, cuts)", "inner = fill_rule(cuts, FINE, z, wz)"]
    sums = [f"s{name[1:]}" for name in inner]
    return [
        "x, wx = student_rule(KINKS, shift, q, FINE)",
        *(_split_rule() if kinked else _smooth_rule()),
        "across = math.sqrt(max(0.0, 1.0 - rho*rho))",
        f"{' = '.join(symbols)} = 0.0",
        "for i in range(x.size):",
        *("    " + line for line in ["u = x[i]", "weight_u = wx[i]", *(split if kinked else [])]),
        *([f"    {' = '.join(sums)} = 0.0"] if sums else []),
        "    for j in range(inner):",
        "        v = rho*u + across*z[j]",
        *("        " + line for line in assignments(inner)),
        *(f"        {s} += wz[j]*b{s[1:]}" for s in sums),
        *("    " + line for line in assignments(outer)),
        *("    " + line for line in products),
    ]


def _smooth_rule() -> list[str]:
    return ["z, wz, inner = SMOOTH_NODES, SMOOTH_WEIGHTS, SMOOTH_NODES.size"]


def _split_rule() -> list[str]:
    return [
        "size = rule_size(KINKS.size, FINE)",
        "cuts, z, wz = np.empty(KINKS.size), np.empty(size), np.empty(size)",
    ]
