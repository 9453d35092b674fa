"""One small result for every drawing function of the package, by name."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

import bntheory as bn
import numpy as np
from bntheory.experiments.finite_data.early_stopping import early_stopping
from bntheory.experiments.finite_data.training_work import Settings
from bntheory.figures.plateau import plateau_figure
from bntheory.finite_load.curve import generalization

WN = bn.Problem(scheme="wn", noise=0.1)
PN = bn.Problem(scheme="pn", zeta=0.1, noise=0.1, weight_decay=0.2, eta=0.5)
COMMITTEE = bn.Problem("erf", "sgd", units=2, teacher_units=2)
SHORT = {"time": 4.0, "points": 21}


@cache
def compared() -> Any:
    return bn.compare(WN, dim=400, runs=24, seed=1, **SHORT)


def _neurons() -> Any:
    from bntheory.experiments.regularization.neuron import NeuronRegularization

    zeta = np.linspace(0.01, 0.02, 40) ** 1.5
    parts = {"kurtosis": zeta, "kurtosis_sem": zeta / 9, "zeta": zeta, "zeta_sem": zeta / 9}
    parts |= {"skewness": zeta, "skewness_sem": zeta / 9, "fisher_information": zeta}
    parts |= {"from_mean": zeta / 2, "from_spread": zeta / 2, "from_both": 0 * zeta}
    return NeuronRegularization("relu", 32, 1000, **parts, zeta_gaussian=0.0117, block_length=1,
                                message="")  # fmt: skip


def _universality() -> Any:
    from bntheory.figures.universality import LAWS, Universality

    runs = compared().runs
    return Universality(compared().flow, dict.fromkeys(LAWS, runs))


@cache
def _figure1(panel: str) -> Any:
    from bntheory.experiments.finite_data.study import GeneralizationStudy, Simulated
    from bntheory.figures.figure1 import CURVES, NOTES, SHARED_NOTES, Figure1, _theory

    studies = []
    for recipe in CURVES[panel]:
        theory, method = _theory(panel, recipe, 8)
        near = np.where(np.isfinite(theory.error), theory.error, 0.9)[::2] + 0.01
        numbers = {"mean": near, "sem": 0.01 + 0 * near, "m": near, "q": near}
        counts = {"used": np.full(near.size, 8), "converged": 8 * (np.arange(near.size) % 2)}
        points = Simulated(Settings(method=method), theory.alpha[::2], **numbers, **counts)
        studies.append(GeneralizationStudy(theory, points))
    return Figure1(panel, tuple(studies), (*NOTES[panel], *SHARED_NOTES))


def _best_rates() -> Any:
    from bntheory.experiments.sweeps.best_learning_rate import best_rates

    return best_rates(WN, [2.0, 4.0], {"eta": [0.1, 1.0], "zeta": [0.0, 0.1]})


def _networks(name: str) -> Any:
    from importlib import import_module

    from bntheory.cnn.evaluation.collection import committed

    module = import_module(f"bntheory.figures.figure{name}")
    return getattr(module, f"figure{name}")(committed("cpu"))


class _Layers:
    """Draws the records' rows as `LayerTable` of `cnn.evaluation` does, which needs torch."""

    def __init__(self, table: str) -> None:
        self.table = table

    def plot(self, width: Any = "two") -> Any:
        from bntheory.cnn.evaluation.collection import committed
        from bntheory.pictures.layers import draw_gaps, draw_layers
        from bntheory.pictures.style import house_style

        rows = [r for r in committed("cpu").tables[self.table] if r["run"] == "bn-s0"]
        last = [r for r in rows if r.get("step") == rows[-1].get("step")]
        with house_style():
            return (draw_gaps if self.table == "bridge" else draw_layers)(last, width)


def _claims() -> Any:
    from bntheory.cnn.evaluation.claims import judge_claims
    from bntheory.cnn.evaluation.collection import committed

    return judge_claims(committed("cpu"))


