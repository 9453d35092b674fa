"""A result as one HTML page that needs nothing else: no script, no network, no other file."""

from __future__ import annotations

import io
import platform
import re
import shlex
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from html import escape
from importlib.metadata import version
from pathlib import Path
from string import Template
from typing import TYPE_CHECKING, Any

from .files import package_version, replacing
from .html_table import Table, html_table, shown
from .json_pieces import plain
from .labels import LABELS, label
from .widths import INCHES, Width

if TYPE_CHECKING:
    from matplotlib.figure import Figure

SUFFIXES = (".html", ".htm")
TEMPLATE = Path(__file__).with_name("report.html")
#: What a result depends on besides this package.
LIBRARIES = ("numpy", "scipy", "numba", "sympy")
#: Mathematics in labels as HTML has it.
HTML_OF = ((r"\\mathrm\{(\w+)\}", r"\1"), (r"_\{(\w+)\}", r"<sub>\1</sub>"), (r"\\eta", "η"),
           (r"\\zeta", "ζ"), (r"\\gamma", "γ"), (r"\\beta", "β"), (r"\\epsilon", "ε"),
           (r"\\lambda", "λ"), (r"\\alpha", "α"))  # fmt: skip


@dataclass(frozen=True)
class Drawing:
    """A picture, what it shows, and how it is drawn at a width."""

    caption: str
    draw: Callable[[Width], Figure]


@dataclass(frozen=True)
class Report:
    """What a report says, before it is HTML.

    Attributes
    ----------
    title, verdict
        What was asked, and the answer in one sentence.
    problem
        The problem's parameters by name.
    settings
        What else decides the numbers: sizes, seeds, levels.
    equations
        MathML by what each is of, and before them what their symbols stand for, in words.
    pictures, tables
        In their order.
    notes
        Warnings that the command gave.
    versions
        Of more than this package and its libraries.
    """

    title: str
    verdict: str
    problem: Mapping[str, Any] = field(default_factory=dict)
    settings: Mapping[str, Any] = field(default_factory=dict)
    equations: Mapping[str, str] = field(default_factory=dict)
    symbols: Sequence[str] = ()
    pictures: Sequence[Drawing] = ()
    tables: Sequence[Table] = ()
    notes: Sequence[str] = ()
    versions: Mapping[str, str] = field(default_factory=dict)


def write(report: Report, path: Path, arguments: Sequence[str], seconds: float) -> None:
    """Write a report to a file; whole, or not at all.

    Parameters
    ----------
    report
        What it says.
    path
        The file.
    arguments
        The command that made it, for whoever wants to make it again.
    seconds
        How long that took.
    """
    text = page(report, arguments, seconds)
    with replacing(path) as temporary:
        temporary.write_text(text, encoding="utf-8")


def page(report: Report, arguments: Sequence[str], seconds: float) -> str:
    """A report as HTML; all text in it is escaped."""
    parts = [f"<p>{escape(note)}</p>" for note in report.notes if note]
    parts += [_figure(k, drawing) for k, drawing in enumerate(report.pictures)]
    if report.tables:
        tables = "".join(map(html_table, report.tables))
        parts.append(f'<h2>Numbers</h2><div class="tables">{tables}</div>')
    if report.problem or report.settings:
        parts += ["<h2>Problem</h2>", _values(report.problem, report.settings)]
    if report.equations:
        parts += ["<h2>Equations</h2>", *(f"<p>{escape(text)}</p>" for text in report.symbols)]
        for name, math in report.equations.items():
            about = escape(f"equation of {name}")
            parts.append(f'<div class="wide" tabindex="0" role="group" aria-label="{about}">'
                         f"{math}</div>")  # fmt: skip
    parts += ["<h2>To reproduce</h2>", f"<pre><code>{escape(shlex.join(arguments))}</code></pre>"]
    parts += [f"<p>It took {seconds:.3g} s.</p>", _versions(report.versions)]
    return Template(TEMPLATE.read_text(encoding="utf-8")).substitute(
        title=escape(report.title), verdict=escape(report.verdict), body="\n".join(parts),
        version=escape(package_version()),
    )  # fmt: skip


def _figure(number: int, drawing: Drawing) -> str:
    drawn = [
        f'<div class="{width}">{_svg(drawing, width, f"p{number}{width}-")}</div>'
        for width in INCHES
    ]
    caption = f"<figcaption>{escape(drawing.caption)}</figcaption>"
    return f"<figure>{''.join(drawn)}{caption}</figure>"


def _svg(drawing: Drawing, width: Width, prefix: str) -> str:
    """An inline picture whose ids, by their prefix, are unique on the page."""
    text = io.StringIO()
    drawing.draw(width).savefig(text, format="svg", metadata={"Date": None, "Creator": None})
    svg = text.getvalue()
    svg = svg[svg.index("<svg") :]
    svg = re.sub(r"<metadata>.*?</metadata>", "", svg, flags=re.DOTALL)
    svg = re.sub(r'\bid="', f'id="{prefix}', svg)
    svg = re.sub(r'(url\(|href=")#', rf"\g<1>#{prefix}", svg)
    named = f'<svg role="img" aria-label="{escape(drawing.caption)}" '
    return svg.replace("<svg ", named, 1)


def _values(problem: Mapping[str, Any], settings: Mapping[str, Any]) -> str:
    values = [*problem.items(), *settings.items()]
    rows = [(in_html(name), shown(plain(value))) for name, value in values]
    return _pairs("All parameters of the computation.", ("parameter", "value"), rows)


def in_html(name: str) -> str:
    """A quantity's label with its symbol, as HTML.

    Examples
    --------
    >>> in_html("eta"), in_html("dim"), in_html("a<b")
    ('learning rate <i>η</i>', 'input dimension <i>N</i>', 'a&lt;b')
    """
    if name not in LABELS:
        return escape(name.replace("_", " "))
    text = label(name)
    for pattern, html in HTML_OF:
        text = re.sub(pattern, html, text)
    return re.sub(r"\$(.*?)\$", r"<i>\1</i>", text)


def _versions(more: Mapping[str, str]) -> str:
    found = {"bntheory": package_version(), **{name: version(name) for name in LIBRARIES}}
    found |= {"Python": platform.python_version(), "platform": platform.platform(), **more}
    rows = [(escape(name), escape(value)) for name, value in found.items()]
    return _pairs("Versions of what made this report.", ("software", "version"), rows)


def _pairs(caption: str, head: tuple[str, str], rows: Sequence[tuple[str, str]]) -> str:
    """A table of names and values, both escaped already."""
    top = "".join(f'<th scope="col">{name}</th>' for name in head)
    body = "\n".join(f'<tr><th scope="row">{n}</th><td>{v}</td></tr>' for n, v in rows)
    return (f"<table><caption>{caption}</caption><thead><tr>{top}</tr></thead>"
            f"<tbody>{body}</tbody></table>")  # fmt: skip
