"""A result in a few lines: what it is of, and the head of its table."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from .text_table import text_table

if TYPE_CHECKING:
    from .tabular import Tabular

#: Rows and characters that are shown, and digits of a number.
ROWS, WIDTH, DIGITS = 3, 88, 5
#: Where a result's problem may be, in words of its own fields.
OWNERS = ("problem", "flow", "found", "theory", "training", "runs")


def one_line(result: Tabular) -> str:
    """The class, its problem where it has one, how it ended, and the size of its table."""
    problem = problem_of(result)
    of = f" of {problem.short()}" if problem is not None else ""
    status = vars(result).get("status")
    ended = f" {status}," if isinstance(status, str) else ""
    columns = result.columns()
    count = len(next(iter(columns.values()), ()))
    return f"{type(result).__name__}{of}:{ended} {count} row{'s' * (count != 1)}"


def problem_of(result: Any) -> Any:
    """The problem that a result belongs to; None where there is none."""
    for name in OWNERS:
        owner = vars(result).get(name)
        if isinstance(getattr(type(result), name, None), property):
            owner = getattr(result, name)
        if owner is None or isinstance(owner, int):
            continue
        return owner if hasattr(owner, "short") else getattr(owner, "problem", None)
    return None


def in_short(result: Tabular) -> str:
    """`one_line` and the table's head, as many columns as fit."""
    columns = result.columns()
    names = list(columns)
    head = {name: [shortened(v) for v in list(columns[name][:ROWS])] for name in names}
    shown = names
    while len(shown) > 1 and len(text_table({n: head[n] for n in shown}, DIGITS)[0]) > WIDTH:
        shown = shown[:-1]
    lines = text_table({name: head[name] for name in shown}, DIGITS) if shown else []
    count = len(next(iter(columns.values()), ()))
    left = [f"{count - ROWS} more rows"] if count > ROWS else []
    hidden = names[len(shown) :]
    left += [f"more columns: {_some(hidden)}"] if hidden else []
    return "\n".join([one_line(result), *lines, *([f"... {'; '.join(left)}"] if left else [])])


def shortened(value: Any) -> Any:
    """A cell: a number, or text of a few words."""
    if isinstance(value, np.generic):
        value = value.item()
    if value is None or (isinstance(value, int | float) and not isinstance(value, bool)):
        return value
    text = str(value)
    return text if len(text) <= 24 else f"{text[:21]}..."


def _some(names: list[str]) -> str:
    return ", ".join(names) if len(names) <= 8 else f"{', '.join(names[:8])} and {len(names) - 8}"
