"""What is seen of a curve: points that stand alone, and whether anything lies in the panel."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from matplotlib.axes import Axes

#: ``gid`` of a line without data that stands in the legend for others.
KEY = "key"


def alone(values: Any) -> list[int]:
    """Places of the finite values without a finite neighbour: a line does not show them."""
    seen = np.isfinite(np.asarray(values, dtype=float))
    beside = np.append(False, seen[:-1]) | np.append(seen[1:], False)
    return [int(place) for place in np.flatnonzero(seen & ~beside)]


def draw_line(axes: Axes, x: Any, y: Any, dot: str = "o", **style: Any) -> Any:
    """A line, with a marker on each point that has no neighbour to be joined to."""
    places = alone(y)
    if places and style.get("marker") in (None, "None"):
        style |= {"marker": dot, "markevery": places}
    (line,) = axes.plot(x, y, **style)
    return line


def is_shown(handle: Any, axes: Axes) -> bool:
    """Whether anything of a legend's entry lies within its panel."""
    drawn = getattr(handle, "lines", [handle])[0]  # of a container of error bars its points
    if drawn is None or getattr(drawn, "get_gid", lambda: None)() == KEY:
        return True
    if hasattr(drawn, "get_paths"):
        paths, move = drawn.get_paths(), drawn.get_transform()
    elif hasattr(drawn, "get_path"):
        paths, move = [drawn.get_path()], drawn.get_transform()
    else:
        return True
    axes.get_xlim(), axes.get_ylim()  # what was drawn moves them only when they are asked for
    corners = [move.transform(p.vertices) for p in paths if len(p.vertices)]
    places = np.concatenate(corners) if corners else np.empty((0, 2))
    places = places[np.isfinite(places).all(axis=1)]
    if not len(places):
        return False
    box = axes.bbox.get_points()
    inside = (places.min(axis=0) <= box[1] + 1) & (places.max(axis=0) >= box[0] - 1)
    return bool(inside.all())
