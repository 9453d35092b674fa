"""`Flow`: the order parameters of one problem over time, and how a flow may end."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
from numpy.typing import ArrayLike

from ...results.base import Result
from ...results.errors import DivergenceWarning as DivergenceWarning
from ...results.errors import FlowError as FlowError
from ...teacher_student.problem import Problem
from ...teacher_student.regularization import decay
from ...teacher_student.spectral import by_block, spectrum_of_result

if TYPE_CHECKING:
    from .interpolated import Interpolated

Array = np.ndarray
QUANTITIES = ("Q", "R", "L", "error")
#: The status of a flow that left the range in which its moments are known.
OUTSIDE_TABLES = "outside-tables"


@dataclass(frozen=True)
class Flow(Result):
    """The order parameters of one problem over time.

    Attributes
    ----------
    problem
        The setting.
    t
        Times, steps / N, shape (times,); those reached, if the flow is not complete.
    values
        ``Q R L error`` (and ``gamma``, ``beta`` where trained), each of shape (times,).
        ``error`` is the generalisation error ``E (g(v) - g(f))^2 / 2`` against the clean
        teacher.
    steps
        Steps that the integrator tried.
    status
        ``"complete"``; ``"diverged"``; ``"outside-tables"``, where the moments in the flow are
        not known; or ``"failed"``.
    message
        The status in words, with the time it came about; also says when the stiff solver took
        over. Empty when there is nothing to say.
    std, shift
        With fluctuations: the predicted standard deviation of one run, or of a mean over
        ``averaged`` runs, and the shift of the runs' mean, by quantity, at N = ``dim``.
        Otherwise empty.
    dim, averaged
        With fluctuations: N, and over how many runs is averaged.
    inertia
        kappa of an inertial flow; None at fixed momentum, or without.
    moments_error
        Of a scheme with batch statistics and a loss other than the squared one: the largest
        estimated error of the averages in its drift, in units of ``max(1, |average|)``; else None.
    blocks
        Of inputs with a spectrum: ``A``, ``w.w*/N`` in a block, and ``C``, ``w.w/N``, each of shape
        (times, blocks). Otherwise empty.
    """

    _drawn_by: ClassVar[str] = "trajectories.draw_flow"
    _dimension: ClassVar[str] = "t"

    problem: Problem
    t: Array
    values: Mapping[str, Array]
    steps: int
    status: str = "complete"
    message: str = ""
    std: Mapping[str, Array] = field(default_factory=dict)
    shift: Mapping[str, Array] = field(default_factory=dict)
    dim: int | None = None
    averaged: int = 1
    inertia: float | None = None
    moments_error: float | None = None
    blocks: Mapping[str, Array] = field(default_factory=dict)

    def until(self, count: int) -> Flow:
        """The same flow, with the first stored times only."""
        shorter = {name: values[:count] for name, values in self.values.items()}
        blocks = {name: values[:count] for name, values in self.blocks.items()}
        return replace(self, t=self.t[:count], values=shorter, blocks=blocks)

    def at(self, t: ArrayLike) -> Interpolated:
        """The flow at any times within its own, by monotone cubics through what is stored.

        Parameters
        ----------
        t
            Times in steps / N, a number or of shape (any,).

        Returns
        -------
        Interpolated
            With ``Q R L error`` of the shape of ``t``, and in ``deviation`` how far they may be
            from the flow itself. To have that to the integrator's tolerance ask
            ``integrate(..., times=...)`` for the times.

        Raises
        ------
        ValueError
            For times outside of those stored.

        Examples
        --------
        >>> import bntheory as bn
        >>> flow = bn.integrate(bn.Problem("identity", scheme="wn"), time=1.0, points=21)
        >>> middle = flow.at(0.52)
        >>> round(float(middle.R), 3), bool(middle.deviation["R"] < 1e-3)
        (0.309, True)
        """
        from .interpolated import interpolate

        return interpolate(self.problem, self.t, self.values, t)

    def raise_for_status(self) -> Flow:
        """Return the flow itself if it is complete.

        Raises
        ------
        FlowError
            With the message, otherwise.
        """
        if self.status != "complete":
            raise FlowError(self.message)
        return self

    def to_dict(self) -> dict[str, Any]:
        """The JSON form."""
        return {
            "problem": self.problem.to_dict(),
            "zeta": decay(self.problem),
            "t": self.t,
            **self.values,
            **self._fluctuations(),
            **({} if self.inertia is None else {"inertia": self.inertia}),
            **({} if self.moments_error is None else {"moments_error": self.moments_error}),
            **spectrum_of_result(self.problem),
            **self.blocks,
            "steps": self.steps,
            "status": self.status,
            "message": self.message,
        }

    def _fluctuations(self) -> dict[str, Any]:
        if not self.std:
            return {}
        return {"std": self.std, "shift": self.shift, "dim": self.dim, "averaged": self.averaged}

    def columns(self) -> dict[str, Array]:
        """The CSV form: time and every quantity, with its predicted spread if there is one."""
        spread = {f"{name}_std": values for name, values in self.std.items()}
        return {"t": self.t, **self.values, **spread, **by_block(self.blocks)}

    def _attributes(self) -> dict[str, Any]:
        ended = {"status": self.status, "message": self.message}
        return {"problem": self.problem.to_json(), **ended}
