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
    """``drawn_label(v, noise, x)``: as `label_source`, with x the number that is drawn.

    It is uniform for Bernoulli labels, and else the noise in units of ``noise``.
    """
    labels = problem.labels_
    value = "activation(v)[0] + noise * x"
    if labels.kind == SIGN:
        value = "1.0 if v > 0.0 else -1.0"
    if labels.kind == BERNOULLI:
        value = f"1.0 if x < 1.0 / (1.0 + math.exp(-{labels.sharpness!r} * v)) else -1.0"
    head = ["@kernel", "def drawn_label(v, noise, x):", '    """The label of field v."""']
    return "\n".join([*head, f"    return {value}", ""])


def label_source(problem: Problem) -> str:
    """``label(v, noise, rng)``: the label of an example whose teacher's field is v."""
    labels, degrees = problem.labels_, problem.noise_law_.degrees
    head = ["@kernel", "def label(v, noise, rng):", '    """What an example shows of field v."""']
    if labels.kind == SIGN:
        return "\n".join([*head, "    return 1.0 if v > 0.0 else -1.0", ""])
    if labels.kind == BERNOULLI:
        chance = f"1.0 / (1.0 + math.exp(-{labels.sharpness!r} * v))"
        return "\n".join([*head, f"    return 1.0 if rng.random() < {chance} else -1.0", ""])
    drawn = "noise * rng.standard_normal()"
    if not math.isinf(degrees):
        chi2 = f"(2.0 * rng.standard_gamma({degrees / 2.0!r}) / {degrees!r})"
        drawn += f" / math.sqrt{chi2}"
    body = ["    y = activation(v)[0]", "    if noise > 0.0:", f"        y += {drawn}"]
    return "\n".join([*head, *body, "    return y", ""])
