"""Training steps in a CUDA graph: the card is told once what a step is, and then only to go on."""

from __future__ import annotations

from collections.abc import Callable

import torch

#: Steps taken one kernel at a time before one is captured: libraries choose their algorithms and
#: compile in these. They are steps of the training like all others.
WARM = 3


class CapturedStep:
    """A step that is captured after a few and replayed from then on.

    A captured step repeats its kernels and nothing of Python: whatever changes must be in tensors
    that stay where they are. What Python decides otherwise must be announced by `renew`.

    Parameters
    ----------
    step
        One step, without arguments and results.
    """

    def __init__(self, step: Callable[[], None]) -> None:
        self.step = step
        self.stream = torch.cuda.Stream()
        self.renew()

    def renew(self) -> None:
        """Forget what was captured, since the step is about to change."""
        self.graph: torch.cuda.CUDAGraph | None = None
        self.taken = 0

    def __call__(self) -> None:
        """Take a step."""
        if self.graph is not None:
            self.graph.replay()
        elif self.taken < WARM:
            self._plainly()
            self.taken += 1
        else:
            self.graph = torch.cuda.CUDAGraph()
            with torch.cuda.graph(self.graph, stream=self.stream):
                self.step()  # captured, not done
            self.graph.replay()

    def _plainly(self) -> None:
        """On the stream that is captured later: libraries keep their memory by stream."""
        self.stream.wait_stream(torch.cuda.current_stream())
        with torch.cuda.stream(self.stream):
            self.step()
        torch.cuda.current_stream().wait_stream(self.stream)
