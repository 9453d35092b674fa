"""One number of an advice: its value, when it holds, and the command that derives it."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np


@dataclass(frozen=True)
class AdviceRow:
    """A number that the theory gives for a setting.

    Attributes
    ----------
    quantity, symbol, unit
        What it is.
    value
        None where the theory gives none; ``validity`` says why.
    validity
        Where it holds.
    command
        The ``bntheory`` command from which it follows; empty if there is no value.
    key
        Where it stands in that command's JSON: names joined by dots. ``reached`` of a list is the
        point whose ``reached`` is true; a list of numbers counts as the mean of those that exist.
    factor
        The value is that number times this.
    """

    quantity: str
    symbol: str
    unit: str
    value: float | None
    validity: str
    command: str = ""
    key: str = ""
    factor: float = 1.0

    def read(self, found: Mapping[str, Any]) -> float | None:
        """The value in the JSON object that the command prints.

        Examples
        --------
        >>> row = AdviceRow("zeta", "zeta", "1", 0.5, "", "bntheory ...", "points.reached.Q", 2.0)
        >>> row.read({"points": [{"reached": False, "Q": 9.0}, {"reached": True, "Q": 0.25}]})
        0.5
        """
        here: Any = found
        for name in self.key.split("."):
            if name == "reached":
                here = next(point for point in here if point["reached"])
            else:
                here = here[name]
        if here is None:
            return None
        known = [value for value in np.ravel(here) if value is not None]
        return float(np.mean(known)) * self.factor


def command(name: str, options: Mapping[str, Any]) -> str:
    """A command line that prints JSON; numbers are written such that they are read back exactly.

    Examples
    --------
    >>> command("inference", {"batch_size": 8, "at_q": 0.5})
    'bntheory inference --batch-size 8 --at-q 0.5 --json'
    """
    words = ["bntheory", name]
    for option, value in options.items():
        words += [f"--{option.replace('_', '-')}", str(value)]
    return shlex.join([*words, "--json"])
