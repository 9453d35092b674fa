"""Source text of the joint flow of mean and covariance."""

from __future__ import annotations

import json

import sympy
from sympy import Expr, Symbol

from ...codegen.functions import Angle, Hypot, RootOfRest
from ...codegen.model import (
    Assign,
    Block,
    Call,
    Function,
    LookUp,
    Module,
    Return,
    Statement,
    Table,
    Target,
    entry,
)
from ...codegen.printers.python import PYTHON
from ...results.errors import InputError
from ...teacher_student.optimisers import refuse_optimisers
from ...teacher_student.problem_checks import refuse_running
from ..derivation.batch_diffusion import ACROSS as BATCH_ACROSS
from ..derivation.batch_diffusion import (
    BatchDiffusion,
    derive_batch_diffusion,
)
from ..derivation.diffusion import ACROSS, SMALLEST_ACROSS, Diffusion, derive_diffusion
from ..derivation.drift import Derivation
from ..derivation.gaussian_moments import Moment
from ..derivation.routes import choose
from ..derivation.signal_moments import SignalMoment
from ..derivation.step import PLAIN
from ..derivation.student_field import laurent
from ..derivation.symbols import (
    FIELD_STD,
    NOISE,
    RHO,
    SHIFT,
    UHAT,
    R,
)
from .columns import column, in_columns
from .covariances import covariance_of, in_groups, mean_of, tabulated_covariances
from .numerical_jacobian import NUMERICAL_JACOBIAN
from .quadratures import kink_constant, moment_functions
from .signal_source import signal_call
from .system_module import RENAMED, known_by_quadrature, unpacked
from .table_source import by_direction, singular

_F1 = Symbol("f1", real=True)
_PLACE = Symbol("place")


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
    refuse_optimisers(derivation.problem, "the scatter of runs is derived for plain SGD")
    refuse_running(derivation.problem, "the scatter of runs with running statistics is not known")
    training = derivation.training
    if training.gain != 1 or (derivation.problem.uses_batch and training != PLAIN):
        accepted = "fluctuations are derived for SGD, and for batch schemes with squared loss"
        raise InputError("training", str(training), accepted)
    mean = f"from {flow}.system import *\n"
    if derivation.by_quadrature:
        mean += NUMERICAL_JACOBIAN
    problem = derivation.problem
    if problem.uses_batch:
        module = _batch_diffusion(derivation, derive_batch_diffusion(problem))
    elif not problem.squares:
        call, module = _signal_diffusion(derivation, derive_diffusion(problem))
        mean += call
    else:
        module = _diffusion(derivation, derive_diffusion(problem, training.loss))
    return mean + "\n" + PYTHON.module(module)


def _table(derivation: Derivation, moments: int) -> dict[str, object]:
    """The constant that says what `diffusion_tables` is asked for."""
    if not moments:
        return {"DIFFUSION_TABLE": ""}
    X = derivation.field.X
    batch = derivation.problem.uses_batch
    spec = {
        "homogeneous": by_direction(derivation),
        "shifted": derivation.shift != 0,
        "singular": batch and singular(derivation),
        "order": max(0, derivation.smallest_batch - 2),
        "x0": laurent(X.coeff(UHAT, 0)) if batch else [],
        "x1": laurent(X.coeff(UHAT, 1)) if batch else [],
    }
    return {"DIFFUSION_TABLE": json.dumps(spec)}


def _look_up(derivation: Derivation, symbols: list[Symbol]) -> list[Statement]:
    """Statements that read the moments from the table, at the point of its axes."""
    point: tuple[Expr, Expr] = (sympy.atan(2 * FIELD_STD), SHIFT)
    if by_direction(derivation):
        point = (Angle(SHIFT, FIELD_STD), Hypot(FIELD_STD, SHIFT))
    elif derivation.problem.uses_batch and singular(derivation):
        point = (sympy.log(FIELD_STD), SHIFT)
    # Where the table begins is the last of the numbers.
    place = Assign(_PLACE, Call("int", (entry("p", -1),)))
    return [place, LookUp(tuple(symbols), Table(_PLACE), (sympy.acos(RHO), *point))]


# --- one example's own field -------------------------------------------------------------------


