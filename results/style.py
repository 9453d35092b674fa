"""The style sheet of every picture, its two widths, and how to draw in it."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from functools import wraps
from pathlib import Path
from typing import Literal, ParamSpec, TypeVar

STYLE_SHEET = Path(__file__).resolve().parent.parent / "figures" / "bntheory.mplstyle"

#: How wide a picture is: one column of a journal's page, or two.
Width = Literal["one", "two"]
#: The same in inches.
INCHES: dict[Width, float] = {"one": 3.4, "two": 7.0}

P = ParamSpec("P")
T = TypeVar("T")


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
        raise ValueError(f"width={width!r}: {' or '.join(INCHES)} is accepted")
    return INCHES[width]


def house_style() -> AbstractContextManager[None]:
    """A context in which matplotlib draws and saves in the house style."""
    from matplotlib import style

    return style.context(str(STYLE_SHEET))


def in_house_style(draw: Callable[P, T]) -> Callable[P, T]:
    """Decorate a function that draws, so that it does so in the house style."""

    @wraps(draw)
    def styled(*args: P.args, **kwargs: P.kwargs) -> T:
        with house_style():
            return draw(*args, **kwargs)

    return styled
