"""What ``bntheory sweep`` answers with ``--best`` and ``--schedule``."""

from __future__ import annotations

from typing import Any

from ..results.errors import InputError
from .bad_input import option_name
from .report import Reporter, table


def _check_picture(reporter: Reporter, grid: dict[str, Any]) -> None:
    """Refuse a picture that best rates do not have, before they are looked for."""
    from ..results.files import PICTURE_SUFFIXES

    if any(path.suffix in PICTURE_SUFFIXES for path in reporter.outputs):
        from ..pictures.best_rates import check_drawable

        check_drawable({name: len(values) for name, values in grid.items() if name != "eta"})


def optimum(problem: Any, grid: dict[str, Any], reporter: Reporter, schedule: bool) -> None:
    from ..experiments.sweeps.best_learning_rate import BestRates, best_rates, schedule_with_gain

    horizon = grid.pop("time")
    if not schedule:
        ends = horizon if hasattr(horizon, "__len__") else [horizon]
        _check_picture(reporter, {**grid, "time": ends})
        made: BestRates = best_rates(problem, ends, grid, progress=reporter.progress)
        reporter.finish(made, table(made.columns(), rows=25))
        return
    if grid or hasattr(horizon, "__len__"):
        names = ", ".join(option_name(name) for name in [*grid, "time"])
        raise InputError("schedule", True, f"single numbers are accepted for {names}")
    found = schedule_with_gain(problem, time=horizon)
    closing = (
        f"error at t = {horizon:g}: {found.error[-1]:.6g}; best constant eta = "
        f"{found.best_eta:.6g} reaches {found.best_error:.6g}; gain {found.gain:.4g}"
    )
    reporter.finish(found, [*table(found.columns()), "", closing])
