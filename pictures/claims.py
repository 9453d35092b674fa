"""The picture of a table of claims: each difference in units of its interval."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ..results.widths import Width
from .drawing import LOOKS, entitle, new_figure, shared_legend

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from ..cnn.evaluation.claims import ClaimTable

#: Verdicts by what they say of the claim, with marker and filling.
KINDS = (
    ("the claim holds", ("shown",), LOOKS[0], True),
    # Fewer seeds find less: not finding a difference is no proof that there is none.
    ("none claimed, no difference found", ("no difference found",), LOOKS[3], False),
    ("within noise", ("in direction, within noise", "against direction, within noise"),
     LOOKS[4], False),
    ("the claim fails", ("opposite", "differs"), LOOKS[1], True),
)  # fmt: skip
ROW = 0.32  # inches
FARTHEST = 6.0  # in half widths; what is farther is drawn at the edge


def draw_claims(table: ClaimTable, width: Width) -> Figure:
    """A row a claim that was measured on two seeds or more."""
    rows = [v for v in table.verdicts if np.isfinite(v.half_width) and v.half_width > 0]
    figure = new_figure(width=width)
    figure.set_figheight(ROW * max(2, len(rows)) + 0.6)
    (axes,) = figure.axes
    place = {id(verdict): -k for k, verdict in enumerate(rows)}
    for named, words, look, filled in KINDS:
        own = [v for v in rows if v.text in words]
        if own:
            ratio = np.array([v.difference / v.half_width for v in own])
            axes.errorbar(
                np.clip(ratio, -FARTHEST, FARTHEST), [place[id(v)] for v in own], xerr=1.0,
                linestyle="none", color=look.color, marker=look.marker, label=named,
                markerfacecolor=look.color if filled else "white",
            )  # fmt: skip
    for verdict in rows:
        axes.text(0.0, place[id(verdict)] + 0.38, f"{verdict.claim.figure}: "
                  f"{verdict.claim.statement}", fontsize=7, va="center",
                  transform=axes.get_yaxis_transform())  # fmt: skip
    axes.axvline(0.0, color="0.5", linestyle="-", linewidth=0.8, zorder=0)
    axes.set(xlim=(-FARTHEST - 1.2, FARTHEST + 1.2), ylim=(-len(rows) + 0.5, 0.7), yticks=[],
             xlabel="difference, in half widths of its 95% interval")  # fmt: skip
    axes.spines["left"].set_visible(False)
    shared_legend(figure)
    entitle(figure, f"Claims of the paper, judged by the preset {table.preset}")
    return figure
