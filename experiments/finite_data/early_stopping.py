"""Error against epochs for linear students: exact theory, SGD, and where each is best stopped."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar, Unpack

import numpy as np
from numpy.typing import NDArray

from ...finite_load.timecourse import TimeCourse
from ...results.base import Result
from ...results.checks import integer, number
from ...teacher_student.options import RunOptions, check_names
from ...teacher_student.problem import Problem
from ...teacher_student.training.runs import TrainingRuns
from ...teacher_student.training.train import train

#: Batch size of the simulation, and the squared length of its random start.
BATCH, START = 32, 0.1


@dataclass(frozen=True)
class EarlyStopping(Result):
    """Error against epochs, by theory and, if asked for, by SGD.

    Attributes
    ----------
    course : TimeCourse
        The exact course; an epoch of SGD is ``rate = eta / M`` of its time.
    rate : float
        Learning rate over batch size.
    epochs, error : ndarray, shape (times,)
        Epochs and theory.
    runs : TrainingRuns or None
        Simulated students; their ``history`` holds the errors at ``epochs``.
    """

    _drawn_by: ClassVar[str] = "loads.draw_early_stopping"
    _dimension: ClassVar[str] = "epoch"

    course: TimeCourse
    rate: float
    epochs: NDArray[np.int64]
    error: NDArray[np.float64]
    runs: TrainingRuns | None

    @property
    def simulated(self) -> NDArray[np.float64]:
        """Mean simulated error at every epoch, shape (times,); empty without simulation."""
        return np.zeros(0) if self.runs is None else self.runs.history.mean(axis=0)

    @property
    def simulated_sem(self) -> NDArray[np.float64]:
        """Standard error of `simulated`; NaN for one run."""
        if self.runs is None or self.runs.runs < 2:
            return np.full(self.simulated.shape, np.nan)
        spread = self.runs.history.std(axis=0, ddof=1)
        return np.asarray(spread / np.sqrt(self.runs.runs))

    def to_dict(self) -> dict[str, Any]:
        """The JSON form; ``stop`` is null where training to the end is best."""
        best = self.course.stop()
        table: dict[str, Any] = {
            "alpha": self.course.alpha,
            "noise": self.course.noise,
            "rate": self.rate,
        }
        table |= {"decay": self.course.decay, "q0": self.course.q0, "epochs": self.epochs}
        table |= {"error": self.error, "stop": best.tau / self.rate, "stop_error": best.error}
        if self.runs is not None:
            place = int(np.argmin(self.simulated))
            table |= {"simulated": self.simulated, "simulated_sem": self.simulated_sem}
            table |= {"simulated_stop": int(self.epochs[place])}
            table |= {"simulated_stop_error": float(self.simulated[place])}
            table |= {"dim": self.runs.dim, "runs": self.runs.runs, "seed": self.runs.seed}
        return table

    def columns(self) -> dict[str, Any]:
        """The CSV form: one row a stored epoch."""
        table: dict[str, Any] = {"epoch": self.epochs, "error": self.error}
        if self.runs is not None:
            table |= {"simulated": self.simulated, "simulated_sem": self.simulated_sem}
        return table

    def _attributes(self) -> dict[str, Any]:
        course, best = self.course, self.course.stop()
        attributes = {"alpha": course.alpha, "noise": course.noise, "decay": course.decay}
        ended = {"stop": best.tau / self.rate, "stop_error": best.error}
        return {**attributes, "rate": self.rate, **ended}


def early_stopping(
    alpha: float = 1.0,
    *,
    noise: float = 0.25,
    decay: float = 0.0,
    epochs: int = 1000,
    points: int = 25,
    rate: float = 0.05,
    simulate: bool = False,
    dim: int = 200,
    runs: int = 8,
    **options: Unpack[RunOptions],
) -> EarlyStopping:
    """Return the error of a linear student against epochs, exactly and by SGD.

    Parameters
    ----------
    alpha : float
        Load ``P / N > 0``.
    noise : float, default 0.25
        Label-noise variance ``S >= 0``.
    decay : float, default 0
        ``lambda >= 0`` against the sum of the losses.
    epochs, points : int
        Last epoch, and about how many epochs are stored, even in the logarithm.
    rate : float, default 0.05
        Learning rate over batch size; theory is its limit 0, SGD adds noise of its order.
    simulate : bool
        Whether to train students.
    dim, runs, **options
        Of the simulation: with ``seed``, ``workers``, ``progress`` as for :func:`bntheory.train`.

    Returns
    -------
    EarlyStopping

    Raises
    ------
    ValueError
        Naming the parameter, its value and what is accepted.

    Examples
    --------
    >>> study = early_stopping(1.0, epochs=200)
    >>> round(study.course.stop().tau / study.rate)
    54
    """
    check_names("early_stopping", options, RunOptions)
    rate = number("rate", rate, above=0.0)
    last, count = integer("epochs", epochs, 1), integer("points", points, 2)
    course = TimeCourse(alpha, noise, decay, q0=START)
    inner = np.geomspace(1, last, count - 1)
    stored = np.unique(np.rint(np.append(0.0, inner)).astype(np.int64))
    done = None
    if simulate:
        problem = Problem(
            "identity", "sgd", eta=rate * BATCH, batch_size=BATCH, noise=noise,
            weight_decay=decay / alpha, q0=float(np.sqrt(START)),
        )  # fmt: skip
        done = train(
            problem, alpha, dim=dim, runs=runs, epochs=last, start="random",
            stored_epochs=stored.tolist(), **options,
        )  # fmt: skip
    return EarlyStopping(course, rate, stored, course.error(rate * stored), done)
