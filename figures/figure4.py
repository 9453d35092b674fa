"""Figure 4 of the paper: kernels of vanilla SGD that goes on from a BN network folded into them."""

from __future__ import annotations

from ..cnn.evaluation.collection import Records
from .figure2 import STEPS
from .networks import Curve, NetworkFigure, Panel, about, need, over_steps

VARIANTS = (("bn-on", "BN, effective norm"), ("vanilla-on", "vanilla SGD, kernels"))
LOSSES = (("bn-on", "BN"), ("vanilla-on", "vanilla SGD"))
LAYERS = 4  # as many as the paper shows


def figure4(records: Records) -> NetworkFigure:
    r"""Redraw Figure 4 from a preset's runs: norms by layer, and losses, in fine-tuning.

    The effective norm of BN is the mean over channels of ``gamma |w| / sigma``.

    Raises
    ------
    ValueError
        If nothing of it was run.
    """
    notes = (*about(records), f"Both go on from the same BN networks{_rate(records)}.")
    return NetworkFigure("4", need(records, _panels), notes)


def _rate(records: Records) -> str:
    """At which rate the networks go on, if both are there."""
    rates = [
        {run["config"]["training"]["learning_rate"] for name, run in records.runs.items()
         if name.rpartition("-s")[0] == variant}
        for variant in ("bn-on", "bn")
    ]  # fmt: skip
    if any(len(found) != 1 for found in rates):
        return ""
    return f" at the rate {rates[0].pop():g} (theirs: {rates[1].pop():g})"


def _panels(records: Records) -> tuple[Panel, ...]:
    names = records.layer_names("vanilla-on")
    chosen = names[:: max(1, len(names) // LAYERS)][:LAYERS]

    def norms(layer: str) -> tuple[Curve, ...]:
        return over_steps(records, "effective_norm", VARIANTS, layer=layer)

    fit = over_steps(records, "fit_loss", LOSSES)
    held = over_steps(records, "validation_loss", LOSSES)
    return (
        *(Panel("", f"norm after {layer}", STEPS, "norm of a kernel", norms(layer))
          for layer in chosen),
        Panel("", "training", STEPS, "training loss", fit),
        Panel("", "validation", STEPS, "validation loss", held),
    )  # fmt: skip
