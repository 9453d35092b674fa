"""Section 4: generalisation error against load, linear and ReLU students.

`bntheory.generalization` is this folder and, by the public interface, also a function: calling the
module calls `bntheory.generalization.curve.generalization`.
"""

import sys
from types import ModuleType
from typing import Any


class _CallablePackage(ModuleType):
    def __call__(self, *args: Any, **options: Any) -> Any:
        from .curve import generalization

        return generalization(*args, **options)


sys.modules[__name__].__class__ = _CallablePackage
