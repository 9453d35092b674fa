"""What can be asked of every point of a sweep: an entry a quantity, which reads an `Ending`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from ...results.checks import number
from ...results.errors import InputError
from ...teacher_student.schedule import effective_rate
from .ending import Ending

Array = np.ndarray


@dataclass(frozen=True)
class Quantity:
    """One number that is kept of every flow or run.

    Attributes
    ----------
    name
        As it is asked for.
    help
        What it is, in one sentence.
    read
        The number from an `Ending`, shape (flows,), NaN where it does not exist; with
        ``needs="level"`` a function of the level, too.
    needs
        What is watched on the way to the end: ``"level"``, when the error falls to the level
        X with which the quantity is asked for, as ``name:X``; ``"plateau"``.
    of_flow
        Whether no simulation has it.
    has
        Whether one unit (``"one"``), committees (``"several"``) or both (``"any"``) have it.
        Those of committees are read by `experiments.sweeps.committees.CommitteeEnding`.
    """

    name: str
    help: str
    read: Callable[..., Array]
    needs: Literal["", "level", "plateau"] = ""
    of_flow: bool = False
    has: Literal["one", "several", "any"] = "one"


def _of_committees(ending: Ending) -> Array:
    """What one unit does not have."""
    return np.full(len(ending.error), np.nan)


def _effective_rate(ending: Ending) -> Array:
    """The effective rate of theory page 3."""
    width = ending.L if ending.spread is None else ending.spread
    return effective_rate(ending.problem, ending.rate, ending.Q, width)


#: By name. To add a quantity, add an entry.
QUANTITIES = {
    one.name: one
    for one in (
        Quantity("final-Q", "The scale at the end.", lambda end: end.Q),
        Quantity("final-R", "The overlap at the end.", lambda end: end.R),
        Quantity("final-L", "The length at the end.", lambda end: end.L),
        Quantity("final-error", "The generalisation error at the end.", lambda end: end.error,
                 has="any"),
        Quantity("eta-eff", "The effective learning rate at the end.", _effective_rate),
        Quantity("plateau", "The longest time the error takes to fall by a tenth.",
                 lambda end: end.plateau, needs="plateau", has="any"),
        Quantity("final-specialisation", "The specialisation of a committee at the end.",
                 _of_committees, has="several"),
        Quantity("escape-rate", "The rate at which a committee's plateau is left, in 1/time.",
                 _of_committees, of_flow=True, has="several"),
        Quantity("specialisation-time", "When a committee's specialisation first is half of all.",
                 _of_committees, has="several"),
        Quantity("eta-max", "The largest stable effective learning rate.",
                 lambda end: end.bounds[0], of_flow=True),
        Quantity("largest-eta", "The largest stable learning rate at L = l0.",
                 lambda end: end.bounds[1], of_flow=True),
        Quantity("diverged", "Whether an order parameter left the finite numbers.",
                 lambda end: end.diverged, has="any"),
        Quantity("time-to", "When the error first falls to a level.",
                 lambda end, level: end.passages[level], needs="level", has="any"),
    )
}  # fmt: skip


#: Kept where nothing is asked for: of one unit, and of a committee.
DEFAULT_QUANTITIES = ("final-Q", "final-R", "final-L", "final-error", "diverged")
COMMITTEE_QUANTITIES = ("final-error", "final-specialisation", "specialisation-time", "diverged")


@dataclass(frozen=True)
class Asked:
    """The quantities asked for.

    Attributes
    ----------
    names
        In the order asked.
    levels
        The error levels whose passages they need.
    plateau
        Whether they need plateaus.
    """

    names: tuple[str, ...]
    levels: tuple[float, ...]
    plateau: bool

    def read(self, ending: Ending) -> dict[str, Array]:
        """The quantities of flows or runs."""
        return {name: _read(name, ending) for name in self.names}


def parse_quantities(quantity: str | Sequence[str], simulated: bool = False) -> Asked:
    """The quantities by name, of flows or of simulated runs.

    Raises
    ------
    ValueError
        For an unknown one.

    Examples
    --------
    >>> parse_quantities("final-error,time-to:0.01").levels
    (0.01,)
    """
    names = quantity.split(",") if isinstance(quantity, str) else list(quantity)
    names = list(dict.fromkeys(name.strip() for name in names))
    entries = [_entry(name) for name in names]
    for name, entry in zip(names, entries, strict=True):
        if simulated and entry.of_flow:
            raise InputError("quantity", name, " is one of the flow; accepted without simulate")
    levels = [level_of(n) for n, e in zip(names, entries, strict=True) if e.needs == "level"]
    plateau = any(entry.needs == "plateau" for entry in entries)
    return Asked(tuple(names), tuple(levels), plateau)


def quantities_of(quantity: str | Sequence[str], simulated: bool, several: bool) -> Asked:
    """The quantities by name, of one unit or of a committee; its own defaults for those of one.

    Raises
    ------
    InputError
        Naming the quantity, with the reason, also for one that only the other has.

    Examples
    --------
    >>> quantities_of("escape-rate", simulated=False, several=True).names
    ('escape-rate',)
    """
    asked = parse_quantities(quantity, simulated)
    if several and sorted(asked.names) == sorted(DEFAULT_QUANTITIES):
        return parse_quantities(COMMITTEE_QUANTITIES, simulated)
    own = "several" if several else "one"
    accepted = tuple(one.name for one in QUANTITIES.values() if one.has in ("any", own))
    reason = "with one unit of student and teacher there is nothing to specialise"
    if several:
        reason = "a committee has matrices in its place"
    for name in asked.names:
        if _entry(name).has not in ("any", own):
            said = f"{reason}; {', '.join(accepted)} are accepted"
            raise InputError("quantity", name, said, accepted)
    return asked


def _entry(name: str) -> Quantity:
    """The quantity that is asked for by a name, with a level or without."""
    head, colon, _ = name.partition(":")
    entry = QUANTITIES.get(head)
    if entry is None or (entry.needs == "level") != bool(colon):
        plain = [one.name for one in QUANTITIES.values() if one.needs != "level"]
        leveled = [f"{one.name}:X" for one in QUANTITIES.values() if one.needs == "level"]
        accepted = ", ".join(plain + leveled)
        raise InputError("quantity", name, f"any of {accepted} is accepted", tuple(plain))
    return entry


def _read(name: str, ending: Ending) -> Array:
    entry = _entry(name)
    return entry.read(ending, level_of(name)) if entry.needs == "level" else entry.read(ending)


def level_of(name: str) -> float:
    """The error level of ``time-to:X``."""
    head, _, level = name.partition(":")
    try:
        return number("quantity", float(level), above=0.0)
    except ValueError:
        raise InputError("quantity", name, f"{head}: with an error above 0 is accepted") from None
