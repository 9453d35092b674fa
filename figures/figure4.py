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
    notes = (*about(records), "Both go on from the same BN networks at a tenth of their rate.")
    return NetworkFigure("4", need(records, _panels), notes)


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
