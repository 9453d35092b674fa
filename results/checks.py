"""Checks of numbers that users give: one message, naming parameter, value and what is accepted."""

from __future__ import annotations

import math
from contextlib import suppress
from typing import SupportsInt

from ..results.errors import InputError


def number(
    name: str,
    value: object,
    *,
    above: float | None = None,
    least: float = -math.inf,
    most: float = math.inf,
    below: float | None = None,
    also: str = "",
) -> float:
    """A finite float within bounds.

    Raises
    ------
    ValueError
        If it is none.

    Examples
    --------
    >>> number("eta", 1, above=0.0)
    1.0
    """
    real = math.nan
    if not isinstance(value, bool | str | None) and hasattr(value, "__float__"):
        with suppress(OverflowError):
            real = float(value)
    outside = (above is not None and real <= above) or (below is not None and real >= below)
    if math.isfinite(real) and not outside and least <= real <= most:
        return real
    accepted = f"a finite number above {above:g}" if above is not None else "a finite number"
    accepted += f" of at least {least:g}" if least > -math.inf else ""
    accepted += f" and at most {most:g}" if most < math.inf else ""
    accepted += f" and below {below:g}" if below is not None else ""
    raise InputError(name, value, f"{accepted}{also} is accepted")


def integer(name: str, value: object, least: int, most: float = math.inf) -> int:
    """A whole number within bounds.

    Raises
    ------
    ValueError
        If it is none.

    Examples
    --------
    >>> integer("runs", 64, 1)
    64
    """
    bound = f" and at most {most:g}" if most < math.inf else ""
    refused = InputError(name, value, f"a whole number of at least {least}{bound} is accepted")
    try:
        real = number(name, value, least=least, most=most)
    except ValueError:
        raise refused from None
    if real != int(real):
        raise refused
    if type(value) is int:  # a protocol is slow to ask
        return value
    return int(value) if isinstance(value, SupportsInt) else int(real)
