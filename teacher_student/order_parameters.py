"""The order parameters of a problem, and where they start."""

from __future__ import annotations

from .committee.described import Units
from .state_space import ACCUMULATED, StateSpace, scalar_student


class Ordered(Units):
    """The part of a problem that says what its state is: a mixin of its fields."""

    @property
    def trained_scalars(self) -> tuple[str, ...]:
        """The scalars trained beside the weights, of ``gamma`` and ``beta``."""
        raise NotImplementedError

    @property
    def accumulates(self) -> bool:
        """Whether squared gradients are summed up, in the order parameter ``b2``."""
        return False

    @property
    def state_space(self) -> StateSpace:
        """The order parameters: trained scalars, overlap, length; or those of a committee."""
        if self.several_units:
            return self.committee.state_space
        return scalar_student(self.trained_scalars, self.accumulates)

    @property
    def order_parameters(self) -> tuple[str, ...]:
        """The names of the order parameters, in their order in a state."""
        return self.state_space.labels

    @property
    def start_parameters(self) -> dict[str, str]:
        """Which parameter an order parameter starts at; ``beta`` starts at 0."""
        if "gamma" in self.trained_scalars:
            return {"gamma": "q0", "R": "r0", "L": "l0"}
        return {"R": "r0", "L": "q0"}

    @property
    def initial_state(self) -> tuple[float, ...]:
        """The start, in the order of `order_parameters`."""
        if self.several_units:
            return self.committee.initial_state
        given, others = self.start_parameters, {"beta": 0.0, ACCUMULATED: 1.0}
        return tuple(
            getattr(self, given[name]) if name in given else others[name]
            for name in self.order_parameters
        )
