"""Source text of the joint flow of mean and covariance."""

from __future__ import annotations

import json

import sympy
from sympy import Expr, Symbol

from ...codegen.lowering import assignments, function
from ...results.errors import InputError
from ..derivation.batch_diffusion import ACROSS as BATCH_ACROSS
from ..derivation.batch_diffusion import (
    BatchDiffusion,
    Combination,
    derive_batch_diffusion,
)
from ..derivation.diffusion import ACROSS, SMALLEST_ACROSS, Diffusion, derive_diffusion
from ..derivation.drift import Derivation
from ..derivation.gaussian_moments import Moment
from ..derivation.routes import choose
from ..derivation.step import PLAIN
from ..derivation.student_field import laurent
from ..derivation.symbols import NOISE, UHAT
from .flow_source import RENAMED, _unpack
from .quadrature_source import moment_functions
from .table_source import singular

_NUMERICAL_JACOBIAN = '''
@kernel
def jacobian(t, y, p, J):
    """Differences, as some moments have no closed form: central, but from inside at |R| = 1."""
    near, up, middle, down = y.copy(), np.empty(y.size), np.empty(y.size), np.empty(y.size)
    for j in range(y.size):
        h = 1e-5 * (1.0 + abs(y[j]))
        if j == OVERLAP and 1.0 - abs(y[j]) < h:
            h = -1e-6 if y[j] > 0.0 else 1e-6
            rhs(t, y, p, middle)
            near[j] = y[j] + h
            rhs(t, near, p, up)
            near[j] = y[j] + 2.0 * h
            rhs(t, near, p, down)
            for i in range(y.size):
                J[i, j] = (4.0 * up[i] - 3.0 * middle[i] - down[i]) / (2.0 * h)
        else:
            near[j] = y[j] + h
            rhs(t, near, p, up)
            near[j] = y[j] - h
            rhs(t, near, p, down)
            for i in range(y.size):
                J[i, j] = 0.5 * (up[i] - down[i]) / h
        near[j] = y[j]

'''


def fluctuation_source(derivation: Derivation, flow: str) -> str:
    """Source text of ``jacobian`` and ``diffusion``, and the table they ask for.

    Parameters
    ----------
    derivation
        Of the flow.
    flow
        The name of its generated package, whose functions are taken over: they are compiled once.

    Raises
    ------
    ValueError
        For an optimiser other than SGD, or a loss of a batch scheme other than the squared one:
        the scatter of their runs is not derived.
    """
    training = derivation.training
    if training.gain != 1 or (derivation.problem.uses_batch and training != PLAIN):
        accepted = "fluctuations are derived for SGD, and for batch schemes with squared loss"
        raise InputError("training", str(training), accepted)
    mean = f"from {flow}.system import *\n"
    if derivation.by_quadrature:
        mean += _NUMERICAL_JACOBIAN
    problem = derivation.problem
    if problem.uses_batch:
        return mean + "\n" + _batch_diffusion(derivation, derive_batch_diffusion(problem))
    return mean + "\n" + _diffusion(derivation, derive_diffusion(problem, training.loss))


def _table(derivation: Derivation, moments: int) -> str:
    """The line that says what `diffusion_tables` is asked for."""
    if not moments:
        return "DIFFUSION_TABLE = ''\n"
    X = derivation.field.X
    batch = derivation.problem.uses_batch
    spec = {
        "homogeneous": derivation.problem.activation_.homogeneous,
        "shifted": derivation.shift != 0,
        "singular": batch and singular(derivation),
        "order": max(0, derivation.smallest_batch - 2),
        "x0": laurent(X.coeff(UHAT, 0)) if batch else [],
        "x1": laurent(X.coeff(UHAT, 1)) if batch else [],
    }
    return f"DIFFUSION_TABLE = {json.dumps(spec)!r}\n"


def _look_up(derivation: Derivation, symbols: list[str]) -> list[str]:
    """Lines that read the moments from the table, at the point of its axes."""
    point = "math.atan(2.0*q), shift"
    if derivation.problem.activation_.homogeneous:
        point = "math.atan2(shift, q), math.hypot(q, shift)"
    elif derivation.problem.uses_batch and singular(derivation):
        point = "math.log(q), shift"
    return [
        f"values = np.empty({len(symbols)})",
        f"look_up(p, int(p[p.size - 1]), math.acos(rho), {point}, values)",
        *(f"{symbol} = values[{i}]" for i, symbol in enumerate(symbols)),
    ]


# --- one example's own field -------------------------------------------------------------------


def _diffusion(derivation: Derivation, diffusion: Diffusion) -> str:
    problem, field, routes = derivation.problem, derivation.field, derivation.routes
    values = choose(diffusion.moments, problem.activation_, field, routes).expressions
    tabulated = {s: m for s, m in diffusion.moments.items() if s not in values}
    size = diffusion.covariance.rows
    derived = {
        f"D[{i}, {j}]": diffusion.covariance[i, j] for i in range(size) for j in range(i, size)
    }
    derived["f1"] = diffusion.finite_size
    columns: list[Expr] = []
    sums = {name: _in_columns(value, set(tabulated), columns) for name, value in derived.items()}
    targets = {name: _lowerable(value, values) for name, value in sums.items()}
    look_up = _look_up(derivation, [str(_column(i)) for i in range(len(columns))])
    across = f"across2 = max({SMALLEST_ACROSS}, 1.0 - R*R)"
    body = [across, *(look_up if columns else []), *assignments(targets)]
    head = _table(derivation, len(columns)) + _table_row(derivation, tabulated, columns)
    return head + _diffusion_function(derivation, size, body)


