"""What is warned of, or raised, when a flow does not reach its end."""

from __future__ import annotations


class DivergenceWarning(RuntimeWarning):
    """A flow of `integrate` that diverged, or left the range in which its moments are known."""


class FlowError(RuntimeError):
    """A flow that did not reach its end, where the caller asked for an error."""
