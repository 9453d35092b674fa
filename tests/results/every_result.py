"""One small result of every class that is a table, by name."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache
from typing import Any

import bntheory as bn
import numpy as np
import pytest
from bntheory.odes.fluctuations.committee import committee_fluctuations

from pictures import COMMITTEE, PICTURES, WN

#: Other pictures of classes that are there already.
SAME = ("flow-with-spread", "compare-without-prediction", "compare-scatter", "sweep-simulated",
        "sweep-one-map", "sweep-curves", "figure-1b", "figure-4")  # fmt: skip


def _layers() -> Any:
    from bntheory.cnn.evaluation.inspect_run import LayerTable

    rows = [{"layer": "1", "gamma": 0.5, "maps": 8}, {"layer": None, "gamma": None, "maps": 16}]
    return LayerTable(rows, False)


def _trained() -> Any:
    return bn.train(
        bn.Problem("identity", scheme="sgd", noise=0.1), alpha=2.0, dim=20, runs=3, epochs=50
    )


def _table_one() -> Any:
    from bntheory.odes.equilibria.table_one import table_one

    return table_one(bn.Problem("identity", scheme="pn", zeta=0.1))


def _checked() -> Any:
    from bntheory.experiments.checks.fixed_points import CheckedFixedPoints
    from bntheory.experiments.checks.learning_rate import LearningRateCheck

    found = PICTURES["fixed-points"]()
    rates = LearningRateCheck(found.problem, 1.0, 1.0, None, None, 100, 8, 1, "", False)
    return CheckedFixedPoints(found, rates, None)


def _fitted() -> Any:
    flow = PICTURES["flow"]()
    return bn.fit(WN.replace(zeta=0.1), {"t": flow.t, "R": flow.R}, over="zeta,eta")


EVERY: Mapping[str, Callable[[], Any]] = {
    **{
        name: make
        for name, make in PICTURES.items()
        if name not in SAME and not name.startswith("layer")
    },
    "layers": _layers,
    "train": _trained,
    "table-one": _table_one,
    "checked-fixed-points": _checked,
    "interpolated": lambda: PICTURES["flow"]().at([0.1, 0.25, 1.0]),
    "fit": _fitted,
    "committee-fluctuations": lambda: committee_fluctuations(COMMITTEE, np.array([0.0, 1.0, 2.0])),
    "fluctuations": lambda: bn.fluctuations(WN, times=[0.0, 1.0, 2.0]),
}


@cache
def made(name: str) -> Any:
    """The result of a name, made once in a process."""
    if name == "layers":
        pytest.importorskip("torch", reason="needs PyTorch: make test-cnn installs it")
    return EVERY[name]()
