"""The folder of a run: what it was, what it measured, where it stopped. Needs no torch.

``config.json`` (the recipe), ``env.json``, ``metrics.csv`` and ``layers.csv`` (a row a judgement),
``result.json``, ``last.pt`` (the checkpoint), ``lock`` (see `claimed`). A campaign that keeps its
store small drops the checkpoints of finished runs, and keeps ``start.pt`` where others start.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from ...results.errors import InputError
from ...results.files import replacing
from ...results.json_pieces import plain
from ..recipe.recipe import Recipe

Row = Mapping[str, Any]
METRICS = (
    "step", "epoch", "learning_rate", "train_loss", "penalty", "fit_loss", "fit_accuracy",
    "validation_loss", "validation_accuracy", "gamma_squared", "images_per_second",
)  # fmt: skip
LAYERS = (
    "step", "layer", "gamma_squared", "kernel_norm", "sigma", "effective_norm", "kurtosis",
    "positions", "effective_positions", "zeta_samples", "zeta_positions", "zeta_effective", "zeta",
)  # fmt: skip


class RunFolder:
    """The records of one run.

    Parameters
    ----------
    path
        The folder; `create` makes it.
    """

    def __init__(self, path: str | Path) -> None:
        self.path = Path(path)
        self.checkpoint = self.path / "last.pt"
        self.start = self.path / "start.pt"

    def check_free(self) -> None:
        """Refuse a folder that holds a run.

        Raises
        ------
        ValueError
            Naming the folder.
        """
        if (self.path / "config.json").exists():
            raise InputError(
                "output",
                str(self.path),
                " holds a run; `bntheory cnn resume` goes on with it, "
                "or another folder is accepted",
            )

    def create(self, recipe: Recipe) -> None:
        """Make the folder for a new run.

        Raises
        ------
        ValueError
            If it holds a run, or cannot be made.
        """
        self.check_free()
        try:
            self.path.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise InputError("output", str(self.path), f"{error.strerror}") from None
        self.write("config", recipe.to_dict())

    def recipe(self) -> Recipe:
        """What the run is.

        Raises
        ------
        ValueError
            If the folder holds no run.
        """
        try:
            return Recipe.from_dict(json.loads((self.path / "config.json").read_text()))
        except (OSError, json.JSONDecodeError):
            raise InputError(
                "run", str(self.path), "a folder that `bntheory cnn train` made is accepted"
            ) from None

    def write(self, name: str, values: Mapping[str, Any]) -> None:
        """Write ``name.json``, whole or not at all."""
        with replacing(self.path / f"{name}.json") as temporary:
            temporary.write_text(json.dumps(plain(values), indent=1, allow_nan=False) + "\n")

    def result(self) -> dict[str, Any] | None:
        """What came out, or None while the run is not finished."""
        try:
            found: dict[str, Any] = json.loads((self.path / "result.json").read_text())
        except OSError:
            return None
        return found

    def append(self, name: str, rows: Iterable[Row], columns: tuple[str, ...]) -> None:
        """Add rows to ``name.csv``."""
        path = self.path / f"{name}.csv"
        new = not path.exists()
        with path.open("a", newline="") as file:
            file.write(as_csv(rows, columns, head=new))

    def rows(self, name: str) -> list[dict[str, Any]]:
        """The rows of ``name.csv``; numbers as floats, what is missing as None."""
        path = self.path / f"{name}.csv"
        return from_csv(path.read_text()) if path.exists() else []

    def cut(self, step: int) -> None:
        """Drop the rows after a step: those that a resumed run will write again."""
        for name, columns in (("metrics", METRICS), ("layers", LAYERS)):
            path = self.path / f"{name}.csv"
            if path.exists():
                kept = [row for row in from_csv(path.read_text()) if row["step"] <= step]
                with replacing(path) as temporary:
                    temporary.write_text(as_csv(kept, columns))


def as_csv(rows: Iterable[Row], columns: Iterable[str], head: bool = True) -> str:
    """Rows as comma-separated values; seven digits, which is what float32 holds."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    columns = list(columns)
    if head:
        writer.writerow(columns)
    for row in rows:
        writer.writerow([_cell(row.get(name)) for name in columns])
    return text.getvalue()


def from_csv(text: str) -> list[dict[str, Any]]:
    """Rows of comma-separated values, numbers as floats; a torn last line is dropped.

    Examples
    --------
    >>> from_csv("step,layer\\n5,bn1\\n6,b")
    [{'step': 5.0, 'layer': 'bn1'}]
    """
    whole = text[: text.rfind("\n") + 1]
    return [
        {name: _value(cell) for name, cell in row.items()}
        for row in csv.DictReader(io.StringIO(whole))
    ]


def _cell(value: Any) -> str:
    if value is None or value != value:
        return ""
    return f"{value:.7g}" if isinstance(value, float) else str(value)


def _value(text: str | None) -> Any:
    if not text:
        return None
    try:
        return float(text)
    except ValueError:
        return text


class Outcome:
    """What a run came to, in the form that commands print and save."""

    def __init__(self, values: Row) -> None:
        self.values = dict(values)

    def to_dict(self) -> dict[str, Any]:
        """The JSON form: as ``result.json``."""
        return self.values
