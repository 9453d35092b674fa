"""Recorded examples as inputs with a spectrum: turned into the frame of their own covariance."""

from __future__ import annotations

import dataclasses

import numpy as np

from ...results.errors import InputError
from ..inputs import Inputs
from ..spectrum import Spectrum

#: How far a block's measured mean eigenvalue may be from that of the spectrum, relatively.
SLACK = 0.01


def in_blocks(law: Inputs, spectrum: Spectrum, sizes: tuple[int, ...]) -> Inputs:
    """Turn recorded examples so that directions of a block stand together, with variance 1.

    Directions are the eigenvectors of their covariance; the largest eigenvalues go to the block
    that has the largest. Within a block eigenvalues stay as different as they are: theory takes
    their mean.

    Parameters
    ----------
    law
        Of `inputs.read_inputs`, with whole examples as rows.
    spectrum, sizes
        The blocks, and how many directions each has.

    Raises
    ------
    InputError
        If the examples have another spectrum.
    """
    centred = law.data - law.data.mean(axis=0)
    values, vectors = np.linalg.eigh(centred.T @ centred / len(centred))
    values, vectors = values[::-1] / values.mean(), vectors[:, ::-1] / np.sqrt(values.mean())
    wanted = spectrum.arrays[0]
    order = np.argsort(-wanted, kind="stable")
    firsts = np.concatenate([[0], np.cumsum(np.array(sizes)[order])])
    columns: list[np.ndarray] = [np.empty(0)] * len(sizes)
    for rank, b in enumerate(order):
        own = slice(firsts[rank], firsts[rank + 1])
        measured = float(values[own].mean())
        expected = float(wanted[b] / spectrum.mean)
        if abs(measured - expected) > SLACK * expected:
            reason = f"its covariance has {measured:.4g} where the spectrum has {expected:.4g}"
            accepted = f"with spectrum={law.name!r} it is accepted"
            raise InputError("inputs", law.name, f"{reason}, in units of the mean; {accepted}")
        columns[b] = centred @ vectors[:, own] / np.sqrt(wanted[b] / spectrum.mean)
    return dataclasses.replace(law, data=np.ascontiguousarray(np.hstack(columns)))
