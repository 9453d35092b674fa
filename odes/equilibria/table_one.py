"""The paper's Table 1: BN, WN and SGD side by side, symbolically and in numbers.

BN stands for its explicit form, population normalisation with gamma decay (`pn`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import sympy
from sympy import Expr, Symbol

from ...results.tabular import Tabular
from ...teacher_student.problem import Problem
from ...teacher_student.regularization import decay
from ..derivation.drift import Derivation, derive_drift
from ..derivation.symbols import (
    BATCH,
    DECAY,
    ETA,
    FIELD_STD,
    GAMMA,
    GAMMA_RATE,
    NOISE,
    RHO,
    SHIFT,
    SIGN,
    STATISTICS_SIZE,
    ZETA,
    L,
    R,
)
from ..source.slopes import jacobian_entry
from .dynamics import Dynamics
from .stability import best_limit, largest_learning_rate

SCHEMES = {"BN": "pn", "WN": "wn", "SGD": "sgd"}
L0 = Symbol("L0", positive=True)
QUANTITIES = ("Q0", "R0", "L0", "eta_max", "eta_eff")


@dataclass(frozen=True)
class TableRow:
    """One scheme of Table 1.

    Attributes
    ----------
    name
        ``BN``, ``WN`` or ``SGD``.
    problem
        The setting in numbers.
    symbolic
        ``Q0 R0 L0 eta_max eta_eff`` as sympy expressions in ``zeta M S eta`` and ``L0``
        (arbitrary); empty where the moments have no closed form.
    numeric
        The same as numbers, at ``L0 = l0`` where the length is arbitrary; None where there is
        none.
    """

    name: str
    problem: Problem
    symbolic: Mapping[str, Expr]
    numeric: Mapping[str, float | None]


@dataclass(frozen=True)
class TableOne(Tabular):
    """Table 1 for one activation."""

    _dimension: ClassVar[str] = "scheme"

    problem: Problem
    rows: tuple[TableRow, ...]

    def to_dict(self) -> dict[str, Any]:
        """The JSON form; symbolic entries as text."""
        rows = [
            {
                "scheme": row.name,
                "symbolic": {key: str(value) for key, value in row.symbolic.items()} or None,
                "numeric": dict(row.numeric),
            }
            for row in self.rows
        ]
        return {"problem": self.problem.to_dict(), "zeta": self.zeta, "table": rows,
                "summary": self.summary()}  # fmt: skip

    @property
    def zeta(self) -> float:
        """The decay of the BN row."""
        return decay(self.rows[0].problem)

    def columns(self) -> dict[str, list[Any]]:
        """The CSV form, in numbers."""
        columns: dict[str, list[Any]] = {"scheme": [row.name for row in self.rows]}
        return columns | {q: [row.numeric[q] for row in self.rows] for q in QUANTITIES}

    def _attributes(self) -> dict[str, Any]:
        return {"problem": self.problem.to_json()}

    def lines(self) -> list[str]:
        """The table as text, symbolic entries first."""
        lines = []
        for row in self.rows:
            for kind, values in (("", row.symbolic), (" (numbers)", row.numeric)):
                cells = [f"{q} = {_cell(values[q])}" for q in QUANTITIES if q in values]
                if cells:
                    lines.append(f"{row.name}{kind}: " + ", ".join(cells))
        return [*lines, self.summary()]

    def summary(self) -> str:
        """Proposition 2 in words, in this table's numbers."""
        largest = {row.name: row.numeric["eta_max"] for row in self.rows}
        if any(value is None for value in largest.values()):
            return "Some scheme has no largest stable learning rate here."
        others = max(largest["WN"] or 0.0, largest["SGD"] or 0.0)
        gain = (largest["BN"] or 0.0) - others
        holds = "holds" if gain >= 2 * self.zeta * (1 - 1e-9) else "does NOT hold"
        return (
            f"eta_max(BN) exceeds that of WN and SGD by {gain:.6g}; the paper's bound of at least "
            f"2 zeta = {2 * self.zeta:.6g} {holds}."
        )


