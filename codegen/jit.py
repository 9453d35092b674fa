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


def lane_kernel(function: Callable[..., Any]) -> Any:
    """`kernel` for loops over many flows at once, which become SIMD code.

    ``contract`` lets a product and a sum round once instead of twice; nothing is reordered.
    """
    compiled = numba.njit(cache=True, nogil=True, error_model="numpy", fastmath={"contract"})
    return compiled(function)
