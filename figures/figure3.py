"""Figure 3 of the paper: BN against PN on downsampled ImageNet.

Its data could not be had here: recipe (preset ``imagenet``) and loader are tested on a small file
in the format, and the figure itself has not been reproduced.
"""

from __future__ import annotations

from ..cnn.evaluation.collection import Records
from .figure2 import ACCURACY, AGAINST_PN, LOSS, STEPS
from .networks import NetworkFigure, Panel, about, losses, need, over_steps


def figure3(records: Records) -> NetworkFigure:
    """Redraw Figure 3 from a preset's runs.

    Raises
    ------
    ValueError
        If nothing of it was run.
    """
    return NetworkFigure("3", need(records, _panels), about(records))


def _panels(records: Records) -> tuple[Panel, ...]:
    accuracy = over_steps(records, "validation_accuracy", AGAINST_PN)
    return (
        Panel("a", "training and validation loss", STEPS, LOSS, losses(records, AGAINST_PN)),
        Panel("b", "validation accuracy", STEPS, ACCURACY, accuracy),
    )
