"""SGD on finite training sets, many independent runs (theory page 7)."""

from __future__ import annotations

import math
import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Unpack

import numpy as np

from ...results.checks import integer, number
from ...results.errors import InputError
from ..committee.checks import refuse_committees
from ..formula_kernels import specialise
from ..loss_checks import refuse_losses
from ..optimisers import refuse_optimisers
from ..options import RunOptions, check_names
from ..parameters import PARAMETERS
from ..problem import Problem
from ..problem_checks import check_problem, refuse_running
from ..schedule import check_schedule
from ..spectral import refuse_spectrum
from ..threads import in_threads
from .run import STARTS, Student, Training, TrainingRun
from .runs import TrainingRuns
from .training_set import TrainingSet

Array = np.ndarray
#: The first average is over this share of all epochs; every later one over twice as many.
FIRST_BLOCK = 1.0 / 32.0


@dataclass(frozen=True)
class _Outcome:
    """One finished run."""

    values: dict[str, float]
    epochs: int
    status: str
    history: Array


def _check_trained(problem: Problem) -> None:
    """Refuse what is not trained on a set here."""
    check_problem(problem)
    refuse_losses(problem, "training on a set is with the squared loss")
    refuse_optimisers(problem, "training on a set is with plain SGD")
    refuse_committees(problem, "training on a set")
    refuse_running(problem, "training on a set knows no running statistics")
    refuse_spectrum(problem, "training on a set is with isotropic inputs")
    for name in ("running_momentum", "running_rate"):
        if getattr(problem, name) != PARAMETERS[name].default:
            reason = "training on a set keeps no running statistics; leave it out"
            raise InputError(name, getattr(problem, name), reason)


def train(
    problem: Problem,
    alpha: float,
    *,
    dim: int = 200,
    runs: int = 8,
    epochs: int = 1000,
    start: str = "xty",
    replacement: bool = True,
    tolerance: float = 0.05,
    stored_epochs: Sequence[int] = (),
    **options: Unpack[RunOptions],
) -> TrainingRuns:
    """Train students by SGD, each on its own training set of ``P = alpha N`` examples.

    Parameters
    ----------
    problem
        The setting. Its ``q0`` (gamma, or the length where there is no gamma) and ``l0`` set the
        start; ``r0`` is not used, a start's overlap follows from the data. ``eta`` may be a
        formula in ``t = steps / N``. Momentum is torch's; averages and the stopping rule, over
        whole epochs, are those without. ``zeta`` and ``weight_decay`` are counted per example:
        against the sum of the losses they are ``lambda = alpha zeta``.
    alpha
        Load ``P / N > 0``.
    dim
        N, at least 2.
    runs
        Independent training sets. Set k is the same however many are asked for.
    epochs
        Most passes over the data; a run ends earlier when it has converged.
    start
        ``"zero"`` (schemes without gamma), ``"random"``, or ``"xty"``, along ``X^T y``: in the
        span of the data, so that nothing of the start survives in its null space.
    replacement
        Draw batches with or without replacement.
    tolerance
        A run has converged when two successive averages of its iterates, each over twice as many
        epochs as the one before, differ by less than this part of the later one. A constant
        learning rate leaves a bias of its order that this does not see.
    stored_epochs
        Increasing epochs, 0 for the start, at which the error of the current student is kept.
        With them a run goes on to ``epochs`` even after it has converged.
    **options
        ``seed`` (0), of all random numbers: the result does not depend on ``workers`` (one a
        core), the threads; ``progress`` is called with (runs done, runs in all).

    Returns
    -------
    TrainingRuns

    Raises
    ------
    ValueError
        Naming the parameter, its value and what is accepted.
    KeyboardInterrupt
        If no run had finished.

    Examples
    --------
    >>> runs = train(Problem("identity", "sgd", weight_decay=0.1), 2.0, dim=50, runs=2)
    >>> runs.values["error"].shape
    (2,)
    """
    check_names("train", options, RunOptions)
    _check_trained(problem)
    dim, runs = integer("dim", dim, 2), integer("runs", runs, 1)
    alpha, seed = number("alpha", alpha, above=0.0), integer("seed", options.get("seed", 0), 0)
    training = Training(
        integer("epochs", epochs, 1), replacement, start, number("tolerance", tolerance, above=0.0)
    )
    stored = _checked_epochs(stored_epochs, training.epochs)
    _check_start(problem, start)
    _check_batches(problem, alpha, dim, training)

    def one(child: np.random.SeedSequence, stopped: Callable[[], bool]) -> _Outcome | None:
        data_rng, batch_rng = (np.random.default_rng(s) for s in child.spawn(2))
        data = TrainingSet.draw(problem, alpha, dim, data_rng)
        return _train_one(TrainingRun(problem, data, training, batch_rng), stored, stopped)

    children = np.random.SeedSequence(seed).spawn(runs)
    workers = options.get("workers") or os.cpu_count() or 1
    outcomes, _ = in_threads(one, children, workers, options.get("progress"))
    if not outcomes:
        raise KeyboardInterrupt
    interrupted = len(outcomes) < runs
    return TrainingRuns(
        problem, alpha, dim, seed, **_columns(outcomes), stored_epochs=stored,
        interrupted=interrupted,
    )  # fmt: skip


