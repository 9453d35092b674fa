"""What momentum does to a problem as N grows, and how long it remembers (theory, section 8).

A step is that of torch: ``buf = momentum buf + grad`` and ``w -= eta buf``, with Nesterov
``w -= eta (grad + momentum buf)``; gamma and beta likewise. A gradient moves the weights
by ``eta / (1 - momentum)`` times itself in the end, within a time that vanishes as N grows.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..results.errors import InputError

if TYPE_CHECKING:
    from .problem import Problem


def limit(problem: Problem) -> Problem:
    """The problem without momentum whose flow is the same as N grows at fixed momentum.

    The learning rate becomes ``eta / (1 - momentum)``, in drift and noise. Weight decay stays what
    it is where it is part of the gradient; decoupled decay, ``w -= eta lambda w / N``, does not
    grow with the rate: ``lambda (1 - momentum)`` takes its place. Without momentum it is the
    problem itself.

    Examples
    --------
    >>> from bntheory import Problem
    >>> limit(Problem(eta=0.5, momentum=0.75)).eta
    2.0
    >>> limit(Problem(eta="1/(1 + t)", momentum=0.5)).eta
    '(1/(1 + t))/(0.5)'
    """
    if not problem.momentum:
        return problem
    rest = 1.0 - problem.momentum
    eta = f"({problem.eta})/({rest!r})" if isinstance(problem.eta, str) else problem.eta / rest
    decay = problem.weight_decay * (rest if problem.decoupled_decay else 1.0)
    plain = {"momentum": 0.0, "nesterov": False, "decoupled_decay": False}
    return problem.replace(eta=eta, weight_decay=decay, **plain)


def rotation(problem: Problem, dim: int) -> float:
    """The angle, in radians, by which the weights turn in a step where their length rests.

    Decay takes away of the squared length what steps add to it, ``|step|^2``, whatever the loss,
    the scheme (if its field does not depend on the length) and the overlap: the angle is
    ``sqrt(2 eta lambda / (N (1 + momentum)))``, with the ``lambda`` of `limit`
    (theory page 8).

    Parameters
    ----------
    problem
        With a constant learning rate.
    dim
        Input dimension N.

    Raises
    ------
    InputError
        For a schedule, under which no length rests.

    Examples
    --------
    >>> from bntheory import Problem
    >>> round(rotation(Problem(eta=0.5, weight_decay=0.1, momentum=0.6), 1000), 6)
    0.007906
    """
    if isinstance(problem.eta, str):
        raise InputError("eta", problem.eta, "a constant learning rate is accepted")
    turns: float = 2.0 * problem.eta * limit(problem).weight_decay / (1.0 + problem.momentum) / dim
    return turns**0.5


def lag(problem: Problem) -> float:
    """How many steps old the gradients are that move the weights, on average.

    Of heavy ball a gradient k steps old enters with weight ``momentum^k``: the mean age is
    ``b / (1 - b)``. Nesterov's weights are ``1 + b, b^2, b^3, ...``: ``b^2 / (1 - b)``.

    Examples
    --------
    >>> from bntheory import Problem
    >>> lag(Problem(momentum=0.75)), lag(Problem(momentum=0.75, nesterov=True))
    (3.0, 2.25)
    """
    b = problem.momentum
    return (b * b if problem.nesterov else b) / (1.0 - b)


def steps_behind(problem: Problem) -> float:
    """By how many steps momentum delays what noise adds to the squared length of the weights.

    A gradient that was taken j steps ago has moved the weights by ``r_j = 1 - b^(j+1)`` (Nesterov:
    ``1 - b^(j+2)``) of what it will, so that n independent ones add ``n - sum (1 - r_j^2)`` of
    their squares. In a flow with inertia that is ``3/2`` of 1/kappa.

    Examples
    --------
    >>> from bntheory import Problem
    >>> steps_behind(Problem(momentum=0.5)), steps_behind(Problem(momentum=0.5, nesterov=True))
    (1.6666666666666667, 0.9166666666666666)
    """
    b = problem.momentum
    first = b * b if problem.nesterov else b
    return 2.0 * first / (1.0 - b) - first * first / (1.0 - b * b)


def inertia(problem: Problem, dim: int) -> float:
    """The kappa whose inertial flow is that of runs at N = dim, up to terms of order 1/N.

    ``N (1 - momentum)`` as momentum nears 1. The weights of runs follow the drift of
    `lag` steps ago, and half a step more since they move in steps; those of the inertial flow
    follow the drift of a time ``1/kappa`` ago. Both are the same at ``kappa = N / (lag + 1/2)``.

    Raises
    ------
    InputError
        For a problem without momentum.

    Examples
    --------
    >>> from bntheory import Problem
    >>> round(inertia(Problem(momentum=0.9), 1000), 1)
    105.3
    """
    if not problem.momentum:
        raise InputError("momentum", problem.momentum, "there is inertia above 0 only")
    return dim / (lag(problem) + 0.5)