def _fluctuating() -> Any:
    from bntheory.odes.fluctuations.spread import with_fluctuations

    return with_fluctuations(bn.integrate(WN, **SHORT), 400)


def _swept(**grid: Any) -> Any:
    problem = PN.replace(weight_decay=0.0, batch_size=1)
    return bn.Sweep(bn.sweep(problem, time=3.0, **grid))


#: Every drawing function of the package, each with a small result.
PICTURES: dict[str, Callable[[], Any]] = {
    "flow": lambda: bn.integrate(WN, **SHORT),
    "flow-with-spread": _fluctuating,
    "runs": lambda: compared().runs,
    "committee-runs": lambda: bn.simulate(
        bn.Problem("erf", units=2, teacher_units=2, batch_size=8), dim=50, runs=4, **SHORT
    ),
    "compare": compared,
    "compare-without-prediction": lambda: bn.compare(
        bn.Problem(batch_size=4), dim=400, runs=16, time=2, points=11
    ),
    "compare-scatter": lambda: compared().showing("scatter"),
    "sweep-curves": lambda: _swept(eta=np.geomspace(0.05, 20, 15)),
    "sweep-simulated": lambda: _swept(
        eta=[0.2, 0.5, 1.0], simulate=True, dim=100, runs=4, quantity="final-error,final-R"
    ),
    "sweep-map": lambda: _swept(
        eta=np.geomspace(0.1, 20, 12), zeta=np.linspace(0, 1, 10), quantity="final-error,final-Q"
    ),
    "sweep-one-map": lambda: _swept(
        eta=np.geomspace(0.1, 20, 12), zeta=np.linspace(0, 1, 10), quantity="final-error"
    ),
    "fixed-points": lambda: bn.fixed_points(PN),
    "committee-flow": lambda: bn.integrate(COMMITTEE, **SHORT),
    "committee-points": lambda: bn.fixed_points(COMMITTEE),
    "committee-compare": lambda: bn.compare(
        COMMITTEE, dim=100, runs=8, time=1.0, points=3, workers=1
    ),
    "plateau": plateau_figure,
    "fit": lambda: bn.fit(WN.replace(eta=0.4), compared().runs, over="eta"),
    "follow": lambda: bn.follow(PN, "zeta", np.linspace(0, 1, 6)),
    "best-rates": _best_rates,
    "schedule": lambda: bn.optimal_schedule(WN, time=5.0),
    "approximation": lambda: bn.approximate(
        bn.Problem("identity"), batch_sizes=[8, 16, 32, 64, 128], time=4, points=17
    ),
    "regularization": lambda: bn.regularization(bn.Problem("identity"), examples=10_000),
    "inference-over-time": lambda: bn.inference_over_time(
        bn.Problem("identity", batch_size=8, running_rate=0.5), time=2, points=5, dim=200, runs=4
    ),
    "inference": lambda: bn.inference(bn.Problem("identity", batch_size=8), at_q=0.9, at_r=0.95),
    "advice": lambda: bn.advise(
        bn.NetworkTraining(activation="identity", weight_decay=0.01, noise=0.1),
        change={"batch_size": 8},
    ),
    "neurons": _neurons,
    "plan": lambda: bn.plan(WN, 0.002, time=5, dims=[100, 300, 1000, 3000, 10000]),
    "generalization": lambda: generalization("identity", np.geomspace(0.2, 5, 40), scheme="wn"),
    "generalization-simulated": lambda: _figure1("1b").studies[1],
    "early-stopping": lambda: early_stopping(simulate=True, dim=40, runs=3, epochs=200),
    "figure-1a": lambda: _figure1("1a"),
    "figure-1b": lambda: _figure1("1b"),
    "figure-2": lambda: _networks("2"),
    "figure-4": lambda: _networks("4"),
    "universality": _universality,
    "layers": lambda: _Layers("layers"),
    "layer-gaps": lambda: _Layers("bridge"),
    "claims": _claims,
}


@cache
def made(name: str) -> Any:
    """The result of a picture, made once."""
    return PICTURES[name]()
