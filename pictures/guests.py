"""Pictures on axes that a user hands over: his figure keeps its size, its title and its style."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any

from ..results.errors import InputError

if TYPE_CHECKING:
    from matplotlib.axes import Axes

#: What the picture that is being drawn was given, if anything.
_GIVEN: ContextVar[Given | None] = ContextVar("given", default=None)


class Given:
    """Axes in a user's figure, for all panels of a picture or for one of them.

    Parameters
    ----------
    axes
        One for each panel; or one alone, for the panel ``quantity``.
    quantity
        The panel's name; None where axes are given for all.
    """

    def __init__(self, axes: Any, quantity: str | None) -> None:
        from matplotlib.axes import Axes

        flat = getattr(axes, "flat", axes)
        self.own = [axes] if isinstance(axes, Axes) else list(flat) if _many(flat) else []
        if not self.own or not all(isinstance(one, Axes) for one in self.own):
            raise InputError("ax", axes, "axes of matplotlib are accepted, one or a list of them")
        if quantity is not None and len(self.own) > 1:
            raise InputError("quantity", quantity, "a panel is drawn on one ax")
        self.quantity = quantity

    def figure(self, panels: int, names: Sequence[str], extra: int = 0) -> Guest:
        """The figure that a picture of so many panels draws on.

        So many of the last panels are extra: axes for the others alone are accepted too.

        Raises
        ------
        InputError
            Where panels and axes do not match.
        """
        if len(self.own) == panels and self.quantity is None:
            return Guest(self.own, self.own)
        from matplotlib.figure import Figure

        if len(self.own) == panels - extra and self.quantity is None:
            unseen = Figure().subplots(1, extra, squeeze=False).flat
            return Guest([*self.own, *unseen], self.own)
        if self.quantity is None:
            what = f" ({', '.join(names)})" if names else ""
            one = "; or one ax, with quantity= the name of a panel" if names else ""
            raise InputError("ax", f"{len(self.own)} axes", f"the picture has {panels} panels"
                             f"{what}: as many axes are accepted{one}")  # fmt: skip
        if self.quantity not in names:
            accepted = f"{', '.join(names) or 'none'} is accepted: the picture's panels"
            raise InputError("quantity", self.quantity, accepted, names)
        spare = list(Figure().subplots(1, panels, squeeze=False).flat)
        chosen = list(names).index(self.quantity)
        return Guest([self.own[0] if k == chosen else a for k, a in enumerate(spare)], self.own)


class Guest:
    """Stands in for a picture's own figure: its panels are axes of someone else's.

    Attributes
    ----------
    axes
        The panels, in the picture's order.
    own
        Those that the user sees.
    """

    def __init__(self, axes: Sequence[Axes], own: Sequence[Axes]) -> None:
        self.axes, self.own = list(axes), list(own)

    def colorbar(self, mesh: Any, *, ax: Axes, label: str) -> Any:
        """A colour bar beside its panel, in the figure that the panel is in."""
        figure: Any = ax.figure
        return figure.colorbar(mesh, ax=ax, label=label)

    def supylabel(self, text: str) -> None:
        """A label that panels share, at the first."""
        self.own[0].set_ylabel(text)

    def set_figheight(self, height: float) -> None:
        """Nothing: the figure is the user's."""

    def legend(self) -> None:
        """A legend in the first panel that has anything to tell apart."""
        for axes in self.own:
            if len(axes.get_legend_handles_labels()[1]) > 1:
                axes.legend()
                return


@contextmanager
def drawing_on(given: Given) -> Iterator[None]:
    """Within it a new figure's panels are the axes given."""
    token = _GIVEN.set(given)
    try:
        yield
    finally:
        _GIVEN.reset(token)


def given_axes() -> Given | None:
    """What the picture that is being drawn was given."""
    return _GIVEN.get()


def _many(axes: Any) -> bool:
    return hasattr(axes, "__iter__") and not isinstance(axes, str)
