"""Template: where the stages of many flows are evaluated, each sum in one pass over the lanes."""

import numpy as np
from bntheory.codegen.jit import inlined_kernel

from .system import LANES, SIZE
from .tableau import STAGES as A


@inlined_kernel
def early_trial(stage: int, h: np.ndarray, y: np.ndarray, k: np.ndarray, trial: np.ndarray) -> None:
    """The first three stages."""
    for i in range(SIZE):
        if stage == 0:
            for lane in range(LANES):
                slope = A[0, 0] * k[0, i, lane]
                trial[i, lane] = y[i, lane] + h[lane] * slope
        elif stage == 1:
            for lane in range(LANES):
                slope = A[1, 0] * k[0, i, lane] + A[1, 1] * k[1, i, lane]
                trial[i, lane] = y[i, lane] + h[lane] * slope
        else:
            for lane in range(LANES):
                slope = A[2, 0] * k[0, i, lane] + A[2, 1] * k[1, i, lane] + A[2, 2] * k[2, i, lane]
                trial[i, lane] = y[i, lane] + h[lane] * slope


@inlined_kernel
def late_trial(stage: int, h: np.ndarray, y: np.ndarray, k: np.ndarray, trial: np.ndarray) -> None:
    """The last three stages."""
    for i in range(SIZE):
        if stage == 3:
            for lane in range(LANES):
                slope = A[3, 0] * k[0, i, lane] + A[3, 1] * k[1, i, lane] + A[3, 2] * k[2, i, lane]
                slope = slope + A[3, 3] * k[3, i, lane]
                trial[i, lane] = y[i, lane] + h[lane] * slope
        elif stage == 4:
            for lane in range(LANES):
                slope = A[4, 0] * k[0, i, lane] + A[4, 1] * k[1, i, lane] + A[4, 2] * k[2, i, lane]
                slope = slope + A[4, 3] * k[3, i, lane] + A[4, 4] * k[4, i, lane]
                trial[i, lane] = y[i, lane] + h[lane] * slope
        else:
            for lane in range(LANES):
                slope = A[5, 0] * k[0, i, lane] + A[5, 1] * k[1, i, lane] + A[5, 2] * k[2, i, lane]
                slope = (
                    slope
                    + A[5, 3] * k[3, i, lane]
                    + A[5, 4] * k[4, i, lane]
                    + A[5, 5] * k[5, i, lane]
                )
                trial[i, lane] = y[i, lane] + h[lane] * slope
