"""What a spectrum's blocks do in a picture: overlap and squared length of each, by its eigenvalue.

Colour says the eigenvalue, from dark (small) to bright; a line style and a marker double it. Of
many blocks a few are drawn, evenly among the sorted ones, the first and the last with them.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from ..teacher_student.spectral import overlap_by_block, square_by_block
from .drawing import LOOKS, Look, draw_line, few, log_axis

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from ..teacher_student.problem import Problem

Array = np.ndarray
#: Names of the panels.
OVERLAP, SQUARE = "R_b", "C_b"
PANELS = (OVERLAP, SQUARE)
#: Blocks drawn at most, and the part of the colour map that stands out from white.
SHOWN_BLOCKS, BRIGHTEST = 6, 0.88
#: Squares this far apart are drawn on a logarithmic axis.
WIDE = 50.0


class Block(NamedTuple):
    """One block that is drawn."""

    place: int
    look: Look
    called: str


def block_panels(problem: Problem) -> tuple[str, ...]:
    """The panels that a problem's spectrum adds: none of isotropic inputs, or of one block."""
    spectrum = problem.spectrum_
    return PANELS if spectrum is not None and spectrum.blocks > 1 else ()


def shown_blocks(problem: Problem) -> list[Block]:
    """The blocks that are drawn, the largest eigenvalue first, with their looks.

    Examples
    --------
    >>> import bntheory as bn
    >>> blocks = shown_blocks(bn.Problem(spectrum="power:1:32"))
    >>> len(blocks), blocks[0].called.startswith("block 1 of 32")
    (6, True)
    """
    from matplotlib import colormaps
    from matplotlib.colors import to_hex

    spectrum = problem.spectrum_
    assert spectrum is not None
    values = spectrum.arrays[0]
    order = np.argsort(-values, kind="stable")
    count = min(spectrum.blocks, SHOWN_BLOCKS)
    places = np.unique(np.linspace(0, spectrum.blocks - 1, count).round().astype(int))
    logs = np.log(values)
    reach = max(float(np.ptp(logs)), 1e-12)
    found = []
    for k, rank in enumerate(places):
        b = int(order[rank])
        share = float(logs[b] - logs.min()) / reach
        color = to_hex(colormaps["viridis"](BRIGHTEST * share))
        which = f"block {b + 1}" + f" of {spectrum.blocks}" * (spectrum.blocks > SHOWN_BLOCKS)
        look = LOOKS[k % len(LOOKS)]
        called = rf"{which}, $\lambda_b$ = {values[b]:.3g}"
        found.append(Block(b, Look(color, look.linestyle, look.marker), called))
    return found


def by_panel(problem: Problem, blocks: Mapping[str, Array]) -> dict[str, Array]:
    """What the panels show, of shape (..., blocks), from A and C."""
    spectrum = problem.spectrum_
    assert spectrum is not None
    return {
        OVERLAP: overlap_by_block(spectrum, blocks["A"], blocks["C"]),
        SQUARE: square_by_block(spectrum, blocks["C"]),
    }


def draw_theory_blocks(
    panels: Mapping[str, Axes], problem: Problem, t: Array, blocks: Mapping[str, Array]
) -> None:
    """Curves of the blocks, in the panels among `PANELS`."""
    for name, values in _shown(panels, problem, blocks).items():
        for block in shown_blocks(problem):
            y = values[..., block.place]
            if np.isfinite(y).any():
                style = {"color": block.look.color, "linestyle": block.look.linestyle}
                draw_line(panels[name], t, y, label=block.called, **style)
    _spread_out(panels)


def draw_simulated_blocks(
    panels: Mapping[str, Axes],
    problem: Problem,
    t: Array,
    blocks: Mapping[str, Array],
    *,
    named: bool,
) -> None:
    """Means of runs with two standard errors; named in the legend where there are no curves."""
    some = few(t.size)
    for name, values in _shown(panels, problem, blocks).items():
        for block in shown_blocks(problem):
            own = values[..., block.place]
            if not np.isfinite(own).any():
                continue
            scatter = own.std(axis=0, ddof=1) if len(own) > 1 else np.zeros(own.shape[1])
            panels[name].errorbar(
                t[some], own.mean(axis=0)[some], yerr=2.0 * scatter[some] / len(own) ** 0.5,
                color=block.look.color, marker=block.look.marker, linestyle="none",
                elinewidth=0.9, label=block.called if named else None,
            )  # fmt: skip
    _spread_out(panels)


def _spread_out(panels: Mapping[str, Axes]) -> None:
    """A logarithmic axis for squares that are decades apart."""
    if SQUARE not in panels:
        return
    shown = [np.asarray(line.get_ydata(), dtype=float) for line in panels[SQUARE].lines]
    values = np.concatenate([y for y in shown if y.size])
    values = values[np.isfinite(values)]
    if values.size and 0.0 < values.min() < values.max() / WIDE:
        log_axis(panels[SQUARE], "y")


def _shown(
    panels: Mapping[str, Axes], problem: Problem, blocks: Mapping[str, Array]
) -> dict[str, Array]:
    """What is drawn, of the panels that there are."""
    if not set(PANELS) & set(panels):
        return {}
    found = by_panel(problem, blocks)
    return {name: values for name, values in found.items() if name in panels}
