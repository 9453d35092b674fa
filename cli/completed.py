"""What shells complete where a formula, a number or a file may stand too."""

from __future__ import annotations

from collections.abc import Callable

from ..teacher_student.parameters import ACTIVATION_NAMES, SCHEME_NAMES

#: Names, and the beginnings of those with a number, by parameter.
NAMED: dict[str, tuple[str, ...]] = {
    "activation": tuple(ACTIVATION_NAMES.split()),
    "scheme": tuple(SCHEME_NAMES.split()),
    "loss": ("squared", "absolute", "logistic", "hinge", "huber:"),
    "labels": ("teacher", "sign", "bernoulli:"),
    "noise_law": ("gaussian", "student-t:"),
    "zeta": ("auto",),
    "start": ("symmetric:", "random"),
}
INPUTS = ("gaussian", "rademacher", "uniform", "laplace", "student-t:")


def completing(*names: str) -> Callable[..., list[str]]:
    """Complete these names, in shells where completion is set up."""
    return lambda context, parameter, begun: [name for name in names if name.startswith(begun)]
