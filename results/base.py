"""Results that can be drawn."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, ClassVar

from .tabular import Tabular
from .widths import Width

if TYPE_CHECKING:
    from matplotlib.figure import Figure


class Result(Tabular):
    """A table that draws itself by a function of `bntheory.pictures`.

    A class names that function; it is imported when a picture is asked for: pictures know the
    results, and no result knows a picture.
    """

    #: ``"module.function"`` in `bntheory.pictures`.
    _drawn_by: ClassVar[str]

    def plot(self, width: Width = "two") -> Figure:
        """Draw the result in the house style.

        Parameters
        ----------
        width
            ``"one"`` or ``"two"`` columns of a journal's page.

        Returns
        -------
        matplotlib.figure.Figure

        Raises
        ------
        ValueError
            For another width, or a result that has no picture; it says which have.

        Examples
        --------
        >>> import bntheory as bn
        >>> figure = bn.integrate(bn.Problem("identity", scheme="wn"), time=1.0).plot("one")
        >>> round(float(figure.get_figwidth()), 2)
        3.4
        """
        module, _, function = self._drawn_by.rpartition(".")
        draw = getattr(import_module(f"bntheory.pictures.{module}"), function)
        with import_module("bntheory.pictures.style").house_style():
            figure: Figure = draw(self, width)
        return figure
