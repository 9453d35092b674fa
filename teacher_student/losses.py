"""Losses: each is one formula in the label ``y`` and the student's output ``o``.

What training needs of a loss is the *signal*, minus its derivative by the output, and where that
signal has a kink or a jump; both follow from the formula.
"""

from __future__ import annotations

import itertools
import math
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING

from ..codegen.formula import FormulaError, check, to_sympy
from ..results.errors import InputError
from .activations import pieces

if TYPE_CHECKING:
    import sympy

SQUARED = "squared"
#: The shipped losses without a number; `HUBER` has one.
LOSSES = {
    SQUARED: "(y - o)**2/2",
    "absolute": "abs(y - o)",
    "logistic": "softplus(-y*o)",
    "hinge": "max(0, 1 - y*o)",
}
#: Squared up to a residual of c, and straight beyond it.
HUBER = "((y - o)**2 - max(0, y - o - {c})**2 - max(0, o - y - {c})**2)/2"
#: Losses that read the label as one of two classes, -1 and 1.
OF_CLASSES = ("logistic", "hinge")
LOSS_NAMES = (*LOSSES, "huber:C")
VARIABLES = ("y", "o")
#: Largest and smallest threshold of a Huber loss.
THRESHOLDS = (1e-6, 1e6)
#: Outputs and labels at which a formula must have a value.
TRIED = (-7.0, -2.3, -1.0, 0.0, 0.4, 1.0, 1.7, 7.0)
#: Outputs at which a loss shows whether it falls for ever.
FAR = (1e2, 1e4, 1e6, 1e8)


@dataclass(frozen=True)
class Loss:
    """A loss, resolved: its formula and what follows from it, each found when first asked.

    A `Problem` hands out its own; another is had by `named`.

    Attributes
    ----------
    name
        As the user gave it.
    formula
        In the label ``y`` and the output ``o``.

    Examples
    --------
    >>> hinge = Loss.named("hinge")
    >>> hinge.formula, hinge.signal, hinge.borders
    ('max(0, 1 - y*o)', y*Heaviside(-o*y + 1), (-o*y + 1,))
    """

    name: str
    formula: str

    @staticmethod
    @lru_cache(maxsize=256)
    def named(loss: str) -> Loss:
        """The loss of a shipped name, or of a user's formula.

        Raises
        ------
        FormulaError
            If it is neither.
        """
        if loss in LOSSES:
            return Loss(loss, LOSSES[loss])
        if loss.startswith("huber"):
            return Loss(loss, HUBER.format(c=_threshold(loss)))
        try:
            used = check(loss, VARIABLES)
        except FormulaError as problem:
            raise FormulaError(f"{problem}; or one of the names {', '.join(LOSS_NAMES)}") from None
        if used != set(VARIABLES):
            raise FormulaError(f"{loss!r} does not depend on both the label y and the output o")
        return Loss(loss, loss)

    @cached_property
    def expression(self) -> sympy.Expr:
        """The loss as a sympy expression of `loss_symbols`.

        Raises
        ------
        InputError
            If it is no finite real number somewhere, jumps, or falls without bound.
        """
        y, o = loss_symbols()
        try:
            expression = to_sympy(self.formula, {"y": y, "o": o})
        except FormulaError as problem:
            raise self._refused(str(problem)) from None
        for label in TRIED:
            for output in TRIED:
                if not math.isfinite(_value(expression, label, output)):
                    at = f"y={label:g}, o={output:g}"
                    raise self._refused(f" is not a finite real number at {at}")
        for label in (-1.0, 1.0, 0.3):
            self._check_bounded(expression, label)
        return expression

    @cached_property
    def signal(self) -> sympy.Expr:
        """Minus the derivative by the output; on a kink that of one of its sides.

        Raises
        ------
        InputError
            If the loss jumps.
        """
        import sympy

        _, o = loss_symbols()
        slope = -sympy.diff(self.expression, o)
        if slope.has(sympy.sinh, sympy.cosh):  # their quotients do not overflow as they do
            slope = sympy.simplify(slope)
        for jump in slope.atoms(sympy.DiracDelta):
            # x Dirac(x) is no jump: the loss is continuous where its factor vanishes there.
            front = sympy.expand(slope).coeff(jump)
            if sympy.simplify(front.subs(o, _root(jump.args[0], o))) != 0:
                raise self._refused(" jumps, so that its slope says nothing; accepted is a loss "
                                    "that is continuous in o")  # fmt: skip
        return slope.replace(sympy.DiracDelta, lambda *_: sympy.Integer(0))

    @cached_property
    def borders(self) -> tuple[sympy.Expr, ...]:
        """What is zero where the signal has a kink or a jump."""
        import sympy

        signal = self.signal
        found = {inner.args[0] for inner in signal.atoms(sympy.Abs, sympy.sign, sympy.Heaviside)}
        choices = [pieces(choice) for choice in signal.atoms(sympy.Max, sympy.Min)]
        found |= {a - b for some in choices for i, a in enumerate(some) for b in some[i + 1 :]}
        borders = {sympy.expand(piece) for border in found for piece in pieces(border)}
        kept: list[sympy.Expr] = []
        for border in sorted(borders, key=str):
            if border.free_symbols and -border not in kept:
                kept.append(border)
        return tuple(kept)

    @cached_property
    def of_difference(self) -> bool:
        """Whether it depends on ``y - o`` alone."""
        import sympy

        y, o = loss_symbols()
        return bool(sympy.simplify(self.signal.subs(y, y + o).diff(o)) == 0)

    @cached_property
    def growth(self) -> float:
        """The power of a large label with which the signal grows; infinite beyond any tried.

        Examples
        --------
        >>> [Loss.named(name).growth for name in ("squared", "huber:2", "(y - o)**4")]
        [1.0, 0.0, 3.0]
        """
        ends = [(_value(self.signal, s * 1e4, o), _value(self.signal, s * 1e6, o))
                for s in (-1.0, 1.0) for o in (-1.0, 0.3, 2.0)]  # fmt: skip
        return _power(ends)

    @cached_property
    def output_growth(self) -> float:
        """The power of a large output with which the signal grows; infinite beyond any tried."""
        ends = [(_value(self.signal, y, s * 1e4), _value(self.signal, y, s * 1e6))
                for s in (-1.0, 1.0) for y in (-1.0, 0.3, 1.0)]  # fmt: skip
        return _power(ends)

    @cached_property
    def fades(self) -> bool:
        """Whether the signal of a large output is small, as that of ``log(1 + (y - o)**2)`` is."""
        far = [_value(self.signal, y, s * 1e6) for s in (-1.0, 1.0) for y in (-1.0, 0.3, 1.0)]
        return all(abs(value) < 1e-3 for value in far)

    def _check_bounded(self, expression: sympy.Expr, label: float) -> None:
        """Refuse a loss that goes on falling far out, or grows beyond a Gaussian's reach."""
        for side in (-1.0, 1.0):
            values = [_value(expression, label, side * far) for far in FAR]
            fell = [late - early for early, late in itertools.pairwise(values)]
            if fell[-1] < -1e-9 and fell[-1] <= 0.5 * fell[-2]:
                at = f"at y={label:g} as o goes to {'' if side > 0 else '-'}infinity"
                raise self._refused(f" is not bounded below ({at}); accepted is a loss that is")
            near, far = (abs(_value(expression, label, side * x)) for x in (8.0, 16.0))
            if not math.isfinite(far) or math.log1p(far) > 3.0 * math.log1p(near) + 9.0:
                raise self._refused(" grows faster than an exponential: its averages over a "
                                    "Gaussian field are infinite")  # fmt: skip

    def _refused(self, reason: str) -> InputError:
        return InputError("loss", self.name, reason)


