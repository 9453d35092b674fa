"""Figure 1 of the paper: generalisation error against load, linear (a) and ReLU (b) students."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from ..experiments.finite_data.study import GeneralizationStudy, study
from ..experiments.finite_data.training_work import Settings
from ..finite_load.curve import Generalization, generalization
from ..finite_load.student import choice
from ..pictures.style import in_house_style
from ..results.checks import integer
from ..results.errors import InputError
from ..results.files import dataset
from ..results.tabular import Tabular
from ..results.widths import Width
from ..store.files import is_store

if TYPE_CHECKING:
    import xarray
    from matplotlib.figure import Figure as Picture

PANELS = ("1a", "1b")
NOISE, M = 0.25, 32
#: Size of the simulations: quick takes about a minute on two cores.
PRESETS: Mapping[str, Mapping[str, Any]] = {
    "quick": {"settings": Settings(dim=200, runs=8, epochs=1000), "points": 11, "lines": 80},
    "full": {"settings": Settings(dim=500, runs=24, epochs=2000), "points": 25, "lines": 300},
}
RANGE = {"1a": (0.2, 5.0), "1b": (0.25, 8.0)}
TOP = 0.6  # of the panels: curves that diverge leave them
#: The curves as the captions name them: arguments of `generalization`, and how they are simulated.
CURVES: Mapping[str, tuple[dict[str, Any], ...]] = {
    "1a": (
        {"scheme": "sgd", "method": "full-batch"},
        {"scheme": "wn", "zeta": 1.0 / (2 * M)},
        {"scheme": "wn", "zeta": 0.25},
        {"scheme": "bn", "batch_size": M},
    ),
    "1b": (
        {"scheme": "sgd"},
        {"scheme": "wn", "zeta": 1.0 / (4 * M)},
        {"scheme": "bn", "batch_size": M},
        {"scheme": "sgd", "noise": 0.0},
    ),
}
SHARED_NOTES = (
    "The paper's data and text were not at hand: curves follow its caption, and only the choices "
    "named there are the paper's. Label noise S = 0.25, the loads and all sizes are ours.",
    "Decay is counted against the sum of the losses (lambda = zeta).",
    "Hollow points have not converged; arrows are points beyond the panel.",
)
NOTES: Mapping[str, tuple[str, ...]] = {
    "1a": (
        "Converged BN is not ridge: theory is kappa_M times least squares (kappa_32 = 0.976), so "
        "near alpha = 1 its exact limit diverges, while SGD stopped early (hollow) stays finite.",
        "Vanilla points are the exact full-batch minimum; SGD reaches it too slowly at alpha = 1.",
    ),
    "1b": (
        "BN is represented by PN with zeta = 3/(8M): the caption's 1/(4M) is its mean part alone.",
        "Dashed: replica symmetry is unstable, or no descent tried reaches its minimum; there "
        "the line is no prediction, and the points alone count. SGD starts along X^T y.",
    ),
}


@dataclass(frozen=True)
class Figure1(Tabular):
    """One panel of Figure 1.

    Attributes
    ----------
    panel : str
        ``'1a'`` or ``'1b'``.
    studies : tuple of GeneralizationStudy
        The caption's curves, in its order.
    notes : tuple of str
        What differs from the published caption, and why.
    """

    panel: str
    studies: tuple[GeneralizationStudy, ...]
    notes: tuple[str, ...]

    def to_dict(self) -> dict[str, Any]:
        """The JSON form: the panel, its curves and notes."""
        curves = [{"label": s.theory.label, **s.to_dict()} for s in self.studies]
        return {"figure": self.panel, "curves": curves, "notes": list(self.notes)}

    def columns(self) -> dict[str, Any]:
        """The CSV form: theory and simulation below each other, one row a number."""
        rows: list[tuple[Any, ...]] = []
        for one in self.studies:
            theory, points, label = one.theory, one.simulated, one.theory.label
            for k, load in enumerate(theory.alpha):
                rows.append((label, "theory", load, theory.error[k], None, theory.status[k]))
            if points is not None:
                for k, load in enumerate(points.alpha):
                    status = "converged" if points.settled[k] else "not converged"
                    rows.append((label, "simulation", load, points.mean[k], points.sem[k], status))
        names = ("curve", "kind", "alpha", "error", "sem", "status")
        return dict(zip(names, map(list, zip(*rows, strict=True)), strict=True))

    def to_dataset(self) -> xarray.Dataset:
        """All curves, with the dimensions ``curve``, ``alpha`` and ``simulated_alpha``."""
        theories = [one.theory for one in self.studies]
        values: dict[str, Any] = {"error": np.array([t.error for t in theories])}
        variables: dict[str, Any] = {"error": (("curve", "alpha"), values["error"])}
        variables["trusted"] = (("curve", "alpha"), np.array([t.trusted for t in theories]))
        coordinates: dict[str, Any] = {"curve": [t.label for t in theories]}
        coordinates["alpha"] = theories[0].alpha
        points = [one.simulated for one in self.studies if one.simulated is not None]
        if len(points) == len(theories):
            where = ("curve", "simulated_alpha")
            variables["simulated"] = (where, np.array([p.mean for p in points]))
            variables["simulated_sem"] = (where, np.array([p.sem for p in points]))
            coordinates["simulated_alpha"] = points[0].alpha
        notes = "\n".join(self.notes)
        return dataset(variables, coordinates, {"figure": self.panel, "notes": notes})

    @in_house_style
    def plot(self, width: Width = "two") -> Picture:
        """The panel, with its notes below.

        The picture is ``"one"`` or ``"two"`` columns of a journal wide.
        """
        from ..pictures.drawing import add_notes, entitle
        from ..pictures.loads import add_study, load_axes, name_styles

        picture, axes = load_axes(width)
        for look, one in enumerate(self.studies):
            add_study(axes, one, look, TOP)
        axes.set_ylim(0.0, TOP)
        axes.set_xlim(0.0, None)
        student = "linear" if self.panel == "1a" else "ReLU"
        add_notes(picture, self.notes)
        name_styles(picture)
        entitle(picture, f"Figure {self.panel}: {student} student, label noise $S$ = {NOISE}")
        return picture


def figure1(
    panel: str,
    *,
    preset: str = "quick",
    dim: int | None = None,
    runs: int | None = None,
    store: str | Path | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> Figure1:
    """Redraw a panel of Figure 1: theory as lines, simulation as points.

    Parameters
    ----------
    panel : {'1a', '1b'}
        Linear or ReLU student.
    preset : {'quick', 'full'}
        Size of the simulations and number of loads; quick takes about a minute on two cores.
    dim, runs : int, optional
        N and the runs a point, instead of the preset's.
    store : path, optional
        Folder in which finished points are kept, a store a curve (docs/sweeps.md); with it a
        later call goes on where this one ended.
    progress
        Called with (points done, points in all).

    Returns
    -------
    Figure1

    Raises
    ------
    ValueError
        Naming the parameter, its value and what is accepted.
    """
    choice("panel", panel, PANELS)
    size = PRESETS[choice("preset", preset, tuple(PRESETS))]
    settings = size["settings"]
    if dim is not None:
        settings = replace(settings, dim=integer("dim", dim, 2))
    if runs is not None:
        settings = replace(settings, runs=integer("runs", runs, 2))
    folder = None if store is None else _folder(Path(store))
    loads = simulated_loads(panel, size["points"])
    total = len(CURVES[panel]) * len(loads)
    studies = []
    for place, recipe in enumerate(CURVES[panel]):
        theory, method = _theory(panel, recipe, size["lines"])

        def step(done: int, _: int, before: int = place * len(loads)) -> None:
            if progress:
                progress(before + done, total)

        chosen = replace(settings, method=method)
        kept = None if folder is None else folder / f"{panel}-{place}"
        studies.append(study(theory, loads, chosen, store=kept, progress=step))
    made = f"Simulation: {settings.runs} training sets a point, N = {settings.dim}; SGD over at "
    made += f"most {settings.epochs} epochs at learning rate {settings.rate:g} M."
    return Figure1(panel, tuple(studies), (*NOTES[panel], *SHARED_NOTES, made))


def _folder(path: Path) -> Path:
    if not path.parent.is_dir() or (path.exists() and not path.is_dir()):
        raise InputError("store", str(path), "a folder in a folder that exists is accepted")
    if is_store(path):
        raise InputError(
            "store",
            str(path),
            " is another computation's store; a folder of stores, one a curve, is accepted",
        )
    path.mkdir(exist_ok=True)
    return path


def simulated_loads(panel: str, points: int) -> np.ndarray:
    """The loads that are simulated: even in the logarithm, rounded so that P is whole."""
    low, high = RANGE[panel]
    return np.unique(np.round(np.geomspace(low, high, points), 2))


def _theory(panel: str, recipe: Mapping[str, Any], lines: int) -> tuple[Generalization, str]:
    arguments = {"noise": NOISE, **recipe}
    method = arguments.pop("method", "sgd")
    student = "identity" if panel == "1a" else "relu"
    alpha = np.geomspace(*RANGE[panel], lines)
    return generalization(student, alpha, **arguments), method
