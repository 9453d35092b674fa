"""The companion adapter (paper, section 5): convolutional networks in PyTorch.

The only package that imports torch; only ``cli`` and ``figures`` import it, when asked. What reads
data or records (`formats`, `data`, `recipe`, `records`, `claims`) does without torch.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .inspection.inspect import inspect as inspect
    from .inspection.report import Inspection as Inspection
    from .inspection.what_if import WhatIf as WhatIf

#: Public names and where they live; imported on first use, since they import torch.
_PUBLIC = {
    "inspect": "inspection.inspect",
    "Inspection": "inspection.report",
    "WhatIf": "inspection.what_if",
}
__all__ = sorted(_PUBLIC)


def __getattr__(name: str) -> Any:
    if name not in _PUBLIC:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(f".{_PUBLIC[name]}", __name__), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return list(__all__)