def _columns(outcomes: Sequence[_Outcome]) -> dict[str, Any]:
    """What the runs came to, one entry a run."""
    names = outcomes[0].values
    return {
        "values": {
            name: np.array([outcome.values[name] for outcome in outcomes]) for name in names
        },
        "epochs": np.array([outcome.epochs for outcome in outcomes]),
        "status": tuple(outcome.status for outcome in outcomes),
        "history": np.stack([outcome.history for outcome in outcomes]),
    }


def _checked_epochs(stored: Sequence[int], last: int) -> Array:
    whole = np.array([integer("stored_epochs", epoch, 0, last) for epoch in stored], dtype=int)
    if (np.diff(whole) <= 0).any():
        raise InputError("stored_epochs", stored, "increasing whole numbers are accepted")
    return whole


def _check_start(problem: Problem, start: str) -> None:
    if start not in STARTS:
        raise InputError("start", start, f"{', '.join(STARTS)} is accepted", STARTS)
    if start != "zero":
        return
    kernels = specialise(problem.replace(eta=1.0), "observables")
    if "gamma" in problem.trained_scalars or kernels.activation(0.0)[1] == 0.0:
        raise InputError(
            "start",
            start,
            f"{problem.scheme} with {problem.activation} has no gradient at zero "
            "weights; random and xty are accepted",
        )


def _check_batches(problem: Problem, alpha: float, dim: int, training: Training) -> None:
    examples = max(1, round(alpha * dim))
    if not training.replacement and examples < problem.M:
        raise InputError(
            "batch_size",
            problem.M,
            f"without replacement at most the {examples} examples of "
            f"alpha={alpha:g}, dim={dim} are accepted",
        )
    check_schedule(problem, training.epochs * max(1, examples // problem.M) / dim)


def _train_one(run: TrainingRun, stored: Array, stopped: Callable[[], bool]) -> _Outcome | None:
    """Train one student in blocks of epochs, each twice as long as the one before."""
    history = np.full(len(stored), math.nan)
    wanted = {int(epoch): place for place, epoch in enumerate(stored)}
    block_end = max(1, math.ceil(run.training.epochs * FIRST_BLOCK))
    before: Student | None = None
    student, drift, status = run.current(), math.inf, "not converged"
    while True:
        if run.epoch in wanted:
            history[wanted[run.epoch]] = fresh_error(run.problem, run.data, run.current())
        if run.epoch in (block_end, run.training.epochs) and run.averaged:
            before, student = student, run.average()
            drift = float(np.linalg.norm(student.v - before.v) / np.linalg.norm(student.v))
            block_end = 2 * run.epoch
            status = "converged" if drift < run.training.tolerance else "not converged"
        if run.epoch == run.training.epochs or (status == "converged" and not wanted):
            break
        if stopped():
            return None
        run.advance()
        if not run.alive:
            status = "diverged"
            break
    return _Outcome(_measured(run, student, drift), run.epoch, status, history)


def _measured(run: TrainingRun, student: Student, drift: float) -> dict[str, float]:
    m, q = run.data.overlaps(student.v)
    fitted = np.empty(run.P)
    run.kernels.clean_labels(student.shift + run.data.X @ student.v, fitted)
    return {
        "m": m,
        "q": q,
        "shift": student.shift,
        "error": fresh_error(run.problem, run.data, student),
        "training_loss": float(0.5 * np.mean((run.data.y - fitted) ** 2)),
        "drift": drift,
    }


def fresh_error(problem: Problem, data: TrainingSet, student: Student) -> float:
    """Generalisation error of a student against the clean teacher, by quadrature.

    Fields of fresh inputs are Gaussian: shift and overlaps are all that is needed.
    """
    m, q = data.overlaps(student.v)
    length = math.sqrt(q)
    overlap = min(1.0, max(-1.0, m / length)) if length > 0 else 0.0
    kernels = specialise(problem.replace(eta=1.0), "observables")
    return float(kernels.test_error(student.shift, length, overlap))
