"""How wide a picture is."""

from __future__ import annotations

from typing import Literal

from ..results.errors import InputError

#: How wide a picture is: one column of a journal's page, or two.
Width = Literal["one", "two"]
#: The same in inches.
INCHES: dict[Width, float] = {"one": 3.4, "two": 7.0}


def inches(width: Width) -> float:
    """The width of a picture in inches.

    Raises
    ------
    ValueError
        For another word.

    Examples
    --------
    >>> inches("one")
    3.4
    """
    if width not in INCHES:
        raise InputError("width", width, f"{' or '.join(INCHES)} is accepted", INCHES)
    return INCHES[width]
