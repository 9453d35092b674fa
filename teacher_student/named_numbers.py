"""Named numbers in formulas: ``tanh(c*h)`` with ``c = 1.2``."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from typing import Any, NoReturn

from ..codegen.formula import CONSTANTS, FUNCTIONS
from ..results.errors import InputError

#: The formulas in which a named number may stand.
FORMULAS = ("activation", "scheme", "eta", "loss")
#: What formulas call their variables, what shipped formulas are called, and other options.
_VARIABLES = "h a n2 gamma beta N mu sigma t y o q"
_NAMES = (
    "identity gelu leaky sgd wn pn bn mean only var frozen tracked batch renorm frozen_std squared "
    "absolute logistic hinge huber auto time dim seed run runs points values problem"
)
TAKEN = frozenset({*FUNCTIONS, *CONSTANTS, *_VARIABLES.split(), *_NAMES.split()})
NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,30}")


class Numbers(dict[str, float]):
    """Numbers by name, which cannot be changed: a problem that holds them has a hash.

    Examples
    --------
    >>> Numbers(c=1.5), hash(Numbers(c=1.5)) == hash(Numbers(c=1.5))
    ({'c': 1.5}, True)
    """

    def __hash__(self) -> int:  # type: ignore[override]
        return hash(frozenset(self.items()))

    def _refuse(self, *_: object, **__: object) -> NoReturn:
        raise TypeError("a problem's parameters cannot be changed; problem.replace(c=2) is another")

    __setitem__ = __delitem__ = update = pop = popitem = clear = setdefault = _refuse
    __ior__ = _refuse

    def __reduce__(self) -> tuple[Any, ...]:
        return Numbers, (dict(self),)

    def __deepcopy__(self, memo: object) -> Numbers:
        return self


def checked_numbers(given: object, taken: Mapping[str, Any]) -> Numbers:
    """The named numbers that a user gives.

    Parameters
    ----------
    given
        Anything.
    taken
        Names that mean something else: the problem's own parameters.

    Raises
    ------
    InputError
        For what is no table of names and finite numbers, or a name that is taken.
    """
    if given is None:
        return Numbers()
    if not isinstance(given, Mapping):
        accepted = 'a table of names and numbers is accepted, such as {"c": 1.2}'
        raise InputError("parameters", given, accepted)
    for name, value in given.items():
        if not isinstance(name, str) or not NAME.fullmatch(name) or "__" in name:
            raise InputError("parameters", name, "a name of letters, digits and _ is accepted")
        if name in TAKEN or name in taken:
            raise InputError("parameters", name, "the name stands for something else already")
        is_number = hasattr(value, "__float__") and not isinstance(value, bool | str)
        if not is_number or not math.isfinite(float(value)):
            raise InputError(name, value, "a finite number is accepted")
    return Numbers({name: float(value) for name, value in given.items()})


def put_in(formula: str, numbers: Mapping[str, float]) -> str:
    """A formula with numbers in place of their names.

    Examples
    --------
    >>> put_in("tanh(c*h) + c2", {"c": 1.5, "c2": -1.0})
    'tanh(1.5*h) + (-1.0)'
    """
    if not isinstance(formula, str):
        return formula  # refused where formulas are checked
    for name, value in numbers.items():
        text = repr(value) if value >= 0 else f"({value!r})"
        formula = re.sub(rf"(?<![\w.]){name}(?!\w)", text, formula)
    return formula


def uses(formula: object, name: str) -> bool:
    """Whether a formula has a name in it."""
    return isinstance(formula, str) and put_in(formula, {name: 0.0}) != formula
