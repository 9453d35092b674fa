"""The one place that owns numba's flags."""

from collections.abc import Callable
from typing import Any

import numba


def kernel(function: Callable[..., Any]) -> Any:
    """Compile a function on its first call, or load it from numba's cache on disk.

    ``nogil``: runs share a process in threads. No ``fastmath``: a diverging run must still be
    seen to be infinite, and the two roads must not differ by reassociation. ``error_model``:
    a division by zero gives inf, as in NumPy, which the callers look for.
    """
    return numba.njit(cache=True, nogil=True, error_model="numpy")(function)
