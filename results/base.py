"""Results that can be drawn."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any, ClassVar, cast

from .errors import InputError
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

    def plot(self, width: Width = "two", *, ax: Any = None, quantity: str | None = None) -> Figure:
        """Draw the result in the house style, or on axes of your own, in theirs.

        Parameters
        ----------
        width
            ``"one"`` or ``"two"`` columns of a journal's page; of no meaning with ``ax``.
        ax
            Axes of matplotlib to draw on: as many as the picture has panels; or one, for the panel
            ``quantity``. Their figure keeps its size and gets no title.
        quantity
            The panel that is drawn on ``ax``, of pictures with a panel a quantity: those of flows
            and runs (``Q R L error``; of a comparison also ``z``, its residuals) and of sweeps.

        Returns
        -------
        matplotlib.figure.Figure
            That of ``ax``, where axes are given.

        Raises
        ------
        ValueError
            For another width, axes that do not match the panels, or a result that has no picture;
            it says which have.

        Examples
        --------
        >>> import bntheory as bn
        >>> figure = bn.integrate(bn.Problem("identity", scheme="wn"), time=1.0).plot("one")
        >>> round(float(figure.get_figwidth()), 2)
        3.4
        >>> import matplotlib.figure
        >>> ax = matplotlib.figure.Figure().subplots()
        >>> flow = bn.integrate(bn.Problem("identity", scheme="wn"), time=1.0)
        >>> flow.plot(ax=ax, quantity="R") is ax.figure
        True
        """
        if ax is None and quantity is not None:
            raise InputError("quantity", quantity, "accepted with ax=, the axes it is drawn on")
        module, _, function = self._drawn_by.rpartition(".")
        draw = getattr(import_module(f"bntheory.pictures.{module}"), function)
        if ax is not None:
            guests = import_module("bntheory.pictures.guests")
            given = guests.Given(ax, quantity)
            with guests.drawing_on(given):
                draw(self, width)
            return cast("Figure", given.own[0].get_figure(root=True))
        with import_module("bntheory.pictures.style").house_style():
            figure: Figure = draw(self, width)
        return figure
