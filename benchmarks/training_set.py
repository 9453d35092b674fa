"""SGD on a training set against a STREAM-like copy: it should be bound by memory, not arithmetic.

Every step streams its ``M`` rows of ``X`` from memory once (the update finds them in cache), so an
epoch moves at least ``8 P N`` bytes. The copy moves 16 bytes a number: one read, one written.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import bntheory as bn
import numpy as np
from bntheory.finite_load.relu import relu_student
from bntheory.teacher_student.training.run import Training, TrainingRun
from bntheory.teacher_student.training.training_set import TrainingSet
from timing import seconds, side_by_side

P, N = 16_000, 1000  # 128 MB of examples: beyond any cache


def streaming(scheme: str, threads: int = 1) -> dict[str, object]:
    """Bytes a second of one epoch against those of a copy, on as many threads."""
    problem = bn.Problem("relu", scheme, batch_size=32, eta=1.0, q0=1.0)
    size = P // threads
    rng = np.random.default_rng(0)
    data = TrainingSet.draw(problem, size / N, N, rng)
    plan = Training(1, False, "random", 0.1)
    runs = [TrainingRun(problem, data, plan, np.random.default_rng(k)) for k in range(threads)]
    if threads > 1:  # every thread its own examples, as in `train`
        runs = [
            TrainingRun(problem, TrainingSet(data.X.copy(), data.y, data.teacher), plan, rng)
            for _ in range(threads)
        ]
    sources = [np.ones(size * N) for _ in range(threads)]
    targets = [np.zeros(size * N) for _ in range(threads)]
    pool = ThreadPoolExecutor(threads)

    def epoch() -> None:
        list(pool.map(lambda run: run.advance(), runs))

    def copy() -> None:
        list(pool.map(np.copyto, targets, sources))

    ours, theirs = side_by_side(epoch, copy, 7)
    rate, stream = 8e-9 * threads * size * N / ours, 16e-9 * threads * size * N / theirs
    name = f"training set, {scheme}, {threads} thread(s): bandwidth / copy"
    note = f"{rate:.2f} GB/s of examples against {stream:.2f} GB/s copied, no random numbers inside"
    return {"name": name, "ratio": rate / stream, "target": ">= 0.3", "note": note}


def replica_point() -> dict[str, object]:
    """A replica point away from the ends of the continuation, warm."""
    warm = min(seconds(lambda: relu_student(1.3, noise=0.25)) for _ in range(5))
    return {"name": "replica point, s", "ratio": warm, "target": "< 0.5", "note": "alpha = 1.3"}


def rows() -> list[dict[str, object]]:
    """All rows of this module."""
    return [streaming("sgd"), streaming("bn"), streaming("bn", 2), replica_point()]
