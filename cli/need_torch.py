"""Commands that need PyTorch, where it is not installed."""

from __future__ import annotations

from importlib.util import find_spec

import rich_click as click


def need_torch() -> None:
    """Refuse without a traceback where torch is not installed."""
    if find_spec("torch") is None:
        raise click.UsageError(
            "this needs PyTorch, which is not installed: pip install 'bntheory[cnn]'"
        )
