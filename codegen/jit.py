"""The one place that owns numba's flags."""

from collections.abc import Callable
from typing import TypeVar

import numba

F = TypeVar("F", bound=Callable[..., object])

#: ``nogil``: runs share a process in threads. No ``fastmath``: a diverging run must still be
#: seen to be infinite, and the two roads must not differ by reassociation. ``error_model``:
#: a division by zero gives inf, which the callers look for, as NumPy does.
kernel: Callable[[F], F] = numba.njit(cache=True, nogil=True, error_model="numpy")
