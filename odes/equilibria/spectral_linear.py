"""The drift of a student of inputs with a spectrum, in coordinates around alignment.

The flow is linear there in the scalars, in ``A_b`` and in the misalignments ``D_b = C_b -
A_b^2/T_b``, which only grow from 0 (theory page 11).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from ...teacher_student.parameters import KERNEL_PARAMETERS
from ...teacher_student.problem import Problem
from ...teacher_student.spectrum import Spectrum
from ..flow.flow_kernels import flow_kernels, flow_table, parameters
from ..flow.known_moments import next_region
from ..flow.rows import COLUMNS
from ..flow.spectral import block_numbers, blocks_of, room_for
from ..kernels.roots import edge_rule
from ..tables.regions import Region, middle

Array = np.ndarray
#: The widest step of differences, in units of the fields: ``1 - R^2`` is its square.
STEP = 2e-2


@dataclass
class Linear:
    """The drift in coordinates in which an aligned student has nothing at its borders.

    Attributes
    ----------
    problem, spectrum
        The setting.
    p
        Numbers of the flow.
    """

    problem: Problem
    spectrum: Spectrum
    p: Array

    def __post_init__(self) -> None:
        self.kernels: Any = flow_kernels(self.problem)
        self.scalars = len(self.problem.trained_scalars)
        values, _, powers = self.spectrum.arrays
        self.values, self.powers, self.seen = values, powers, powers > 0.0
        self.usual = middle(self.kernels.SINGULAR)
        self.tables: dict[Region, Array] = {}
        self.room, self.taught = room_for(self.spectrum), int(self.seen.sum())

    def state(self, z: Array) -> Array:
        """The state of coordinates ``scalars, A`` (where there is a teacher)``, D``."""
        n, y = self.scalars, np.zeros(self.kernels.SIZE)
        A = np.zeros(self.spectrum.blocks)
        A[self.seen] = z[n : n + self.taught]
        C = z[n + self.taught :].copy()
        C[self.seen] += A[self.seen] ** 2 / self.powers[self.seen]
        y[:n], y[n], y[n + 1] = z[:n], self.values @ A, self.values @ C
        y[n + 2 : n + 2 + A.size] = A
        y[n + 2 + self.room : n + 2 + self.room + A.size] = C
        return y

    def coordinates(self, y: Array) -> Array:
        """The inverse of `state`."""
        blocks = blocks_of(self.problem, y)
        A, D = blocks["A"], blocks["C"]
        D[self.seen] -= A[self.seen] ** 2 / self.powers[self.seen]
        return np.concatenate([y[: self.scalars], A[self.seen], np.maximum(D, 0.0)])

    def drift(self, z: Array, eta: float | None = None, silent: bool = False) -> Array:
        """Time derivative of coordinates; silent is without the noise of gradients."""
        dy, y = np.empty(self.kernels.SIZE), self.state(z)
        p = self._numbers(y).copy()
        if eta is not None:
            p[COLUMNS["eta"]] = eta
        if silent:
            p[COLUMNS["batch_size"]] = np.inf
        self.kernels.rhs(0.0, y, p, dy)
        blocks, now = blocks_of(self.problem, dy), blocks_of(self.problem, y)
        dA, dD = blocks["A"], blocks["C"]
        seen = self.seen
        dD[seen] -= 2.0 * now["A"][seen] * dA[seen] / self.powers[seen]
        return np.concatenate([dy[: self.scalars], dA[seen], dD])

    def _numbers(self, y: Array) -> Array:
        """The numbers of the flow with the table of the region in which a state is."""
        if not self.kernels.HAS_RANGE:
            return self.p
        region, usual = next_region(self.problem, self.kernels, y, None), self.usual
        if region is None or region == usual:
            return self.p
        if region not in self.tables:
            own = self.p[: len(KERNEL_PARAMETERS)]
            table = flow_table(self.problem, region)
            assert table is not None
            blocks = block_numbers(self.problem, self.spectrum)
            self.tables[region] = np.concatenate([own, table.packed, blocks])
        return self.tables[region]

    def matrix(self, z: Array, eta: float, silent: bool = False) -> Array:
        """Derivatives of the drift by its coordinates."""
        J, border = np.empty((z.size, z.size)), self.scalars + self.taught
        sizes = self.sizes(z)
        for j in range(z.size):
            e = np.zeros(z.size)
            e[j] = sizes[j]
            if j < border:
                J[:, j] = towards_zero(lambda h, e=e: (  # type: ignore[misc]
                    self.drift(z + h * e, eta, silent) - self.drift(z - h * e, eta, silent)
                ) / (2.0 * h)) / sizes[j]  # fmt: skip
            else:
                J[:, j] = self.by_misalignment(z, e, eta, silent) / sizes[j]
        return J

    def by_misalignment(self, z: Array, e: Array, eta: float, silent: bool = False) -> Array:
        """The derivative in a direction that only leads away from alignment."""
        return self.by_square(lambda h: self.drift(z + h * h * e, eta, silent))

    def by_square(self, function: Callable[[float], Array]) -> Array:
        """The derivative by ``h^2`` at 0, where ``h^2`` is about ``1 - R^2``.

        A table's error has a term of first order in h there (`odes.kernels.roots.edge_rule`).
        """
        here = function(0.0)
        if not self.kernels.TABLE:
            return towards_zero(lambda h: (function(h) - here) / (h * h))
        steps, weights = edge_rule(table=True)
        moved = np.array([function(float(h)) - here for h in steps])
        slope: Array = -0.5 * weights @ moved  # the rule is of dF/dR
        return slope

    def sizes(self, z: Array) -> Array:
        """Displacements of every coordinate that change the fields by about as much as they are."""
        q, seen = float(self.state(z)[self.scalars + 1]), self.seen
        along = np.sqrt(q * self.powers[seen] / self.values[seen])
        return np.concatenate([np.ones(self.scalars), along, q / self.values])

    def scale(self, z: Array) -> float:
        """The field's scale Q."""
        return float(self.kernels.observables(self.state(z))[0])

    def aligned(self, scalars: Array, scale: float) -> Array:
        """Coordinates of the student ``scale w*``."""
        A = scale * self.powers[self.seen]
        return np.concatenate([scalars, A, np.zeros(self.spectrum.blocks)])

    def rate(self, y: Array, eta: float) -> float:
        """``eta_eff``: of a normalised student ``eta Q/q``, at which its direction learns."""
        if "gamma" not in self.problem.trained_scalars:
            return eta
        return float(eta * abs(self.kernels.observables(y)[0]) / y[self.scalars + 1])


def towards_zero(quotient: Callable[[float], Array]) -> Array:
    """The limit of a difference quotient at 0, to third order in h.

    ``1 - R^2`` is of order ``h^2``, and an activation with a kink has its root in the drift.
    """
    wide, middle, narrow = (quotient(STEP * part) for part in (1.0, 0.5, 0.25))
    limit: Array = wide / 3.0 - 2.0 * middle + 8.0 * narrow / 3.0
    return limit


def linear(problem: Problem) -> Linear:
    """The drift of a problem with a spectrum."""
    spectrum = problem.spectrum_
    assert spectrum is not None
    p = np.concatenate([parameters(problem), block_numbers(problem, spectrum)])
    return Linear(problem, spectrum, p)
