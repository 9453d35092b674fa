"""Source text of the joint flow of mean and covariance."""

from __future__ import annotations

import sympy

from ..codegen.lowering import assignments, function
from ..teacher_student.activations import activation_formula
from .derive import Derivation
from .diffusion import ACROSS, SMALLEST_ACROSS, Diffusion
from .flow_source import _RENAME, _unpack, kernel_source, moment_functions
from .gaussian_moments import closed_form

#: The flow's own functions go by these names, where the joint flow takes theirs.
_MEAN_NAMES = {
    "def rhs(": "def drift(",
    "def observables(": "def mean_observables(",
    "SIZE = ": "ORDER = ",
}
_NUMERICAL_JACOBIAN = '''
@kernel
def jacobian(t, y, p, J):
    """Central differences: some moments have no closed form."""
    near, up, down = y.copy(), np.empty(y.size), np.empty(y.size)
    for j in range(y.size):
        h = 1e-5 * (1.0 + abs(y[j]))
        near[j] = y[j] + h
        drift(t, near, p, up)
        near[j] = y[j] - h
        drift(t, near, p, down)
        near[j] = y[j]
        for i in range(y.size):
            J[i, j] = 0.5 * (up[i] - down[i]) / h

'''


def fluctuation_source(derivation: Derivation, diffusion: Diffusion) -> str:
    """Source text of ``drift``, ``jacobian`` and ``diffusion``."""
    mean = kernel_source(derivation)
    for name, called in _MEAN_NAMES.items():
        mean = mean.replace(name, called)
    if derivation.by_quadrature:
        mean += _NUMERICAL_JACOBIAN
    return mean + "\n" + _diffusion(derivation, diffusion)


def _diffusion(derivation: Derivation, diffusion: Diffusion) -> str:
    activation = activation_formula(derivation.problem.activation)
    shifted = derivation.shift != 0
    closed = {s: closed_form(activation, m, shifted) for s, m in diffusion.moments.items()}
    by_quadrature = {s: m for s, m in diffusion.moments.items() if closed[s] is None}
    values = {s: value for s, value in closed.items() if value is not None}
    call, quadrature = moment_functions("second_moments", derivation, by_quadrature)
    size = range(diffusion.covariance.rows)
    targets = {
        f"D[{i}, {j}]": _lowerable(diffusion.covariance[i, j], values)
        for i in size
        for j in size
        if i <= j
    }
    targets["f1"] = _lowerable(diffusion.finite_size, values)
    mirror = [f"D[{j}, {i}] = D[{i}, {j}]" for i in size for j in size if i < j]
    across = f"across2 = max({SMALLEST_ACROSS}, 1.0 - R*R)"
    unpack = _unpack(derivation, rates=True)
    body = [*unpack, across, *call, *assignments(targets), *mirror]
    comment = "Covariance of N times one step's increment; returns the finite-size drift."
    arguments = ["t", "y", "p", "D"]
    source = function("diffusion", arguments, body, ["float(f1)"], comment=comment)
    return quadrature + source


def _lowerable(expression: sympy.Expr, closed: dict[sympy.Symbol, sympy.Expr]) -> sympy.Expr:
    renamed = _RENAME | {ACROSS: ACROSS}
    return sympy.sympify(expression).subs(closed).subs(renamed)
