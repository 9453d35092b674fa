"""`Sweep`: tables and pictures of a sweep's dataset."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from ...results.base import Result
from ...results.files import with_identifiers
from ...results.json_pieces import RowBlocks
from ...results.named import identifier
from ...store.blocks import COMPLETE, FAILED
from ...teacher_student.problem import Problem

if TYPE_CHECKING:
    import xarray

Array = np.ndarray


@dataclass(frozen=True)
class Sweep(Result):
    """Means, tables and pictures of what `bntheory.sweep` returns.

    Attributes
    ----------
    data
        The dataset; also one that ``xarray.open_zarr`` makes of a store, finished or not.
    store
        The folder that it came from, if any.

    Examples
    --------
    >>> import bntheory as bn
    >>> made = bn.Sweep(bn.sweep(bn.Problem(scheme="wn"), eta=[0.5, 1.0], time=5))
    >>> list(made.columns())[:2], len(made.to_dict()["rows"])
    (['eta', 'final-Q'], 2)
    """

    _drawn_by: ClassVar[str] = "sweep.draw_sweep"

    data: xarray.Dataset
    store: str | None = None

    @property
    def problem(self) -> Problem:
        """Everything that the grid does not vary."""
        return Problem.from_json(self.data.attrs["problem"])

    @property
    def simulated(self) -> bool:
        """Whether these are runs of a simulation, and not flows."""
        return "run" in self.data.dims

    @property
    def time(self) -> float | None:
        """The end, in steps / N; None where it is in the grid."""
        time = self.data.attrs.get("time")
        return None if time is None else float(time)

    @property
    def quantities(self) -> list[str]:
        """Names of the quantities."""
        names = self.data.attrs["quantities"]
        return [names] if isinstance(names, str) else list(names)  # netCDF unpacks lists of one

    @property
    def axes(self) -> tuple[str, ...]:
        """Names of the grid's axes, in their order."""
        return tuple(str(name) for name in self.status.dims if name != "run")

    @property
    def grid(self) -> dict[str, Array]:
        """Values by parameter name (``time`` is one as well), in the order of the axes."""
        return {name: self.data[name].values for name in self.axes}

    @property
    def shape(self) -> tuple[int, ...]:
        """Numbers of values along the grid's axes."""
        return tuple(len(values) for values in self.grid.values())

    @cached_property
    def status(self) -> xarray.DataArray:
        """0 missing, 1 complete, 2 failed."""
        return self.data["status"].load()

    @cached_property
    def statistics(self) -> dict[str, Array]:
        """Quantities, each of the grid's shape; of runs the mean and, beside it, more.

        ``NAME`` is the mean over the runs in which it exists, ``NAME_sem`` its standard error and
        ``NAME_runs`` the number of those runs.
        """
        found: dict[str, Array] = {}
        for name in self.quantities:
            values = np.asarray(self._variable(name).values, dtype=float)
            if not self.simulated:
                known = values.astype(bool) if name == "diverged" and self.complete else values
                found[name] = known
                continue
            count = np.isfinite(values).sum(axis=-1)
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", RuntimeWarning)  # no run, or one
                found[name] = np.nanmean(values, axis=-1)
                spread = np.nanstd(values, axis=-1, ddof=1)
            found |= {f"{name}_sem": spread / np.sqrt(np.maximum(count, 1)), f"{name}_runs": count}
        return found

    def _variable(self, quantity: str) -> xarray.DataArray:
        """A quantity in the dataset: ``final_Q``; ``final-Q`` in stores and old files."""
        return self.data[quantity if quantity in self.data else identifier(quantity)]

    def _named(self) -> Mapping[str, Any]:
        return {**self.grid, **self.statistics}

    @property
    def complete(self) -> bool:
        """Whether every entry is done."""
        return bool((self.status.values == COMPLETE).all())

    @cached_property
    def failed(self) -> tuple[Mapping[str, Any], ...]:
        """Grid points that failed: their values, the reason, and the number of runs."""
        status = self.status.values
        rows: dict[tuple[int, ...], dict[str, Any]] = {}
        places = np.argwhere(status == FAILED)
        messages = self.data["message"].values if len(places) else status
        for place in map(tuple, places):
            point = place[: len(self.axes)]
            if point not in rows:
                values = {
                    n: v[k].item() for (n, v), k in zip(self.grid.items(), point, strict=True)
                }
                rows[point] = {**values, "message": str(messages[place])}
                rows[point] |= {"runs": 0} if self.simulated else {}
            if self.simulated:
                rows[point]["runs"] += 1
        return tuple(rows.values())

    def columns(self) -> dict[str, Array]:
        """The CSV form: one row a grid point, the last axis fastest."""
        axes = np.meshgrid(*self.grid.values(), indexing="ij")
        columns = {name: axis.ravel() for name, axis in zip(self.axes, axes, strict=True)}
        return columns | {name: values.ravel() for name, values in self.statistics.items()}

    def to_dict(self) -> dict[str, Any]:
        """The JSON form."""
        return self._with_rows(self._rows())

    def _streamed(self) -> dict[str, Any]:
        return self._with_rows(RowBlocks(self.columns()))

    def _with_rows(self, rows: Any) -> dict[str, Any]:
        """The JSON form with its rows."""
        names = ("dim", "seed", "engine", "inputs", "points")
        made = {name: self.data.attrs[name] for name in names if name in self.data.attrs}
        if self.simulated:
            made["runs"] = self.data.sizes["run"]
        return {
            "problem": self.problem.to_dict(),
            "time": self.time,
            **made,
            "grid": self.grid,
            "rows": rows,
            "failed": self.failed,
            "missing": int((self.status.values == 0).sum()),
            "store": self.store,
        }

    def to_dataset(self) -> xarray.Dataset:
        """The dataset in memory, as netCDF has it."""
        loaded = with_identifiers(self.data.load())
        loaded["message"] = loaded["message"].astype(object)
        for variable in loaded.variables.values():
            variable.encoding.clear()
        return loaded

    def verdict(self) -> str:
        """How much is done, and where the first quantity is smallest, in words."""
        status = self.status.values
        done = int((status == COMPLETE).sum())
        said = f"{done} of {status.size} {'runs' if self.simulated else 'grid points'} are complete"
        said += self._diverged()
        name = self.quantities[0]
        values = np.asarray(self[name], dtype=float)
        if values.size < 2 or not np.isfinite(values).any():
            return f"{said}."
        place = np.unravel_index(np.nanargmin(values), values.shape)
        at = [f"{n} = {v[k]:g}" for (n, v), k in zip(self.grid.items(), place, strict=True)
              if len(v) > 1]  # fmt: skip
        return f"{said}; {name} is smallest, {values[place]:.6g}, at {', '.join(at)}."

    def _diverged(self) -> str:
        """How many diverged, if it is known."""
        if "diverged" not in self.quantities:
            return ""
        values = np.asarray(self._variable("diverged").values, dtype=float)
        known = np.isfinite(values)
        count = int((values[known] != 0).sum())
        everything = count == values.size and count > 0
        return f", {'all' if everything else count} of them diverged" if count else ""


def check_drawable(grid: Mapping[str, Any]) -> None:
    """Refuse a grid that no picture shows.

    Raises
    ------
    ValueError
        If more than two ranges have more than one value.
    """
    if not drawable(grid):
        raise ValueError(
            f"{len(_long(grid))} ranges have more than one value; a picture shows one or two"
        )


def drawable(grid: Mapping[str, Any]) -> bool:
    """Whether at most two ranges have more than one value."""
    return len(_long(grid)) <= 2


def _long(grid: Mapping[str, Any]) -> list[str]:
    return [name for name, values in grid.items() if np.size(values) > 1 and name != "run"]