def _column(index: int) -> Symbol:
    return Symbol(f"column{index}", real=True)


def _in_columns(expression: Expr, tabulated: set[Symbol], columns: list[Expr]) -> Expr:
    """Write a sum of tabulated moments in terms of table columns; extends the columns.

    Moments that always come together, as those of ``(g(v) - g(f))^4``, share one column.
    """
    rest, sums = sympy.Integer(0), dict[Expr, Expr]()
    for term in sympy.Add.make_args(sympy.expand(expression)):
        number, factors = term.as_coeff_mul()
        inside = [f for f in factors if f in tabulated]
        if len(inside) != 1 or not term.is_polynomial(*inside):
            rest += term  # without a tabulated moment, or a product of two: those stand alone
            continue
        front = sympy.Mul(*(f for f in factors if f not in tabulated))
        sums[front] = sums.get(front, sympy.Integer(0)) + number * inside[0]
    # In an order of their own: that of a set would differ from process to process.
    for moment in sorted(rest.free_symbols & tabulated, key=str):
        rest = rest.subs(moment, _position(moment, columns))
    return rest + sum(front * _position(moments, columns) for front, moments in sums.items())


def _position(moments: Expr, columns: list[Expr]) -> Expr:
    scale, moments = moments.as_content_primitive()
    if -moments in columns:
        scale, moments = -scale, -moments
    if moments not in columns:
        columns.append(moments)
    return scale * _column(columns.index(moments))


def _table_row(derivation: Derivation, tabulated: dict[Symbol, Moment], columns: list[Expr]) -> str:
    """Source text of ``table_row(q, shift, rho)``: the columns at one point, by quadrature."""
    if not columns:
        return ""
    call, quadrature = moment_functions("second_moments", derivation, tabulated)
    body = [*call, *assignments({str(_column(i)): column for i, column in enumerate(columns)})]
    returns = [f"({', '.join(f'float({_column(i)})' for i in range(len(columns)))},)"]
    return quadrature + function("table_row", ["q", "shift", "rho"], body, returns)


def _lowerable(expression: Expr, closed: dict[Symbol, Expr]) -> Expr:
    renamed = RENAMED | {ACROSS: ACROSS}
    return sympy.sympify(expression).subs(closed).subs(renamed)


def _diffusion_function(derivation: Derivation, size: int, body: list[str]) -> str:
    mirror = [f"D[{j}, {i}] = D[{i}, {j}]" for i in range(size) for j in range(i + 1, size)]
    lines = [*_unpack(derivation, rates=True), *body, *mirror]
    comment = "Covariance of N times one step's increment; returns the finite-size drift."
    arguments = ["t", "y", "p", "D"]
    return function("diffusion", arguments, lines, ["float(f1)"], comment=comment)


# --- batch schemes -----------------------------------------------------------------------------


def _batch_diffusion(derivation: Derivation, diffusion: BatchDiffusion) -> str:
    symbols, covariance = _tabulated_covariances(len(diffusion.scattering))
    means: dict[int, Expr] = {}
    for i in range(len(diffusion.averaged)):
        clean, noisy = sympy.symbols(f"mean{i}_0 mean{i}_2", real=True)
        symbols += [str(clean), str(noisy)]
        means[i] = clean + NOISE * noisy
    increments = list(diffusion.increments.values())
    targets = {
        f"D[{i}, {j}]": _covariance(increments[i], increments[j], covariance).subs(RENAMED)
        for i in range(len(increments))
        for j in range(i, len(increments))
    }
    f1 = sum((front * means[i] for front, i in diffusion.finite_size), sympy.Integer(0))
    targets["f1"] = sympy.sympify(f1).subs(RENAMED)
    across = f"{BATCH_ACROSS} = math.sqrt(max(0.0, 1.0 - R*R))"
    body = [across, *_look_up(derivation, symbols), *assignments(targets)]
    head = _table(derivation, len(symbols))
    return head + _diffusion_function(derivation, len(increments), body)


def _tabulated_covariances(count: int) -> tuple[list[str], dict[tuple[int, int], Expr]]:
    """The table's columns in order, and the covariances of elements in terms of them."""
    columns: list[str] = []
    covariance: dict[tuple[int, int], Expr] = {}
    for i in range(count):
        for j in range(i, count):
            parts = sympy.symbols([f"cov{i}_{j}_{n}" for n in range(3)], real=True)
            columns += map(str, parts)
            value = parts[0] + NOISE * parts[1] + NOISE**2 * parts[2]
            covariance[i, j] = covariance[j, i] = value
    return columns, covariance


def _covariance(a: Combination, b: Combination, of: dict[tuple[int, int], Expr]) -> Expr:
    total: Expr = sympy.Integer(0)
    for front, i in a:
        for other, j in b:
            total += front * other * of[i, j]
    return total