def loss_symbols() -> tuple[sympy.Symbol, sympy.Symbol]:
    """The symbols ``y`` and ``o`` of a loss."""
    import sympy

    return sympy.Symbol("y", real=True), sympy.Symbol("o", real=True)


def _threshold(loss: str) -> str:
    text = loss.removeprefix("huber").removeprefix(":")
    try:
        inside = THRESHOLDS[0] <= float(text) <= THRESHOLDS[1]
    except ValueError:
        inside = False
    if not inside:
        bounds = " to ".join(f"{x:g}" for x in THRESHOLDS)
        raise FormulaError(f"{loss!r}: huber:C with a threshold C from {bounds} is accepted")
    return repr(float(text))


def _value(expression: sympy.Expr, label: float, output: float) -> float:
    """The value at a label and an output; infinite or NaN where it has none that is real."""
    import sympy

    y, o = loss_symbols()
    try:
        value = expression.subs({y: sympy.Rational(label), o: sympy.Rational(output)}).evalf(17)
        return float(value)
    except (TypeError, OverflowError, ValueError):
        return math.nan


def _power(ends: list[tuple[float, float]]) -> float:
    """The largest power with which values grow from arguments to those a hundred times larger."""
    if not all(math.isfinite(late) for _, late in ends):
        return math.inf
    powers = [math.log(max(abs(b), 1e-9) / max(abs(a), 1e-9)) / math.log(1e2) for a, b in ends]
    return max(0.0, round(max(powers), 2))


def _root(border: sympy.Expr, o: sympy.Symbol) -> sympy.Expr:
    """Where a border that is linear in the output is zero."""
    import sympy

    found = sympy.solve(border, o)
    return found[0] if found else sympy.Integer(0)
