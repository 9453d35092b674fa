"""The one place that owns numba's flags."""

from collections.abc import Callable
from typing import Any

import numba

from .full_disk import say_uncached


def kernel(function: Callable[..., Any]) -> Any:
    """Compile a function on its first call, or load it from numba's cache on disk.

    ``nogil``: runs share a process in threads. No ``fastmath``: a diverging run must still be
    seen to be infinite, and the two roads must not differ by reassociation; said aloud, since
    what is first called by a `lane_kernel` would take over its flags, and a flow's last bits
    would depend on what was compiled first. ``error_model``: a division by zero gives inf, as in
    NumPy, which the callers look for.
    """
    return _made(function, {})


def lane_kernel(function: Callable[..., Any]) -> Any:
    """`kernel` for loops over many flows at once, which become SIMD code.

    ``contract`` lets a product and a sum round once instead of twice; nothing is reordered.
    """
    return _made(function, {"fastmath": {"contract"}})


def part_kernel(function: Callable[..., Any]) -> Any:
    """`kernel` that becomes part of those that call it: arrays cost more to hand on than a number.

    Nothing of the arithmetic changes.
    """
    return _made(function, {"inline": "always"})


def inlined_kernel(function: Callable[..., Any]) -> Any:
    """`lane_kernel` that becomes part of those that call it, under their flags.

    A call of small work costs more than the work, and what is behind a call is not seen to be
    straight code.
    """
    return _made(function, {"fastmath": {"contract"}, "inline": "always"})


def sum_kernel(function: Callable[..., Any]) -> Any:
    """`kernel` for long sums of finite numbers, which are added in the order that is fastest."""
    return _made(function, {"fastmath": {"reassoc", "contract", "nsz"}})


def _made(function: Callable[..., Any], flags: dict[str, Any]) -> Any:
    flags = {"nogil": True, "error_model": "numpy", "fastmath": False, **flags}
    if "__file__" not in function.__globals__:  # a module in memory: its disk is full
        return numba.njit(**flags)(function)
    try:
        compiled = numba.njit(cache=True, **flags)(function)
    except RuntimeError as error:  # numba finds no folder that takes anything
        say_uncached(function.__globals__["__file__"], str(error))
        return numba.njit(**flags)(function)
    _survive_full_disks(compiled)
    return compiled


def _survive_full_disks(compiled: Any) -> None:
    """What cannot be kept is used all the same, and that is said once."""
    cache = compiled._cache
    save = cache.save_overload

    def save_if_possible(signature: Any, data: Any) -> None:
        try:
            save(signature, data)
        except OSError as error:
            say_uncached(str(cache.cache_path), error.strerror or str(error))

    cache.save_overload = save_if_possible