def table_one(problem: Problem) -> TableOne:
    """Table 1 of the paper for a problem's activation, batch size, noise and decay.

    Parameters
    ----------
    problem
        Its scheme plays no part; ``zeta`` is BN's (``auto`` unless it is a number above 0).

    Raises
    ------
    ValueError
        For a learning-rate schedule.

    Examples
    --------
    >>> from bntheory import Problem
    >>> table = table_one(Problem("relu", "pn", batch_size=1))
    >>> table.rows[0].symbolic["Q0"], table.rows[0].symbolic["eta_max"]
    (1/(2*zeta + 1), 2*M*(2*zeta + 1))
    """
    problem = problem.limit
    zeta = problem.zeta if problem.zeta not in (0.0, "auto") else "auto"
    common = {"train_beta": False, "weight_decay": 0.0, "batch_size": problem.M}
    rows = []
    for name, scheme in SCHEMES.items():
        own_zeta = zeta if name == "BN" else 0.0
        size = problem.statistics_size if own_zeta == "auto" else None
        own = problem.replace(**common, scheme=scheme, zeta=own_zeta, statistics_size=size)
        flow = Dynamics(own)
        numeric = _numbers(flow)
        rows.append(TableRow(name, own, _symbols(derive_drift(own), name, numeric), numeric))
    return TableOne(rows[0].problem, tuple(rows))


def _numbers(flow: Dynamics) -> dict[str, float | None]:
    y = best_limit(flow)
    if y is None:
        return dict.fromkeys(QUANTITIES)
    bound, length = largest_learning_rate(flow, y), float(y[flow.L])
    Q = flow.scale(y)
    rate = Q / length**2
    return {
        "Q0": Q,
        "R0": float(y[flow.R]),
        "L0": length,
        "eta_max": None if bound is None else bound * rate,
        "eta_eff": flow.eta * rate,
    }


def _symbols(
    derivation: Derivation, name: str, numeric: Mapping[str, float | None]
) -> dict[str, Expr]:
    """Table 1's entries at |R| = 1 from the derived drift and its Jacobian."""
    if derivation.by_quadrature or abs(abs(numeric["R0"] or 0.0) - 1) > 1e-9:
        return {}
    known = {SIGN: 1, DECAY: 0, GAMMA_RATE: 1, **({} if name == "BN" else {ZETA: 0})}
    scale = derivation.scale

    def at_one(expression: Expr) -> Expr:
        inner = {FIELD_STD: scale, RHO: R, SHIFT: derivation.shift}
        return sympy.simplify(expression.subs(known).subs(inner).subs(R, 1))

    drift = {key: at_one(v.subs(derivation.closed)) for key, v in derivation.drift.items()}
    unknown = GAMMA if name != "SGD" else L
    first = sympy.expand(drift["gamma" if name != "SGD" else "L"]).coeff(ETA, 1)
    root = _nearest(sympy.solve(sympy.simplify(first), unknown), derivation, numeric["Q0"] or 1.0)
    if root is None:
        return {}
    length = L0 if name != "SGD" else root
    point = {unknown: root, L: length}
    # The growth rate of misaligned weights (stability.return_matrix): d(dR/dt)/dR + dlog L/dt.
    fluctuations = sympy.expand(drift["L"] / L).coeff(ETA, 2) * ETA**2
    growth = at_one(jacobian_entry(derivation, "R", "R")) + fluctuations
    rate = sympy.simplify(sympy.expand(growth.subs(point)) / ETA)
    bounds = sympy.solve(rate, ETA)
    if len(bounds) != 1:
        return {}
    Q0 = sympy.factor(root)
    return {
        "Q0": Q0,
        "R0": sympy.Integer(1),
        "L0": length,
        "eta_max": sympy.factor(bounds[0] * Q0 / length**2),
        "eta_eff": sympy.factor(ETA * Q0 / length**2),
    }


def _nearest(roots: list[Expr], derivation: Derivation, value: float) -> Expr | None:
    """The root whose value, in this problem's numbers, is the one found numerically."""
    problem = derivation.problem
    numbers = {
        ZETA: decay(problem),
        NOISE: problem.noise,
        BATCH: problem.M,
        STATISTICS_SIZE: problem.m,
    }
    good = [r for r in roots if abs(complex(r.subs(numbers)) - value) < 1e-6]
    return good[0] if good else None


def _cell(value: Any) -> str:
    if value is None:
        return "-"
    return str(value) if isinstance(value, Expr) else f"{value:.8g}"