def _signal_diffusion(derivation: Derivation, diffusion: Diffusion) -> tuple[str, Module]:
    """The call of the kernel, and the diffusion, of a loss whose moments it averages.

    They depend on noise and clipping beside the field, so that they are averaged, not tabulated.
    """
    name = "second_moments"
    found, _ = known_by_quadrature(name, derivation, diffusion.moments)
    targets = _derived(diffusion)
    across = Assign(ACROSS, sympy.Max(SMALLEST_ACROSS, 1 - R**2))
    body = [across, *found, Block({target: _lowerable(v, {}) for target, v in targets.items()})]
    function = _diffusion_function(derivation, diffusion.covariance.rows, body)
    signals = {s: m for s, m in diffusion.moments.items() if isinstance(m, SignalMoment)}
    return signal_call(name, signals), Module(_table(derivation, 0), [function])


def _derived(diffusion: Diffusion) -> dict[Target, Expr]:
    """Covariance and finite-size drift, by what they are assigned to."""
    size = diffusion.covariance.rows
    derived: dict[Target, Expr] = {
        entry("D", i, j): diffusion.covariance[i, j] for i in range(size) for j in range(i, size)
    }
    derived[_F1] = diffusion.finite_size
    return derived


def _diffusion(derivation: Derivation, diffusion: Diffusion) -> Module:
    problem, field, routes = derivation.problem, derivation.field, derivation.routes
    values = choose(diffusion.moments, problem.activation_, field, routes).expressions
    known = diffusion.moments.items()
    tabulated = {s: m for s, m in known if s not in values and isinstance(m, Moment)}
    size, derived = diffusion.covariance.rows, _derived(diffusion)
    columns: list[Expr] = []
    sums = {name: in_columns(value, set(tabulated), columns) for name, value in derived.items()}
    targets = {name: _lowerable(value, values) for name, value in sums.items()}
    look_up = _look_up(derivation, [column(i) for i in range(len(columns))])
    across = Assign(ACROSS, sympy.Max(SMALLEST_ACROSS, 1 - R**2))
    body = [across, *(look_up if columns else []), Block(targets)]
    row = _table_row(derivation, tabulated, columns)
    constants = _table(derivation, len(columns)) | (kink_constant(derivation) if row else {})
    return Module(constants, [*row, _diffusion_function(derivation, size, body)])


def _table_row(
    derivation: Derivation, tabulated: dict[Symbol, Moment], columns: list[Expr]
) -> list[Function]:
    """``table_row(q, shift, rho)``: the columns at one point, by quadrature; none without any."""
    if not columns:
        return []
    call, quadrature = moment_functions("second_moments", derivation, tabulated)
    values = {column(i): value for i, value in enumerate(columns)}
    body = (*call, Block(values), Return(tuple(values)))
    return [*quadrature, Function("table_row", ("q", "shift", "rho"), body)]


def _lowerable(expression: Expr, closed: dict[Symbol, Expr]) -> Expr:
    return sympy.sympify(expression).xreplace(closed).xreplace(RENAMED)


def _diffusion_function(derivation: Derivation, size: int, body: list[Statement]) -> Function:
    mirror = [
        Assign(entry("D", j, i), entry("D", i, j)) for i in range(size) for j in range(i + 1, size)
    ]
    statements = (*unpacked(derivation, rates=True), *body, *mirror, Return(_F1))
    comment = "Covariance of N times one step's increment; returns the finite-size drift."
    return Function("diffusion", ("t", "y", "p", "D"), statements, comment)


# --- batch schemes -----------------------------------------------------------------------------


def _batch_diffusion(derivation: Derivation, diffusion: BatchDiffusion) -> Module:
    powers = 3 if derivation.problem.squares else 1
    symbols, covariance = tabulated_covariances(len(diffusion.scattering), powers)
    means: dict[int, Expr] = {}
    for i in range(len(diffusion.averaged)):
        parts = sympy.symbols([f"mean{i}_{n}" for n in range(0, powers, 2)], real=True)
        symbols += parts
        means[i] = sum((NOISE**n * part for n, part in enumerate(parts)), sympy.Integer(0))
    increments = list(diffusion.increments.values())
    targets: dict[Target, Expr] = {
        entry("D", i, j): in_groups(covariance_of(increments[i], increments[j], covariance))
        for i in range(len(increments))
        for j in range(i, len(increments))
    }
    mean_plane = sum((mean_of(part, means) ** 2 for part in diffusion.in_plane), sympy.Integer(0))
    targets[_F1] = in_groups(mean_of(diffusion.finite_size, means), mean_plane)
    across = Assign(BATCH_ACROSS, RootOfRest(R))
    body = [across, *_look_up(derivation, symbols), Block(targets)]
    function = _diffusion_function(derivation, len(increments), body)
    return Module(_table(derivation, len(symbols)), [function])
