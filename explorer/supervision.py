"""What a page holds of losses and labels: formulas, flows of signals, and batches' tables."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from ..odes.derivation.batch_signal_tables import signal_table
from ..odes.derivation.signal_moments import rule_of
from ..odes.equations.javascript_signals import (
    activation_record,
    has_linear_pieces,
    kind_of,
    loss_record,
)
from ..odes.tables.moment_tables import Table
from ..odes.tables.regions import widened
from ..results.errors import InputError
from ..teacher_student.losses import OF_CLASSES, SQUARED
from ..teacher_student.problem import Problem
from .piece import Piece, piece

#: What a page holds unless told otherwise; of Huber's loss the threshold has a slider.
LOSSES = (SQUARED, "absolute", "huber:1", "logistic", "hinge")
#: How much farther than usual the one table of a batch scheme reaches: to a scale of 9.
EXTENT = 3.0


def records(losses: Iterable[str], activations: Iterable[str]) -> str:
    """``LOSSES`` and ``ACTIVATIONS``: what they are for a page, by name.

    Raises
    ------
    ValueError
        For a formula that is no loss, or cannot be written in JavaScript.
    """
    of_losses = {kind_of(name): _loss_record(name) for name in losses}
    of_activations = {
        name: activation_record(Problem(name).activation_) for name in activations if of_losses
    }
    return "\n".join(
        f"const {name} = {{{', '.join(f'{json.dumps(k)}: {text}' for k, text in held.items())}}};"
        for name, held in (("LOSSES", of_losses), ("ACTIVATIONS", of_activations))
    )


def _loss_record(name: str) -> str:
    record = loss_record(Problem(loss=name, labels="sign", zeta=0.0).loss_)
    return f"Object.assign({record}, {{ofClasses: {json.dumps(name in OF_CLASSES)}}})"


def signal_piece(activation: str, scheme: str) -> Piece | None:
    """The flow of any signal, of a scheme that looks at one example; None of other schemes."""
    if Problem(activation, scheme).uses_batch:
        return None
    # Which loss and labels it is made of does not matter: the page puts its own in.
    return piece(Problem(activation, scheme, labels="sign", zeta=0.0))


def check_shown(problem: Problem) -> None:
    """Refuse a problem whose averages a page cannot take while a slider moves.

    Raises
    ------
    InputError
        Naming the parameter, and what is accepted.
    """
    if problem.clip is not None:
        raise InputError("clip", problem.clip, "the page clips nothing; none is accepted")
    if problem.squares or problem.labels_.classes or problem.uses_batch:
        return
    parameter, value = problem.unusual or ("loss", problem.loss)
    slow = "labels of the teacher leave a many-fold integral, too slow for a slider, but for "
    if rule_of(problem) == "signal_teacher":
        reason = f"{slow}activation='identity' and a loss of y - o; labels sign and bernoulli:K "
        raise InputError(parameter, value, f"{reason}are accepted with any")
    if problem.heavy_tails and not has_linear_pieces(problem.loss_):
        reason = f"{slow}signals of straight pieces; gaussian is accepted"
        raise InputError("noise_law", problem.noise_law, reason)


def held_by(problem: Problem, made_of: Piece, key: str, sizes: Iterable[int]) -> dict[str, Any]:
    """Loss, labels and noise of which a page has a batch scheme's tables, as its entry says it."""
    own = {"loss": problem.loss_.name, "labels": problem.labels, "noise_law": problem.noise_law}
    least = {"key": key, "least": made_of.SMALLEST_BATCH, "sizes": list(sizes)}
    return least | own | {"noise": problem.noise}


def own_table(problem: Problem, made_of: Piece, m: int) -> Table:
    """The table of a problem's signal within batches of m."""
    own = problem.replace(batch_size=m, statistics_size=None)
    singular = bool(json.loads(made_of.TABLE)["singular"])
    return signal_table(own, made_of.TABLE, widened(singular, EXTENT))


def kinds(losses: Iterable[str]) -> list[str]:
    """Names of losses, each kind once.

    Raises
    ------
    InputError
        For what is no loss.
    """
    names: dict[str, str] = {}
    for name in losses:
        try:
            canonical = Problem(loss=name, labels="sign", zeta=0.0).loss
        except InputError as error:
            raise InputError("losses", name, error.reason, error.names) from None
        names.setdefault(kind_of(canonical), canonical)
    return list(names.values())
