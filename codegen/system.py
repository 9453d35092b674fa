"""What a generated package of a flow offers: its system, and the kernels beside it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    import numpy as np

    Array = np.ndarray


class FlowSystem(Protocol):
    """The functions and facts of one problem's formulas, compiled when they are first called.

    Attributes
    ----------
    SIZE, OVERLAP, LENGTH
        Numbers of a state, and where R and L stand in it.
    HAS_JACOBIAN
        Whether `jacobian` has closed forms.
    SMALLEST_BATCH
        The smallest batch size with a flow.
    TABLE, HAS_RANGE, SINGULAR
        The table of moments that it asks for (JSON, or empty), whether that has a range, and
        whether moments are singular where the scale is 0.
    LARGEST_SCALE
        Up to which scale quadratures resolve the activation.
    COMPLETE, DIVERGED, TOO_MANY_STEPS
        How an integration ends.
    HUGE
        Beyond this a number counts as diverged.
    """

    __name__: str
    SIZE: int
    OVERLAP: int
    LENGTH: int
    HAS_JACOBIAN: bool
    SMALLEST_BATCH: int
    TABLE: str
    HAS_RANGE: bool
    SINGULAR: bool
    LARGEST_SCALE: float
    COMPLETE: int
    DIVERGED: int
    TOO_MANY_STEPS: int
    HUGE: float

    def rhs(self, t: float, y: Array, p: Array, dy: Array, /) -> None:
        """Fill the time derivative of a state."""

    def jacobian(self, t: float, y: Array, p: Array, J: Array, /) -> None:
        """Fill the derivatives of the right-hand side, shape (SIZE, SIZE)."""

    def symbolic_jacobian(self, t: float, y: Array, p: Array, J: Array, /) -> None:
        """`jacobian`, under the name that a larger flow leaves it."""

    def observables(self, y: Array, /) -> tuple[float, float]:
        """The field's scale Q and the generalisation error of a state."""

    def observe(self, states: Array, Q: Array, error: Array, /) -> None:
        """`observables` of many states, shape (states, SIZE)."""

    def field(self, y: Array, /) -> tuple[float, float]:
        """Size of the field's scale, and its shift."""

    def integrate(
        self, y: Array, times: Array, p: Array, rtol: float, atol: float, max_steps: int,
        out: Array, reached: Array, t: float = 0.0, /,
    ) -> tuple[int, int, int]:  # fmt: skip
        """Integrate one flow (`odes.kernels.loop.integrate`)."""
