"""The source text of what a student is trained with: the signal of an example, and its label."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from .labels import BERNOULLI, SIGN
from .losses import loss_symbols

if TYPE_CHECKING:
    from .problem import Problem


def signal_source(problem: Problem) -> str:
    """``signal(y, o, slope, pull)``: delta, from label, output, its slope and the field's df/da.

    With a threshold of clipping c the gradient of an example is no longer than c for an input of
    length 1: ``|delta pull|`` is at most c.
    """
    from ..codegen.printers.python import PYTHON

    y, o = loss_symbols()
    formula = PYTHON.code(problem.loss_.signal) if problem.loss != "squared" else f"{y} - {o}"
    lines = [
        "@kernel",
        "def signal(y, o, slope, pull):",
        f'    """Minus the derivative of {problem.loss_.formula} by the field."""',
        f"    delta = slope * ({formula})",
    ]
    if problem.clip is not None:
        lines += [
            f"    most = {problem.clip!r} / abs(pull) if pull != 0.0 else math.inf",
            "    delta = min(most, max(-most, delta))",
        ]
    return "\n".join([*lines, "    return delta", ""])


def drawn_label_source(problem: Problem) -> str:
    """``drawn_label(v, noise, x)``: the label at the teacher's field v, with x of `label_draw`.

    Chains draw for all examples first: what is left is a loop without calls and branches.
    """
    labels = problem.labels_
    value = "activation(v)[0] + noise * x"
    if labels.kind == SIGN:
        value = "1.0 if v > 0.0 else -1.0"
    if labels.kind == BERNOULLI:
        value = f"1.0 if x < 1.0 / (1.0 + math.exp(-{labels.sharpness!r} * v)) else -1.0"
    head = ["@kernel", "def drawn_label(v, noise, x):", '    """The label of field v."""']
    return "\n".join([*head, f"    return {value}", ""])


def label_draw_source(problem: Problem) -> str:
    """``label_draw(noise, rng)``: the number that is drawn for a label, 0 where none is needed.

    It is uniform for Bernoulli labels, and else the noise in units of ``noise``.
    """
    degrees, normal = problem.noise_law_.degrees, "rng.standard_normal()"
    if not math.isinf(degrees):
        normal += f" / math.sqrt(2.0 * rng.standard_gamma({degrees / 2.0!r}) / {degrees!r})"
    value = {SIGN: "0.0", BERNOULLI: "rng.random()"}.get(
        problem.labels_.kind, f"{normal} if noise > 0.0 else 0.0"
    )
    head = ["@kernel", "def label_draw(noise, rng):", '    """What a label draws."""']
    return "\n".join([*head, f"    return {value}", ""])
