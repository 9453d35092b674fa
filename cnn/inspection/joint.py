"""The predicted loss gap of all layers together, from the statistics that batches really have.

With batch statistics in every layer a later layer sees, and partly takes out, what earlier ones do.
Its own mean ``mu_B`` and spread ``s_B`` have all of that in them: the loss of image i is a function
of the statistics of all layers, and to second order in their distance from the population's

    gap = E_B [ mean_{i in B} k_iB  +  mean_{i not in B} k_iB^2 / 2 ]
    k_iB = sum over layers and channels of gamma [a_i (s/s_B - 1) - b_i (mu_B - mu)/s_B]

with slopes ``a, b`` by gamma and beta as in `prediction`: of the loss itself in the first term,
of labels drawn from the network's own answer in the second.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

Array = np.ndarray


class Deviation(NamedTuple):
    """One layer's statistics of each batch against the population's, shape (batches, channels).

    Attributes
    ----------
    spread
        ``s/s_B - 1``.
    mean
        ``-(mu_B - mu)/s_B``.
    """

    spread: Array
    mean: Array


class Joint(NamedTuple):
    """The gap of all layers at the batch size in use, and its standard error over batches."""

    gap: float
    gap_sem: float


def moved(gamma: Array, a: Array, b: Array, deviation: Deviation) -> Array:
    """One layer's part of ``k_iB``, shape (images, batches)."""
    found: Array = a @ (gamma * deviation.spread).T + b @ (gamma * deviation.mean).T
    return found


def joint_gap(moves: Array, batch: Array, drawn: Array) -> Joint | None:
    """The gap of all layers.

    Parameters
    ----------
    moves
        ``k_iB``, shape (images, batches).
    batch
        Which batch each image is in; those of batches smaller than the first are left out.
    drawn
        As `bntheory.cnn.inspection.prediction.estimate` has them.

    Returns
    -------
    Joint or None
        None of a single batch. The population is made of k batches, so that each is nearer to it
        than a fresh one by ``1 - 1/k``, which is divided out.
    """
    sizes = np.bincount(batch)
    whole = np.flatnonzero(sizes == sizes[0])
    if len(whole) < 2:
        return None
    found = np.empty(len(whole))
    for place, k in enumerate(whole):
        inside = batch == k
        own, others = moves[inside & ~drawn, k], moves[~inside & drawn, k]
        found[place] = (own.mean() if len(own) else 0.0) + (others**2).mean() / 2
    found /= 1 - 1 / len(sizes)
    return Joint(float(found.mean()), float(found.std(ddof=1) / len(found) ** 0.5))
