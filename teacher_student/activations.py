"""Activations: each is one formula in the field ``h``; everything else is derived from it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING, Any

from ..codegen.formula import FormulaError, check, to_sympy
from ..results.errors import InputError
from .names import ACTIVATION_ALIASES, canonical

if TYPE_CHECKING:
    import sympy

#: The shipped activations. ``erf`` is scaled as in the literature on teacher-student dynamics.
ACTIVATIONS = {
    "relu": "max(0, h)",
    "identity": "h",
    "erf": "erf(h/sqrt(2))",
    "tanh": "tanh(h)",
    "sigmoid": "sigmoid(h)",
    "softplus": "softplus(h)",
    "gelu": "h*(1 + erf(h/sqrt(2)))/2",
    "leaky-relu": "max(h, 0.01*h)",
    "silu": "h*sigmoid(h)",
    "elu": "max(0, h) + exp(min(0, h)) - 1",
    # PyTorch's constants, at which a unit keeps mean 0 and variance 1.
    "selu": "1.0507009873554805*(max(0, h) + 1.6732632423543772*(exp(min(0, h)) - 1))",
    "hard-tanh": "max(-1, min(1, h))",
}

#: Fields at which a formula must have a value.
TRIED = (-7, -2.3, 0, 1.7, 7)
#: A field beyond any kink.
FAR = 10**3


@dataclass(frozen=True)
class Activation:
    """An activation, resolved: its formula and what follows from it, each found when first asked.

    A `Problem` hands out its own; another is had by `named`.

    Attributes
    ----------
    formula
        In the field ``h``.

    Examples
    --------
    >>> relu = Activation.named("relu")
    >>> relu.formula, relu.kinks, relu.side_slopes
    ('max(0, h)', (0.0,), (0.0, 1.0))
    """

    formula: str

    @staticmethod
    @lru_cache(maxsize=256)
    def named(activation: str) -> Activation:
        """The activation of a shipped name (in any case, or an alias), or of a user's formula.

        Raises
        ------
        FormulaError
            If it is neither.
        """
        name = canonical(activation, ACTIVATIONS, ACTIVATION_ALIASES)
        if name in ACTIVATIONS:
            return Activation(ACTIVATIONS[name])
        try:
            used = check(activation, {"h"})
        except FormulaError as problem:
            names = ", ".join(ACTIVATIONS)
            raise FormulaError(f"{problem}; or one of the names {names}") from None
        if not used:
            raise FormulaError(f"{activation!r} does not depend on h; a formula in h is accepted")
        return Activation(activation)

    @cached_property
    def expression(self) -> sympy.Expr:
        """g as a sympy expression of the real symbol ``h``.

        Raises
        ------
        InputError
            If it is not a finite real number for every ``h`` tried: the field is Gaussian, so
            that it takes every value.
        """
        h = field_symbol()
        try:
            expression = to_sympy(self.formula, {"h": h})
        except FormulaError as problem:
            raise self._refused(str(problem)) from None
        for value in TRIED:
            g = expression.subs(h, value).evalf()
            if not (g.is_number and g.is_finite and g.is_real):
                raise self._refused(
                    f" is not a finite real number at h={value}; a formula that is one for every h "
                    "is accepted"
                )
        return expression

    @cached_property
    def slope(self) -> sympy.Expr:
        """The derivative g'(h); a kink's own value is that of the left or right side."""
        import sympy

        slope = sympy.diff(self.expression, field_symbol())
        # Products such as h*Dirac(h) are zero; a jump in g itself has no usable gradient.
        slope = slope.replace(sympy.DiracDelta, lambda *_: sympy.Integer(0))
        return sympy.expand(slope) if slope.has(sympy.Heaviside) else slope

    @cached_property
    def kinks(self) -> tuple[float, ...]:
        """Where quadratures are split: the formula is not smooth, or is steep (`bends`).

        Examples
        --------
        >>> Activation("min(max(h, -1), 1)").kinks, Activation("tanh(2*h)").kinks
        ((-1.0, 1.0), (-4.0, -2.0, 0.0, 2.0, 4.0))

        Raises
        ------
        InputError
            If it bends too fast.
        """
        from .bends import TooSteepError, bends  # they bring numba with them

        borders, h = self._borders(), field_symbol()
        if self.formula in ACTIVATIONS.values() or self.expression.free_symbols != {h}:
            return borders
        try:
            found = bends(self.expression, self.slope, h, borders)
        except TooSteepError:
            reason = " bends too fast or too often for quadratures; a smoother one is accepted"
            raise self._refused(reason) from None
        return tuple(sorted({*borders, *found}))

    @property
    def steep(self) -> bool:
        """Whether it bends within a short piece somewhere."""
        return self.kinks != self._borders()

    def _borders(self) -> tuple[float, ...]:
        """Where the formula is not smooth."""
        import sympy

        g = self.expression
        borders = {inner.args[0] for inner in g.atoms(sympy.Abs, sympy.sign, sympy.Heaviside)}
        choices = [pieces(choice) for choice in g.atoms(sympy.Max, sympy.Min)]
        borders |= {x - y for some in choices for i, x in enumerate(some) for y in some[i + 1 :]}
        borders = {piece for border in borders for piece in pieces(border)}
        return tuple(sorted({root for border in borders for root in self._roots(border)}))

    @cached_property
    def is_polynomial(self) -> bool:
        """Whether g is a polynomial in ``h``."""
        return bool(self.expression.is_polynomial(field_symbol()))

    @cached_property
    def side_slopes(self) -> tuple[float, ...]:
        """Slopes on the left and right of 0 of a positively homogeneous activation, else ()."""
        import sympy

        h, x = field_symbol(), sympy.Symbol("x", positive=True)
        slopes = [sympy.simplify(self.expression.subs(h, s * x) / (s * x)) for s in (-1, 1)]
        return () if any(slope.free_symbols for slope in slopes) else tuple(map(float, slopes))

    @property
    def homogeneous(self) -> bool:
        """Whether ``g(c h) = c g(h)`` for every positive c."""
        return bool(self.side_slopes)

    @cached_property
    def growth(self) -> int:
        """The degree of g at infinity: 0 where it is bounded and ``h g'(h)`` is too.

        Raises
        ------
        InputError
            If it grows faster than any power tried.

        Examples
        --------
        >>> [Activation.named(name).growth for name in ("relu", "erf", "h**2")]
        [1, 0, 2]
        """
        import sympy

        h = field_symbol()
        ends = [(_far_out(self.slope, sign * FAR), sign * sympy.oo) for sign in (1, -1)]
        for degree in range(10):
            limits = [sympy.limit(slope / h ** (degree - 1), h, end) for slope, end in ends]
            if all(limit.is_finite for limit in limits):
                return degree
        raise self._refused(" grows too fast for a flow of a batch scheme")

    def _roots(self, border: sympy.Expr) -> list[float]:
        """Where a border between two pieces is zero."""
        import sympy

        h, numerator = field_symbol(), sympy.numer(sympy.together(border))
        if not numerator.is_polynomial(h):
            raise self._refused(
                f" changes its form where {border} = 0; kinks are found for polynomials in h only"
            )
        if not numerator.has(h):
            return []
        return [float(root) for root in sympy.Poly(numerator, h).real_roots()]

    def _refused(self, reason: str) -> InputError:
        return InputError("activation", self.formula, reason)


def _far_out(slope: sympy.Expr, field: int) -> sympy.Expr:
    """A slope without choices: the pieces that hold at a field far from every kink."""
    import sympy

    def value(inner: sympy.Expr) -> Any:
        return inner.subs(field_symbol(), field).evalf()

    for kind, choose in ((sympy.Max, max), (sympy.Min, min)):
        slope = slope.replace(kind, lambda *args, choose=choose: choose(args, key=value))
    slope = slope.replace(
        sympy.Heaviside, lambda inner, *_: sympy.Integer(1 if value(inner) > 0 else 0)
    )
    slope = slope.replace(sympy.sign, lambda inner: sympy.sign(value(inner)))
    return slope.replace(sympy.Abs, lambda inner: sympy.sign(value(inner)) * inner)


def field_symbol() -> sympy.Symbol:
    """The symbol ``h`` of an activation's formula."""
    import sympy

    return sympy.Symbol("h", real=True)


def pieces(expression: sympy.Expr) -> list[sympy.Expr]:
    """The smooth expressions among which nested max, min and abs choose."""
    import sympy

    choices = expression.atoms(sympy.Max, sympy.Min, sympy.Abs)
    if not choices:
        return [expression]
    outer = max(choices, key=lambda choice: (choice.count_ops(), str(choice)))
    arguments = outer.args if not isinstance(outer, sympy.Abs) else (outer.args[0], -outer.args[0])
    return [piece for a in arguments for piece in pieces(expression.xreplace({outer: a}))]
