"""Optimisers beside SGD, and clipping of a whole step: what they are, and where they are known."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..results.errors import InputError
from .parameters import OPTIMISER_NAMES, PARAMETERS

if TYPE_CHECKING:
    from .problem import Problem

SGD, NORMALISED, SIGN, ADAGRAD_NORM = OPTIMISERS = tuple(OPTIMISER_NAMES.split())
#: Schemes whose gradient of a linear student has a known length (theory page 9).
LINEAR_SCHEMES = ("sgd", "wn", "pn", "frozen")
#: The largest batch of which it is computed how many steps are clipped.
LARGEST_CLIPPED = 10**6


class Optimised:
    """The part of a problem that says what becomes of a gradient: a mixin of its fields."""

    optimiser: str
    step_clip: float | None

    @property
    def plain_steps(self) -> bool:
        """Whether a step is the learning rate times the gradient."""
        return self.optimiser == SGD and self.step_clip is None

    @property
    def accumulates(self) -> bool:
        """Whether squared gradients are summed up, in the order parameter ``b2``."""
        return self.optimiser == ADAGRAD_NORM

    @property
    def stepping(self) -> tuple[str, object]:
        """The parameter that makes steps other than plain ones, and its value."""
        if self.step_clip is not None:
            return "step_clip", self.step_clip
        return "optimiser", self.optimiser


def check_optimiser(problem: Problem) -> None:
    """Refuse optimisers and thresholds that are none, or of which no law is known.

    Raises
    ------
    InputError
        Naming the parameter.
    """
    if problem.optimiser not in OPTIMISERS:
        accepted = f"{', '.join(OPTIMISERS)} are accepted"
        raise InputError("optimiser", problem.optimiser, accepted, OPTIMISERS)
    if problem.step_clip is not None:
        problem._set(step_clip=PARAMETERS["step_clip"].bounded(problem.step_clip))
    if problem.plain_steps:
        return
    parameter, value = problem.stepping
    if problem.step_clip is not None and problem.optimiser != SGD:
        reason = f"optimiser={problem.optimiser!r} changes the length of a step by itself"
        raise InputError(parameter, value, f"{reason}; accepted with optimiser sgd")
    if problem.momentum:
        reason = "what a memory of gradients makes of such steps is not derived"
        raise InputError(parameter, value, f"{reason}; accepted with a momentum of 0")
    if problem.several_units:
        reason = "the steps of committees are derived for plain SGD"
        raise InputError(parameter, value, f"{reason}; accepted with one unit and one teacher")
    if problem.spectrum_ is not None:
        reason = "with a spectrum of the inputs steps are derived for plain SGD"
        raise InputError(parameter, value, f"{reason}; accepted with spectrum 1")
    if problem.scheme_.remembers:
        reason = f"scheme={problem.scheme!r} normalises by running statistics, with which"
        reason += " steps are derived for plain SGD"
        raise InputError(parameter, value, f"{reason}; accepted with another scheme")
    if not problem.accumulates:
        _check_linear(problem, parameter, value)


def _check_linear(problem: Problem, parameter: str, value: object) -> None:
    """Refuse what has a gradient of an unknown length: all but linear students of noisy teachers.

    Their residuals are Gaussian, and ``|g|^2`` is a chi-square; AdaGrad-norm asks for its mean
    alone.
    """
    known = "the length of a batch's gradient has a known law for linear students that look at"
    known += " one example, with squared loss and Gaussian noise: activation identity, schemes "
    known += f"{', '.join(LINEAR_SCHEMES)}, without a trained shift, are accepted"
    linear = problem.activation_.formula == "h"
    alone = problem.scheme in LINEAR_SCHEMES and not problem.train_beta
    if not (linear and alone and problem.squares):
        aside = "; the gradients of single examples are clipped by clip, with any activation"
        raise InputError(parameter, value, known + aside * (parameter == "step_clip"))
    if parameter == "step_clip" and problem.M > LARGEST_CLIPPED:
        reason = f"accepted with a batch_size of at most {LARGEST_CLIPPED}, beyond which the"
        raise InputError(parameter, value, f"{reason} length of a gradient scatters no more")


def refuse_optimisers(problem: Problem, reason: str) -> None:
    """Refuse a problem whose steps are not plain ones.

    Raises
    ------
    InputError
        Naming the parameter, and the reason.
    """
    if not problem.plain_steps:
        parameter, value = problem.stepping
        accepted = PARAMETERS[parameter].shown
        raise InputError(parameter, value, f"{reason}; {accepted} is accepted")


def plain(problem: Problem) -> Problem:
    """The problem trained by plain SGD.

    Examples
    --------
    >>> from bntheory import Problem
    >>> plain(Problem("identity", "wn", optimiser="sign")) == Problem("identity", "wn")
    True
    """
    return problem if problem.plain_steps else problem.replace(optimiser=SGD, step_clip=None)
