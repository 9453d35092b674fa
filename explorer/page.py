"""`write_page`: the explorer as one HTML file."""

from __future__ import annotations

import html
import json
from collections.abc import Iterable
from importlib.metadata import version
from pathlib import Path
from typing import Any

from ..odes.equations.javascript import runtime
from ..odes.equations.javascript_signals import RULES
from ..results.errors import InputError
from ..results.files import package_version, replacing
from ..teacher_student.problem import Problem
from . import contents, plots
from .supervision import LOSSES, check_shown, kinds

FOLDER = Path(__file__).resolve().parent
#: The hand-written JavaScript, in the order in which it is defined.
RUNTIME = ("special", "quadrature", "chebyshev", "tabulate", *RULES, "integrator", "newton",
           "stationary", "stability", "fixed_points")  # fmt: skip
#: The files that compute, and those that show.
ENGINE = ("supervision", "state", "commands", "model")
PAGE = ("words", "plots", "controls", "main")


def page(
    problem: Problem,
    activations: Iterable[str] = contents.ACTIVATIONS,
    schemes: Iterable[str] = contents.SHOWN,
    batch_sizes: Iterable[int] | None = None,
    progress: contents.Progress | None = None,
    losses: Iterable[str] = LOSSES,
) -> str:
    """The page's text.

    Parameters
    ----------
    problem
        The state in which the page opens.
    activations, schemes, batch_sizes, progress, losses
        See `contents.collect`; the problem's own are added.

    Raises
    ------
    ValueError
        For a learning-rate schedule, a trained shift, or a formula that cannot be printed.
    """
    if isinstance(problem.eta, str):
        raise InputError("eta", problem.eta, "a constant learning rate is accepted")
    if problem.train_beta:
        raise InputError("train_beta", True, "the page has no shift; false is accepted")
    check_shown(problem)
    held = contents.collect(
        dict.fromkeys((*activations, problem.activation)),
        dict.fromkeys((*schemes, problem.scheme)),
        batch_sizes,
        (problem.m, problem.M),
        progress,
        kinds((*losses, problem.loss_.name)),
        problem,
    )
    template = (FOLDER / "page.html").read_text(encoding="utf-8")
    parts = {
        "style": (FOLDER / "style.css").read_text(encoding="utf-8"),
        "library": plots.library(),
        "numerics": engine(held),
        "panels": f"const PANELS = {plots.panels()};",
        "problem": f"const PROBLEM = {json.dumps(_shown(problem))};",
        "page": _files(PAGE),
        "version": html.escape(package_version()),
    }
    for name, text in parts.items():
        template = template.replace(f"<!-- {name} -->", text).replace(f"/* {name} */", text)
    return template


def _shown(problem: Problem) -> dict[str, Any]:
    """A problem as the page begins with it: numbers put in for the names in its loss."""
    return problem.to_dict() | {"loss": problem.loss_.name}


def engine(held: contents.Contents) -> str:
    """What computes, without the page: any JavaScript engine runs it."""
    return "\n".join([runtime(*RUNTIME), contents.as_javascript(held), _files(ENGINE)])


def _files(names: Iterable[str]) -> str:
    return "\n".join((FOLDER / f"{name}.js").read_text(encoding="utf-8") for name in names)


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
