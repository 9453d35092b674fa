"""Schemes: how the student's field is normalised. Each is one formula.

The symbols: ``a = w.x`` of the example, ``mu`` and ``sigma`` mean and 1/M standard deviation of
``a`` over the batch, ``n2 = |w|^2``, ``N`` the input dimension, and the trained scalars
``gamma`` and ``beta``. A formula that uses ``mu`` or ``sigma`` is a batch scheme: its gradient
flows through the batch statistics, unless the scheme says that other statistics take their
place (`Scheme.normaliser`).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING

from ..codegen.formula import FormulaError, check, to_sympy
from ..results.errors import InputError
from .names import SCHEME_ALIASES, canonical

if TYPE_CHECKING:
    import sympy

SCHEMES = {
    "sgd": "a",
    "wn": "sqrt(N)*gamma*a/sqrt(n2)",
    "pn": "sqrt(N)*gamma*a/sqrt(n2)",
    "bn": "gamma*(a - mu)/sigma + beta",
    "mean-only-bn": "sqrt(N)*gamma*(a - mu)/sqrt(n2)",
    "var-only-bn": "gamma*a/sigma",
    "frozen": "gamma*a/frozen_std + beta",
    "tracked": "gamma*(a - mu)/sigma + beta",
    "batch-renorm": "gamma*(a - mu)/sigma + beta",
    "ln": "gamma*(a - mu)/sigma",
    "rms": "gamma*a/sigma",
}
SYMBOLS = ("a", "mu", "sigma", "n2", "gamma", "beta", "N")
BATCH_STATISTICS = frozenset({"mu", "sigma"})
#: The statistics that mu and sigma stand for, where they are not the batch's own: running ones,
#: which are constants to the gradient, or the batch's own corrected towards the running ones.
#: Of ``ln`` and ``rms`` they are the example's own, across the units of a committee.
NORMALISERS = {"tracked": "running", "batch-renorm": "corrected", "ln": "units", "rms": "units"}
#: Stands for the parameter ``frozen_std`` in a shipped formula.
FROZEN_STD = "frozen_std"
#: Batch sizes that a scheme has unless told otherwise, and its gamma decay.
BATCH_SIZES, OTHER_BATCH_SIZE = {"sgd": 1, "wn": 1}, 32
DECAYS, OTHER_DECAY = {"pn": "auto"}, 0.0


@dataclass(frozen=True)
class Scheme:
    """A scheme, resolved: the student field's formula and what follows from it.

    A `Problem` hands out its own; another is had by `named`.

    Attributes
    ----------
    formula
        The field, in `SYMBOLS`.
    train_beta
        Whether ``beta`` is trained; otherwise it is 0.
    normaliser
        What ``mu`` and ``sigma`` are: those of the ``"batch"``, ``"running"`` ones, the batch's
        ``"corrected"`` as batch renormalisation does, or those across the ``"units"``, of which
        ``rms`` has no mean and takes the root mean square.

    Examples
    --------
    >>> bn = Scheme.named("bn")
    >>> bn.formula, sorted(bn.statistics), bn.trained_scalars
    ('gamma*(a - mu)/sigma + beta', ['mu', 'sigma'], ('gamma',))
    """

    formula: str
    train_beta: bool = False
    normaliser: str = "batch"

    @staticmethod
    @lru_cache(maxsize=256)
    def named(scheme: str, train_beta: bool = False, frozen_std: float = 1.0) -> Scheme:
        """The scheme of a shipped name (in any case, or an alias), or of a user's formula.

        Parameters
        ----------
        scheme, train_beta, frozen_std
            As for `bntheory.Problem`.

        Raises
        ------
        FormulaError
            If it is neither, or does not depend on ``a``.
        """
        name = canonical(scheme, SCHEMES, SCHEME_ALIASES)
        if name in SCHEMES:
            formula = SCHEMES[name].replace(FROZEN_STD, repr(float(frozen_std)))
            return Scheme(formula, train_beta, NORMALISERS.get(name, "batch"))
        try:
            used = check(scheme, SYMBOLS)
        except FormulaError as problem:
            raise FormulaError(f"{problem}; or one of the names {', '.join(SCHEMES)}") from None
        if "a" not in used:
            raise FormulaError(f"{scheme!r} does not depend on a = w.x; one that does is accepted")
        return Scheme(scheme, train_beta)

    @cached_property
    def uses(self) -> frozenset[str]:
        """Which of `SYMBOLS` the formula uses."""
        return check(self.formula, SYMBOLS)

    @cached_property
    def statistics(self) -> frozenset[str]:
        """The batch statistics that it normalises by."""
        return self.uses & BATCH_STATISTICS

    @property
    def uses_batch(self) -> bool:
        """Whether the field of one example depends on the rest of its batch."""
        return bool(self.statistics) and self.normaliser != "units"

    @property
    def remembers(self) -> bool:
        """Whether it normalises by running statistics, of batches that are gone."""
        return self.normaliser in ("running", "corrected")

    @cached_property
    def trained_scalars(self) -> tuple[str, ...]:
        """The scalars trained beside the weights, of ``gamma`` and ``beta``."""
        trained = (("gamma", True), ("beta", self.train_beta))
        return tuple(name for name, is_trained in trained if is_trained and name in self.uses)

    @cached_property
    def field(self) -> sympy.Expr:
        """The student field as a sympy expression; ``beta`` is 0 unless it is trained.

        Raises
        ------
        InputError
            If the field is not affine in ``a``: a normalisation shifts and scales.
        """
        import sympy

        symbols = scheme_symbols()
        try:
            field = to_sympy(self.formula, symbols)
        except FormulaError as problem:
            raise InputError("scheme", self.formula, str(problem)) from None
        if not self.train_beta:
            field = field.subs(symbols["beta"], 0)
        if sympy.simplify(sympy.diff(field, symbols["a"], 2)) != 0:
            raise InputError(
                "scheme",
                self.formula,
                " is not affine in a; a field of the form scale*a + shift is needed",
            )
        return field


@lru_cache(maxsize=1)
def scheme_symbols() -> dict[str, sympy.Symbol]:
    """The sympy symbols of `SYMBOLS`, by name."""
    import sympy

    positive = {"sigma", "n2", "N"}
    return {
        name: sympy.Symbol(name, **({"positive": True} if name in positive else {"real": True}))
        for name in SYMBOLS
    }
