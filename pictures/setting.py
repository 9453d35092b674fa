"""What a picture's title says of its problem: enough to draw it again."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from ..teacher_student.parameters import PARAMETERS

#: Options of training, which are said where they are not the usual ones.
TRAINED = {"loss": "{} loss", "labels": "labels {}", "noise_law": "noise {}", "clip": "clip {}",
           "step_clip": "steps clipped at {}", "optimiser": "{}"}  # fmt: skip
#: Numbers, by the symbols of the axes; the first are said of every problem.
ALWAYS = {"batch_size": "M", "eta": r"\eta", "noise": "S"}
#: Characters of the longest spectrum that is said as it was given.
LONGEST = 32
NUMBERS = {
    "statistics_size": "m", "zeta": r"\zeta", "weight_decay": r"\lambda", "momentum": r"\beta",
}  # fmt: skip


def setting(problem: Any, *more: str, without: Collection[str] = ()) -> str:
    r"""Scheme, activation, M, eta and S; of the rest what is not as usual; and what else is told.

    Parameters
    ----------
    problem
        Of one student or of a committee.
    more
        What follows.
    without
        Parameters that are not said: those along the axes of the picture.

    Examples
    --------
    >>> import bntheory as bn
    >>> setting(bn.Problem(scheme="wn", zeta=0.1), "$N$ = 400", without=["eta"])
    'wn, relu, $M$ = 1, $S$ = 0, $\\zeta$ = 0.1, $N$ = 400'
    """
    said = [str(problem.scheme), str(problem.activation)]
    said += [words.format(value) for name, words in TRAINED.items()
             if (value := _other(problem, name)) is not None]  # fmt: skip
    for name, symbol in ALWAYS.items():
        if name not in without:
            said.append(f"${symbol}$ = {_written(getattr(problem, name))}")
    for name, symbol in NUMBERS.items():
        value = _other(problem, name)
        if name not in without and value is not None:
            said.append(f"${symbol}$ = {_written(value)}")
    return ", ".join([*said, *_inputs(problem, without), *more])


def _inputs(problem: Any, without: Collection[str]) -> list[str]:
    """The spectrum of the inputs, where they have one: by its name if that is short."""
    spectrum = getattr(problem, "spectrum_", None)
    if spectrum is None or "spectrum" in without:
        return []
    short = len(problem.spectrum) <= LONGEST
    said = [f"spectrum {problem.spectrum}" if short else f"spectrum of {spectrum.blocks} blocks"]
    if problem.condition is not None and "condition" not in without:
        said.append(f"condition number {problem.condition:g}")
    return said


def _other(problem: Any, name: str) -> Any:
    """A parameter's value; None where it is the usual one."""
    usual = PARAMETERS[name].default
    value = getattr(problem, name, usual)
    same = value == usual or (name == "statistics_size" and value == problem.batch_size)
    return None if same or (name in NUMBERS and value == 0) else value


def _written(value: Any) -> str:
    return value if isinstance(value, str) else f"{value:g}"
