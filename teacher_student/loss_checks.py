"""Which losses, labels and noise laws go together, and with which schemes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..results.errors import InputError
from .labels import LABEL_NAMES, NOISE_LAWS, Labels, NoiseLaw
from .losses import LOSS_NAMES, OF_CLASSES, SQUARED, Loss
from .parameters import PARAMETERS
from .problem_checks import check_named

if TYPE_CHECKING:
    from .problem import Problem


def check_loss(problem: Problem) -> None:
    """Refuse losses and labels that do not go together, or of which nothing is derived.

    Raises
    ------
    InputError
        Naming the parameter.
    """
    check_named("loss", problem.formula("loss"), Loss.named, LOSS_NAMES)
    check_named("labels", problem.labels, Labels.named, LABEL_NAMES)
    check_named("noise_law", problem.noise_law, NoiseLaw.named, NOISE_LAWS)
    if problem.clip is not None:
        problem._set(clip=PARAMETERS["clip"].bounded(problem.clip))
    if problem.squares:
        return
    if problem.loss not in (SQUARED, *OF_CLASSES):
        _ = problem.loss_.signal  # says what is wrong with it
    if problem.loss in OF_CLASSES and not problem.labels_.classes:
        reason = f" reads labels as two classes; labels={problem.labels!r} are numbers, accepted "
        raise InputError("loss", problem.loss, f"{reason}with it are sign and bernoulli:K")
    if problem.labels_.classes and problem.noise:
        reason = f"labels={problem.labels!r} are classes, to which no noise is added"
        raise InputError("noise", problem.noise, f"{reason}; 0 is accepted")
    _check_tails(problem)
    _check_scheme(problem)


def _check_tails(problem: Problem) -> None:
    """Refuse noise of which the squared signal has no mean."""
    degrees = problem.noise_law_.degrees
    if not problem.heavy_tails or problem.clip is not None:
        return
    growth = problem.loss_.growth
    if degrees <= 2.0 * growth:
        reason = (
            f"loss={problem.loss!r} has a signal that grows with the label, whose square has no "
            f"mean under this law; accepted are more than {2 * growth:g} degrees of freedom, or a "
            "loss with a bounded signal, such as absolute and huber:C"
        )
        raise InputError("noise_law", problem.noise_law, reason)


def _check_scheme(problem: Problem) -> None:
    """Refuse what needs the squared loss, or an example of its own."""
    parameter, value = problem.unusual or ("loss", problem.loss)
    if problem.scheme_.remembers:
        reason = (
            f"scheme={problem.scheme!r} normalises by running statistics, and its averages are "
            "derived for the squared loss of teacher labels alone; the default is accepted with it"
        )
        raise InputError(parameter, value, reason)
    if problem.uses_batch and problem.clip is not None:
        reason = (
            f"with scheme={problem.scheme!r} an example moves the fields of its whole batch, and "
            "has no gradient of its own that could be clipped; accepted with it are schemes that "
            "look at one example: sgd, wn, pn and formulas without mu and sigma"
        )
        raise InputError("clip", problem.clip, reason)
    if problem.zeta == "auto":
        reason = "the decay that batch statistics imply is known for the squared loss alone; with "
        reason += f"{parameter}={value!r} a number of at least 0 is accepted"
        raise InputError("zeta", "auto", reason)


def refuse_losses(problem: Problem, reason: str) -> None:
    """Refuse a problem with a loss other than the squared one, or other labels or noise.

    Raises
    ------
    InputError
        Naming what is not the default, and the reason.
    """
    if problem.unusual is not None:
        parameter, value = problem.unusual
        accepted = PARAMETERS[parameter].shown
        raise InputError(parameter, value, f"{reason}; {accepted} is accepted")
