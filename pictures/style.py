"""The style sheet of every picture, and how to draw in it."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from functools import wraps
from pathlib import Path
from typing import ParamSpec, TypeVar

STYLE_SHEET = Path(__file__).resolve().parent / "bntheory.mplstyle"

P = ParamSpec("P")
T = TypeVar("T")


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
