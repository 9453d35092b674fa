"""`write_page`: the explorer as one HTML file."""

from __future__ import annotations

import html
import json
from collections.abc import Iterable
from importlib.metadata import version
from pathlib import Path
from typing import Any

from ..odes.equations.javascript import runtime
from ..results.errors import InputError
from ..results.files import package_version, replacing
from ..teacher_student.problem import Problem
from . import contents, plots

FOLDER = Path(__file__).resolve().parent
#: The hand-written JavaScript, in the order in which it is defined.
RUNTIME = ("special", "quadrature", "chebyshev", "tabulate", "integrator", "newton", "stationary",
           "stability", "fixed_points")  # fmt: skip
PAGE = ("state", "model", "words", "plots", "controls", "main")


def page(
    problem: Problem,
    activations: Iterable[str] = contents.ACTIVATIONS,
    schemes: Iterable[str] = contents.SHOWN,
    batch_sizes: Iterable[int] | None = None,
    progress: contents.Progress | None = None,
) -> str:
    """The page's text.

    Parameters
    ----------
    problem
        The state in which the page opens.
    activations, schemes, batch_sizes, progress
        See `contents.collect`.

    Raises
    ------
    ValueError
        For a learning-rate schedule, a trained shift, or a formula that cannot be printed.
    """
    if isinstance(problem.eta, str):
        raise InputError("eta", problem.eta, "a constant learning rate is accepted")
    if problem.train_beta:
        raise InputError("train_beta", True, "the page has no shift; false is accepted")
    held = contents.collect(
        dict.fromkeys((*activations, problem.activation)),
        dict.fromkeys((*schemes, problem.scheme)),
        batch_sizes,
        (problem.m, problem.M),
        progress,
    )
    template = (FOLDER / "page.html").read_text(encoding="utf-8")
    parts = {
        "style": (FOLDER / "style.css").read_text(encoding="utf-8"),
        "library": plots.library(),
        "numerics": engine(held),
        "panels": f"const PANELS = {plots.panels()};",
        "problem": f"const PROBLEM = {json.dumps(problem.to_dict())};",
        "page": "\n".join((FOLDER / f"{n}.js").read_text(encoding="utf-8") for n in PAGE[2:]),
        "version": html.escape(package_version()),
    }
    for name, text in parts.items():
        template = template.replace(f"<!-- {name} -->", text).replace(f"/* {name} */", text)
    return template


def engine(held: contents.Contents) -> str:
    """What computes, without the page: any JavaScript engine runs it."""
    own = "\n".join((FOLDER / f"{name}.js").read_text(encoding="utf-8") for name in PAGE[:2])
    return "\n".join([runtime(*RUNTIME), contents.as_javascript(held), own])


def write_page(path: Path, problem: Problem, **options: Any) -> dict[str, Any]:
    """Write the page; what was written, as the command's JSON."""
    text = page(problem, **options)
    with replacing(path) as temporary:
        temporary.write_text(text, encoding="utf-8")
    return {
        "file": str(path),
        "bytes": len(text.encode()),
        "problem": problem.to_dict(),
        "versions": {"bntheory": package_version(), "bokeh": version("bokeh")},
    }
