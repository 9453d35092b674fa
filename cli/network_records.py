"""The records of networks that commands judge and draw."""

from __future__ import annotations

from typing import Any

from ..results.errors import InputError
from .bad_input import bad_input
from .need_torch import need_torch
from .report import Reporter


def records_of(
    preset: str,
    store: str | None,
    reporter: Reporter,
    minutes: float | None = None,
    data: str | None = None,
) -> Any:
    """The records of a preset: those that come with the package, or trained in a folder."""
    from ..cnn.recipe.presets import PRESETS

    with bad_input():
        if preset not in PRESETS:
            raise InputError("preset", preset, f"one of {' '.join(PRESETS)} is accepted", PRESETS)
        from ..cnn.evaluation.collection import collect, committed

        if store is None:
            for name, value in (("minutes", minutes), ("data", data)):
                if value is not None:
                    raise InputError(name, value, "is accepted with --store, where it trains")
            return committed(preset)
        need_torch()
        from ..cnn.evaluation.campaign import train_preset

        campaign = train_preset(
            PRESETS[preset], store, reporter.progress, minutes=minutes, data=data, say=reporter.warn
        )
        reporter.warn(campaign.message())
        return collect(preset, store)
