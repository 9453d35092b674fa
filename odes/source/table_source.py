"""How a batch scheme's generated flow asks for its table of moments, and looks them up."""

from __future__ import annotations

from sympy import Symbol

from ..derivation.batch_moments import PairMoment
from ..derivation.batch_tables import degree, is_singular, spec_of
from ..derivation.drift import Derivation
from ..derivation.symbols import PARAMETERS


def table_spec(derivation: Derivation) -> str:
    """What a batch scheme's flow asks `moment_tables` for, as JSON; empty if for nothing."""
    if not (derivation.problem.uses_batch and derivation.by_quadrature):
        return ""
    wanted = derivation.by_quadrature.values()
    return spec_of(derivation.problem.activation_, derivation.field, wanted).to_json()


def singular(derivation: Derivation) -> bool:
    """Whether moments may be infinite at q = 0."""
    return is_singular(derivation.problem.activation_, derivation.field)


def table_point(derivation: Derivation, functions: str, axis: str) -> str:
    """Where to look: second and third axis.

    Parameters
    ----------
    derivation
        Of the flow.
    functions
        Where atan2 is found.
    axis
        The scale on the table's axis.
    """
    if not derivation.problem.activation_.homogeneous:
        return f"{axis}, shift"
    return "0.0, 0.0" if derivation.shift == 0 else f"{functions}.atan2(shift, q), 0.0"


def tabulated(derivation: Derivation) -> list[Symbol]:
    """The tabulated moments in the order of the table."""
    wanted = derivation.by_quadrature
    return sorted(wanted, key=lambda symbol: isinstance(wanted[symbol], PairMoment))


def table_lines(derivation: Derivation) -> list[str]:
    """Lines that look up the tabulated moments of a batch scheme."""
    wanted = derivation.by_quadrature
    if not wanted:
        return []
    homogeneous = derivation.problem.activation_.homogeneous
    point = table_point(derivation, "math", f"scale_axis(p, {len(PARAMETERS)}, q)")
    order = tabulated(derivation)
    lines = [
        f"values = np.empty({len(order)})",
        f"look_up(p, {len(PARAMETERS)}, math.acos(rho), {point}, values)",
        *(["size = math.hypot(q, shift)"] if homogeneous else []),
    ]
    for i, symbol in enumerate(order):
        power = degree(wanted[symbol]) if homogeneous else 0
        lines.append(f"{symbol} = values[{i}]" + f"*size**{power}" * (power > 0))
    return lines
