"""Figure 2 of the paper: what regularises in BN, in convolutional networks."""

from __future__ import annotations

import numpy as np

from ..cnn.evaluation.claims import batch_variants
from ..cnn.evaluation.collection import Records
from ..results.labels import LABELS
from .networks import Curve, NetworkFigure, Panel, about, losses, need, over_steps

LOSS, ACCURACY, STEPS = "loss (cross-entropy)", "validation accuracy", "steps"
AGAINST_PN = (("bn", "BN"), ("pn", "PN"), ("pn-decay", "PN + gamma decay"))
PARTS = (("bn", "BN"), ("wn-mean", "WN + mean-only BN"), ("wn-var", "WN + variance-only BN"))


def figure2(records: Records) -> NetworkFigure:
    """Redraw Figure 2 from a preset's runs; panels of which nothing was run are left out.

    Raises
    ------
    ValueError
        If nothing of it was run.
    """
    notes = (
        *about(records),
        "PN is renormalisation after a tenth of the steps as BN; its gamma decay is zeta of the "
        f"theory, counting images times positions. {_effort(records)}",
    )
    return NetworkFigure("2", need(records, _panels), notes)


def _panels(records: Records) -> tuple[Panel, ...]:
    large = batch_variants(records)[-1]
    dropout = (
        (large, "BN"), ("bn-large-dropout", "BN + dropout"), ("wn-large", "WN"),
        ("wn-large-dropout", "WN + dropout"),
    )  # fmt: skip
    big = _batch_size(records, large) if records.seeds(large) else 0

    def accuracy(variants: tuple[tuple[str, str], ...]) -> tuple[Curve, ...]:
        return over_steps(records, "validation_accuracy", variants)

    fit = over_steps(records, "fit_loss", PARTS)
    held = over_steps(records, "validation_loss", PARTS)
    ours = over_steps(records, "validation_loss", dropout)
    size, gamma = LABELS["batch_size"], r"$\gamma^2$, mean over layers"
    return (
        Panel("a", "losses of BN and PN", STEPS, LOSS, losses(records, AGAINST_PN)),
        Panel("b", "accuracy of BN and PN", STEPS, ACCURACY, accuracy(AGAINST_PN)),
        Panel("c", "parts of BN, training", STEPS, "training loss", fit),
        Panel("d", "parts of BN, validation", STEPS, "validation loss", held),
        Panel("e", "gamma against batch size", size, gamma,
              _by_size(records, "gamma_squared"), True),
        Panel("f", "loss against batch size", size, "validation loss",
              _by_size(records, "validation_loss"), True),
        Panel("g", f"dropout, M = {big}", STEPS, "validation loss", ours),
        Panel("h", f"dropout, M = {big}", STEPS, ACCURACY, accuracy(dropout)),
    )  # fmt: skip


def _effort(records: Records) -> str:
    """What batch sizes have in common: the steps or the images."""
    found = {v: records.seeds(v) for v in batch_variants(records)}
    runs = [
        records.runs[f"{v}-s{seeds[0]}"]["config"]["training"]
        for v, seeds in found.items()
        if seeds
    ]
    equal = len({run["steps"] for run in runs}) < 2
    return f"All batch sizes take as many {'steps' if equal else 'passes through the images'}."


def _by_size(records: Records, column: str) -> tuple[Curve, ...]:
    variants = [v for v in batch_variants(records) if records.seeds(v)]
    if len(variants) < 2:
        return ()
    seeds = min(len(records.seeds(v)) for v in variants)
    values = np.array([records.last(v, column)[:seeds] for v in variants]).T
    return (Curve("BN", np.array([_batch_size(records, v) for v in variants]), values, 0),)


def _batch_size(records: Records, variant: str) -> int:
    seed = records.seeds(variant)[0]
    return int(records.runs[f"{variant}-s{seed}"]["config"]["training"]["batch_size"])
