"""Flows of inputs with a spectrum: their compiled kernels, numbers and states (theory page 11)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import cast

import numpy as np

from ...codegen.modules import generated, kernel_texts
from ...codegen.system import FlowSystem
from ...teacher_student.formula_kernels import derivable, structure
from ...teacher_student.problem import Problem
from ...teacher_student.spectral import block_start
from ...teacher_student.spectrum import MOST_BLOCKS, Spectrum

Array = np.ndarray
#: A compiled flow has room for one of these numbers of blocks, so that spectra share it.
ROOMS = (4, 16, 64, 256, MOST_BLOCKS)
#: Kernels of such a flow, each building on those before it.
PARTS = ("blocks/system", "tableau", "controller", "step", "loop", "ensemble")
#: And of one with inertia.
INERTIAL_PARTS = ("moving_blocks/system", "controller", "exponential", "moving_blocks/led",
                  "inertial")  # fmt: skip
#: What the blocks hold, in a state.
HELD = ("A", "C")


def room_for(spectrum: Spectrum) -> int:
    """For how many blocks a compiled flow has room that takes a spectrum."""
    return min(room for room in ROOMS if room >= spectrum.blocks)


def spectral_kernels(problem: Problem, spectrum: Spectrum, inertial: bool = False) -> FlowSystem:
    """The compiled flow of a problem's formulas, for as many blocks as its spectrum has or more.

    Parameters
    ----------
    problem
        Without momentum, or the limit of one that has some.
    spectrum
        Of its inputs.
    inertial
        Whether weights and scalars have velocities (theory page 8).
    """
    room = room_for(spectrum)

    def write() -> dict[str, str]:
        from ..derivation.signal_kernels import signals_of
        from ..derivation.spectral_drift import derive_spectral
        from ..source.spectral_module import spectral_source

        with derivable(problem):
            averages = spectral_source(derive_spectral(problem), room)
        parts = INERTIAL_PARTS if inertial else PARTS
        kernels = kernel_texts(*(f"odes/kernels/{part}" for part in parts))
        return signals_of(problem) | {"averages": averages} | kernels

    described = f"{structure(problem)}, {room} blocks, {problem.norm_of_field}"
    kind = "spectrum_inertial" if inertial else "spectrum"
    return cast(FlowSystem, generated(kind, described, write))


def block_numbers(problem: Problem, spectrum: Spectrum) -> Array:
    """What the kernels take of a spectrum, behind the other numbers and the table."""
    room = room_for(spectrum)
    padded = [np.pad(x, (0, room - x.size)) for x in spectrum.arrays]
    return np.concatenate([*padded, [float(problem.norm_of_field)]])


def block_state(problem: Problem, spectrum: Spectrum) -> Array:
    """The state at the start."""
    start = dict(zip(problem.order_parameters, problem.initial_state, strict=True))
    A, C = block_start(spectrum, start.pop("R"), start.pop("L"))
    values, room = spectrum.arrays[0], room_for(spectrum)
    fill = np.zeros(room - spectrum.blocks)
    return np.concatenate([[*start.values(), values @ A, values @ C], A, fill, C, fill])


def rows_of_blocks(problem: Problem, columns: Mapping[str, Array]) -> tuple[Array, Array]:
    """States and block numbers of flows that differ in some columns.

    Parameters
    ----------
    problem
        With a spectrum.
    columns
        As for `odes.flow.rows.at_start`.

    Returns
    -------
    states, numbers
        A row a flow.
    """
    spectrum = problem.spectrum_
    assert spectrum is not None
    names = [n for n in ("condition", *problem.start_parameters.values()) if n in columns]
    if not names:
        count = max(map(len, columns.values()), default=1)
        rows = block_state(problem, spectrum), block_numbers(problem, spectrum)
        return np.tile(rows[0], (count, 1)), np.tile(rows[1], (count, 1))
    keys = np.array([columns[name] for name in names]).T
    unique, inverse = np.unique(keys, axis=0, return_inverse=True)
    states, numbers = [], []
    for key in unique:
        own = problem.replace(**dict(zip(names, map(float, key), strict=True)))
        assert own.spectrum_ is not None
        states.append(block_state(own, own.spectrum_))
        numbers.append(block_numbers(own, own.spectrum_))
    places = inverse.ravel()
    return np.array(states)[places], np.array(numbers)[places]


def reduced(problem: Problem, states: Array) -> dict[str, Array]:
    """The order parameters of states of blocks, by name: scalars, R, L, and ``spread``, sqrt(q).

    Parameters
    ----------
    problem
        With a spectrum.
    states
        Shape (..., numbers of a state).
    """
    spectrum = problem.spectrum_
    assert spectrum is not None
    names = problem.trained_scalars
    r, q = states[..., len(names)], states[..., len(names) + 1]
    values = {name: states[..., k].copy() for k, name in enumerate(names)}
    length = np.sqrt(blocks_of(problem, states)["C"].sum(axis=-1))
    return values | {"R": r / np.sqrt(q), "L": length, "spread": np.sqrt(q)}


def blocks_of(problem: Problem, states: Array) -> dict[str, Array]:
    """A and C of states, shape (..., blocks)."""
    spectrum = problem.spectrum_
    assert spectrum is not None
    first, room = len(problem.trained_scalars) + 2, room_for(spectrum)
    places = {name: first + k * room for k, name in enumerate(HELD)}
    return {name: states[..., at : at + spectrum.blocks].copy() for name, at in places.items()}
