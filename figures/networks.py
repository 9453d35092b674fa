"""What Figures 2 to 4 share: curves of a preset's runs with bands over seeds, and their data."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple

import numpy as np

from ..cnn.evaluation.collection import Records
from ..pictures.drawing import LOOKS, across, add_notes, new_figure, panel_legends, size_axis
from ..pictures.style import in_house_style
from ..results.errors import InputError
from ..results.tabular import Tabular
from ..results.widths import Width

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure


class Curve(NamedTuple):
    """One curve of a panel: a variant's column over its steps, or values over batch sizes."""

    label: str
    x: np.ndarray
    values: np.ndarray  # (seeds, x)
    look: int
    thin: bool = False


class Panel(NamedTuple):
    """A panel: its letter and title, what is drawn, and its axes."""

    letter: str
    title: str
    xlabel: str
    ylabel: str
    curves: tuple[Curve, ...]
    log: bool = False


@dataclass(frozen=True)
class NetworkFigure(Tabular):
    """A figure of the paper, redrawn from a preset's runs.

    Attributes
    ----------
    name
        ``'2'``, ``'3'`` or ``'4'``.
    panels
        What is drawn.
    notes
        What was run, and what differs from the paper.
    """

    _dimension: ClassVar[str] = "point"

    name: str
    panels: tuple[Panel, ...]
    notes: tuple[str, ...]

    def columns(self) -> dict[str, list[Any]]:
        """One row a point: mean and standard deviation over seeds."""
        rows = [
            (p.letter, c.label, float(x), float(np.mean(v)), _spread(v), len(v))
            for p in self.panels
            for c in p.curves
            for x, v in zip(c.x, c.values.T, strict=True)
        ]
        names = ("panel", "curve", "x", "mean", "std", "seeds")
        return dict(zip(names, map(list, zip(*rows, strict=True)), strict=True))

    def to_dict(self) -> dict[str, Any]:
        """The JSON form: panels, their curves, notes."""
        panels = [
            {
                "panel": p.letter,
                "x": p.xlabel,
                "y": p.ylabel,
                "curves": [{"label": c.label, "x": c.x, "values": c.values} for c in p.curves],
            }
            for p in self.panels
        ]
        return {"figure": self.name, "panels": panels, "notes": list(self.notes)}

    def _attributes(self) -> dict[str, Any]:
        return {"figure": self.name, "notes": "\n".join(self.notes)}

    @in_house_style
    def plot(self, width: Width = "two") -> Figure:
        """All panels, with the notes below.

        The picture is ``"one"`` or ``"two"`` columns of a journal wide.
        """
        import textwrap

        beside = min(3 if len(self.panels) > 4 else 2, len(self.panels))
        figure = new_figure(len(self.panels), beside, width=width, height=2.2)
        longest = int(12 * figure.get_figwidth() / across(figure))
        for axes, panel in zip(figure.axes, self.panels, strict=True):
            _draw(axes, panel)
            title = f"({panel.letter}) {panel.title}" if panel.letter else panel.title
            axes.set_title(textwrap.fill(title, longest))
        panel_legends(figure)
        add_notes(figure, self.notes)
        return figure


def over_steps(
    records: Records,
    column: str,
    variants: Sequence[tuple[str, str]],
    suffix: str = "",
    thin: bool = False,
    layer: str = "",
) -> tuple[Curve, ...]:
    """Curves of a column against the step, of the variants that were run; names by variant."""
    curves = []
    for look, (variant, label) in enumerate(variants):
        if records.seeds(variant):
            steps, values = records.curve(variant, column, layer)
            curves.append(Curve(label + suffix, steps, values, look, thin))
    return tuple(curves)


def losses(records: Records, variants: Sequence[tuple[str, str]]) -> tuple[Curve, ...]:
    """Validation losses, and thin the losses on training images in evaluation mode."""
    held = over_steps(records, "validation_loss", variants, ", validation")
    return held + over_steps(records, "fit_loss", variants, ", training", thin=True)


def about(records: Records) -> tuple[str, ...]:
    """What was run, in one note."""
    if not records.runs:
        return ("No run of this preset is finished.",)
    run = next(iter(records.runs.values()))
    data, network, training = (run["config"][part] for part in ("data", "network", "training"))
    size = f" at {data['side']} x {data['side']}" if data["side"] else ""
    images = f"{data['train']} training images" if data["train"] else "all training images"
    return (
        f"Preset {records.preset}: {network['model']}, width {network['width'] or 'as usual'}, "
        f"{data['data']}{size}, {images}; {training['steps']} steps of "
        f"{training['batch_size']} images unless said otherwise, on "
        f"{run['env']['device']}. Bands: ± 1 standard deviation over seeds.",
        "Not the paper's data or size unless the preset says so: only its captions were at hand.",
    )


def need(records: Records, build: Callable[[Records], tuple[Panel, ...]]) -> tuple[Panel, ...]:
    """The panels of which something was run.

    Raises
    ------
    ValueError
        If there is none.
    """
    panels = tuple(panel for panel in build(records) if panel.curves)
    if not panels:
        raise InputError("preset", records.preset, "none of its runs belongs to this figure")
    return panels


def _spread(values: np.ndarray) -> float:
    return float(np.std(values, ddof=1)) if len(values) > 1 else 0.0


def _draw(axes: Axes, panel: Panel) -> None:
    for curve in panel.curves:
        color, style, marker = LOOKS[curve.look % len(LOOKS)]
        mean = curve.values.mean(axis=0)
        spread = curve.values.std(axis=0, ddof=1) if len(curve.values) > 1 else 0 * mean
        axes.plot(
            curve.x, mean, color=color, linestyle=style, linewidth=0.6 if curve.thin else 1.2,
            label=curve.label, marker=marker, markersize=1.5 if curve.thin else 3,
        )  # fmt: skip
        axes.fill_between(
            curve.x, mean - spread, mean + spread, color=color, alpha=0.15, linewidth=0
        )
    axes.set(xlabel=panel.xlabel, ylabel=panel.ylabel)
    if panel.log:
        size_axis(axes, panel.curves[0].x)
