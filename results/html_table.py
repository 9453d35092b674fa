"""A table as HTML, in reports as in notebooks."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from html import escape
from typing import Any

from .files import plain


@dataclass(frozen=True)
class Table:
    """A table: its caption, columns by name, and how many rows of a long one are shown."""

    caption: str
    columns: Mapping[str, Any]
    rows: int = 25


def html_table(table: Table) -> str:
    """A table as HTML; all text in it is escaped."""
    columns = {name: list(plain(list(values))) for name, values in table.columns.items()}
    count, most = len(next(iter(columns.values()), [])), table.rows
    shown = range(count) if count <= most else [
        round(i * (count - 1) / (most - 1)) for i in range(most)]  # fmt: skip
    kinds = [all(not isinstance(v, str) for v in values) for values in columns.values()]
    head = "".join(_cell("th", name, number, ' scope="col"')
                   for name, number in zip(columns, kinds, strict=True))  # fmt: skip
    cells = [[_cell("td", value, number) for value in values]
             for values, number in zip(columns.values(), kinds, strict=True)]  # fmt: skip
    rows = "\n".join(f"<tr>{''.join(column[i] for column in cells)}</tr>" for i in shown)
    caption = escape(table.caption)
    if count > most:
        caption += f" {most} of {count} rows, evenly spaced."
    return (f'<div class="wide" tabindex="0" role="group" aria-label="{caption}"><table>'
            f"<caption>{caption}</caption><thead><tr>{head}</tr></thead>"
            f"<tbody>{rows}</tbody></table></div>")  # fmt: skip


def _cell(tag: str, value: Any, number: bool, more: str = "") -> str:
    kind = ' class="number"' if number else ""
    return f"<{tag}{more}{kind}>{shown(value)}</{tag}>"


def shown(value: Any) -> str:
    """A value as escaped text."""
    if value is None or value == "":
        return "–"
    if isinstance(value, bool | str):
        return escape(str(value))
    if isinstance(value, list | tuple):
        return ", ".join(map(shown, value))
    return escape(f"{value:.4g}" if isinstance(value, float) else str(value))
