"""A table as HTML, in reports as in notebooks."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from html import escape
from typing import Any

from .json_pieces import plain


@dataclass(frozen=True)
class Table:
    """A table: its caption, columns by name, how many rows of a long one are shown, and digits."""

    caption: str
    columns: Mapping[str, Any]
    rows: int = 25
    digits: int = 4


def html_table(table: Table) -> str:
    """A table as HTML; all text in it is escaped."""
    columns = {name: list(plain(list(values))) for name, values in table.columns.items()}
    count, most = len(next(iter(columns.values()), [])), table.rows
    shown = range(count) if count <= most else [
        round(i * (count - 1) / (most - 1)) for i in range(most)]  # fmt: skip
    kinds = [all(not isinstance(v, str) for v in values) for values in columns.values()]
    head = "".join(_cell("th", name, number, ' scope="col"')
                   for name, number in zip(columns, kinds, strict=True))  # fmt: skip
    cells = [[_cell("td", value, number, digits=table.digits) for value in values]
             for values, number in zip(columns.values(), kinds, strict=True)]  # fmt: skip
    rows = "\n".join(f"<tr>{''.join(column[i] for column in cells)}</tr>" for i in shown)
    caption = escape(table.caption)
    if count > most:
        caption += f" {most} of {count} rows, evenly spaced."
    return (f'<div class="wide" tabindex="0" role="group" aria-label="{caption}"><table>'
            f"<caption>{caption}</caption><thead><tr>{head}</tr></thead>"
            f"<tbody>{rows}</tbody></table></div>")  # fmt: skip


def digits_for(values: Any, errors: Any, least: int = 4, most: int = 10) -> int:
    """Significant digits that show a tenth of the smallest error: values that differ look so.

    Parameters
    ----------
    values, errors
        Numbers and their standard errors; errors that are 0 or missing do not count.
    least, most
        Bounds.

    Examples
    --------
    >>> digits_for([0.5, 0.25], [1e-4, 2e-4])
    5
    """
    errors = [abs(e) for e in plain(list(errors)) if e]
    sizes = [abs(v) for v in plain(list(values)) if v]
    if not errors or not sizes:
        return least
    return min(most, max(least, math.ceil(math.log10(max(sizes) / min(errors))) + 1))


def _cell(tag: str, value: Any, number: bool, more: str = "", digits: int = 4) -> str:
    kind = ' class="number"' if number else ""
    return f"<{tag}{more}{kind}>{shown(value, digits)}</{tag}>"


def shown(value: Any, digits: int = 4) -> str:
    """A value as escaped text, numbers to so many significant digits."""
    if value is None or value == "":
        return "–"
    if isinstance(value, bool | str):
        return escape(str(value))
    if isinstance(value, list | tuple):
        return ", ".join(shown(item, digits) for item in value)
    return escape(f"{value:.{digits}g}" if isinstance(value, float) else str(value))
