"""A measured curve from a file: saved results of this package, or a table of anybody's."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import numpy as np

from ...results.errors import InputError
from .measured import QUANTITIES

SUFFIXES = (".csv", ".json", ".nc")


def read_curve(path: str | Path) -> Any:
    """What `bntheory.fit` takes as data, from a file.

    Parameters
    ----------
    path
        ``.csv`` with columns ``t``, some of ``Q R L error`` (or ``Q_mean``), and standard errors
        ``Q_sem`` if they are known; ``.json`` of ``integrate``, ``simulate`` or with lists by the
        same names; ``.nc`` that `save` wrote, whose runs keep how their points hang together.

    Returns
    -------
    Runs, Flow or dict of str to ndarray
        Times are in steps / N.

    Raises
    ------
    ValueError
        For a file that cannot be read, or of another form.

    Examples
    --------
    >>> import tempfile, bntheory as bn
    >>> flow = bn.integrate(bn.Problem("identity", scheme="wn"), time=1.0, points=3)
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     flow.save(f"{folder}/flow.csv")
    ...     sorted(read_curve(f"{folder}/flow.csv"))
    ['L', 'Q', 'R', 'error', 't']
    """
    path = Path(path)
    if path.suffix not in SUFFIXES:
        raise InputError("data", str(path), f"a file in {' '.join(SUFFIXES)} is accepted")
    if path.suffix == ".nc":
        from ...results.saved import load

        try:
            return load(path)
        except InputError as error:
            raise InputError("data", str(path), error.reason) from None
    try:
        text = path.read_text(encoding="utf-8-sig")  # spreadsheets begin with a mark
        return _from_csv(text) if path.suffix == ".csv" else _from_json(text)
    except OSError as error:
        raise InputError("data", str(path), f" cannot be read: {error.strerror}") from None
    except (ValueError, TypeError, AttributeError):
        reason = f" is no table of numbers: columns t and some of {' '.join(QUANTITIES)}"
        raise InputError("data", str(path), reason) from None


def _from_csv(text: str) -> dict[str, np.ndarray]:
    """Columns by name; an empty cell was not measured."""
    rows = list(csv.DictReader(text.splitlines(), skipinitialspace=True))
    names = [name for name in (rows[0] if rows else {}) if name and _ours(name)]
    return {_ours(name): np.array([float(row[name] or "nan") for row in rows]) for name in names}


def _from_json(text: str) -> dict[str, np.ndarray]:
    """Lists by name, or the means and standard errors of runs; null was not measured."""
    made = json.loads(text)
    columns = {"t": made.get("t"), **{name: made.get(name) for name in QUANTITIES}}
    for part, mark in (("mean", ""), ("sem", "_sem")):
        columns |= {f"{name}{mark}": values for name, values in made.get(part, {}).items()}
    columns |= {f"{name}_sem": made.get(f"{name}_sem") for name in QUANTITIES if "sem" not in made}
    return {name: np.array(values, dtype=float) for name, values in columns.items()
            if values is not None and _ours(name)}  # fmt: skip


def _ours(name: str) -> str:
    """What a column is: ``Q`` of ``Q`` and ``Q_mean``, ``Q_sem``; empty where it is neither."""
    known = {"t": "t"}
    for own in QUANTITIES:
        known |= {own: own, f"{own}_mean": own, f"{own}_sem": f"{own}_sem"}
    return known.get(name.strip(), "")
