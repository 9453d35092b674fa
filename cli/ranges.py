"""Ranges of values, as they are written on the command line."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..results.errors import InputError

if TYPE_CHECKING:
    import numpy as np

#: Values of a range: more are a slip of the keyboard, and would be made before anything is said.
MOST_VALUES = 10_000_000


def parse_range(text: str, parameter: str) -> np.ndarray:
    """``START:STOP:NUM``, ``START:STOP:NUM:log``, a list ``0.1,0.2``, or one number.

    Raises
    ------
    ValueError
        Naming the parameter and what is accepted.
    """
    import numpy as np

    accepted = "START:STOP:NUM, START:STOP:NUM:log, or a list of numbers 0.1,0.2 is accepted"
    refused = InputError(parameter, text, accepted)
    try:
        start_stop_num = text.split(":")
        if len(start_stop_num) == 1:
            values = np.array([float(item) for item in text.split(",")])
        else:
            start, stop, num, *log = start_stop_num
            ends = float(start), float(stop)
            if log not in ([], ["log"]) or int(num) < 1 or not np.isfinite(ends).all():
                raise ValueError
            if int(num) > MOST_VALUES:
                most = f"a range of at most {MOST_VALUES:g} values is accepted"
                refused = InputError(parameter, text, most)
                raise ValueError
            space = np.geomspace if log else np.linspace
            values = np.asarray(space(*ends, int(num)))
    except ValueError:
        raise refused from None
    if not np.isfinite(values).all():
        raise refused
    return values
