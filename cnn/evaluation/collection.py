"""The records of a preset's runs, together: small enough to be committed. Needs no torch."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from ...results.errors import InputError
from ...results.files import replacing
from ...results.json_pieces import plain
from ..recipe.presets import PRESETS, run_name
from ..runs.records import LAYERS, METRICS, RunFolder, as_csv, from_csv

Array = np.ndarray
Rows = list[dict[str, Any]]
COMMITTED = Path(__file__).resolve().parents[2] / "figures" / "records"
BRIDGE = (
    "layer", "batch_size", "gap", "gap_sem", "sampled_gap", "sampled_gap_sem", "joint_gap",
    "joint_gap_sem", "predicted_gap", "from_mean", "from_spread", "from_both", "from_residual",
    "uncorrelated", "zeta_samples", "neuron_zeta",
    "neuron_zeta_sem", "kurtosis", "gamma_squared",
)  # fmt: skip
TABLES = {"metrics": METRICS, "layers": LAYERS, "bridge": BRIDGE}


@dataclass(frozen=True)
class Records:
    """What all runs of a preset measured.

    Attributes
    ----------
    preset
        The name of the preset.
    runs
        By run: ``config``, ``env`` and ``result``.
    tables
        ``metrics``, ``layers`` and ``bridge``: rows, with the column ``run`` first.
    """

    preset: str
    runs: Mapping[str, Mapping[str, Any]]
    tables: Mapping[str, Rows]

    def seeds(self, *variants: str) -> list[int]:
        """The seeds from which all these variants were finished, and none diverged."""
        preset = PRESETS[self.preset]
        common = min((preset.seeds_of(v) for v in variants), key=len)
        return [s for s in common if all(self._finished(run_name(v, s)) for v in variants)]

    def _finished(self, run: str) -> bool:
        found = self.runs.get(run)
        return found is not None and found["result"]["status"] == "finished"

    def curve(self, variant: str, column: str, layer: str = "") -> tuple[Array, Array]:
        """Steps, shape (judgements,), and a column by seed, shape (seeds, judgements)."""
        table = "layers" if layer else "metrics"
        curves = []
        steps: list[float] = []
        for seed in self.seeds(variant):
            rows = [
                row
                for row in self.tables[table]
                if row["run"] == run_name(variant, seed) and row.get("layer") in (None, layer)
            ]
            steps = [row["step"] for row in rows]
            curves.append([row[column] for row in rows])
        return np.array(steps), np.array(curves, dtype=float).reshape(len(curves), len(steps))

    def last(self, variant: str, column: str, layer: str = "") -> Array:
        """The last value of a column, one a seed, shape (seeds,)."""
        _, curves = self.curve(variant, column, layer)
        return curves[:, -1] if curves.size else np.empty(0)

    def layer_names(self, variant: str) -> list[str]:
        """The normalisations of a variant's network, in its order."""
        name = run_name(variant, 0)
        rows = [row["layer"] for row in self.tables["layers"] if row["run"] == name]
        return list(dict.fromkeys(rows))

    def save(self, folder: Path) -> None:
        """Write ``runs.json`` and a CSV a table."""
        folder.mkdir(parents=True, exist_ok=True)
        text = json.dumps(plain({"preset": self.preset, "runs": self.runs}), indent=1)
        files = {"runs.json": text + "\n"}
        for name, columns in TABLES.items():
            files[f"{name}.csv"] = as_csv(self.tables[name], ("run", *columns))
        for name, content in files.items():
            with replacing(folder / name) as temporary:
                temporary.write_text(content)


def committed(preset: str) -> Records:
    """The records that come with the package.

    Raises
    ------
    ValueError
        If there are none for this preset.
    """
    folder = COMMITTED / preset
    if not (folder / "runs.json").is_file():
        there = sorted(path.parent.name for path in COMMITTED.glob("*/runs.json"))
        raise InputError(
            "preset",
            preset,
            f"has no records in this package; train it with --store FOLDER, or "
            f"one of {' '.join(there)} is accepted",
        )
    found = json.loads((folder / "runs.json").read_text())
    tables = {name: from_csv((folder / f"{name}.csv").read_text()) for name in TABLES}
    return Records(preset, found["runs"], tables)


def collect(preset: str, store: str | Path) -> Records:
    """Gather the finished runs of a preset from a folder of runs."""
    runs: dict[str, Any] = {}
    tables: dict[str, Rows] = {name: [] for name in TABLES}
    for name, recipe in PRESETS[preset].runs().items():
        folder = RunFolder(Path(store) / name)
        result = folder.result()
        if result is None:
            continue
        env = json.loads((folder.path / "env.json").read_text())
        runs[name] = {"config": recipe.to_dict(), "env": env, "result": result}
        for table in TABLES:
            tables[table] += [{"run": name, **row} for row in folder.rows(table)]
    return Records(preset, runs, tables)
