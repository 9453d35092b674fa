"""What other losses and spectra of the inputs cost, beside the plain problem of the same scheme."""

from __future__ import annotations

import time
from collections.abc import Callable

import bntheory as bn
import numpy as np
from bntheory.odes.flow.rows import at_start
from bntheory.teacher_student.online.spectral_run import SpectralChainRun
from timing import side_by_side

LOGISTIC = bn.Problem("identity", "wn", loss="logistic", labels="sign")
STEPS = 200_000


def right_hand_sides(spectrum: str) -> Callable[[], object]:
    """Two thousand right-hand sides of a linear `bn` student of such inputs."""
    flows = at_start(bn.Problem("identity", "bn", spectrum=spectrum), {})
    y, p = flows.states[0], flows.row(0).copy()
    dy, rhs = np.empty(y.size), flows.kernels.rhs
    return lambda: [rhs(0.0, y, p, dy) for _ in range(2000)]


def chain_step() -> float:
    """Seconds of a step of the chain with 16 blocks, batches of 16: the fastest of a few."""
    problem = bn.Problem("identity", "pn", batch_size=16, spectrum="power:1:16")
    best = np.inf
    for k in range(3):
        run = SpectralChainRun(problem, 100_000, np.array([0, STEPS]), np.random.SeedSequence(k))
        run.advance(0, 1)
        began = time.thread_time()
        run.advance(1, 2)
        best = min(best, time.thread_time() - began)
    return float(best / STEPS)


def rows() -> list[dict[str, object]]:
    """All rows of this module."""
    squared = LOGISTIC.replace(loss="squared", labels="teacher")
    logistic, plain = side_by_side(
        lambda: bn.integrate(LOGISTIC, time=100), lambda: bn.integrate(squared, time=100), 15
    )
    many, one = side_by_side(right_hand_sides("power:1:64"), right_hand_sides("1:1:1"), 9)
    step = chain_step() * 1e6
    return [
        {"name": "flow: logistic / squared, wn", "ratio": logistic / plain, "target": "<= 20",
         "note": f"to t = 100: {logistic * 1e3:.1f} ms against {plain * 1e3:.2f} ms"},
        {"name": "spectrum: rhs of 64 blocks / of one", "ratio": many / one, "target": "<= 100",
         "note": "a compiled right-hand side called from Python"},
        {"name": "spectrum: chain, microseconds a step", "ratio": step, "target": "< 3",
         "note": "16 blocks, batches of 16, one core"},
    ]  # fmt: skip
