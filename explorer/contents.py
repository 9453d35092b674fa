"""What a page holds: flows as JavaScript, and tables of batch moments, by scheme and activation."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from ..odes.tables.moment_tables import SMALLEST_TABLE, loaded_table
from ..teacher_student.formula_kernels import structure
from ..teacher_student.problem import Problem
from .piece import Piece, piece
from .supervision import held_by, own_table, records, signal_piece

#: What a page holds unless told otherwise.
ACTIVATIONS = ("relu", "identity", "leaky-relu", "erf", "tanh")
BATCH_SIZES = (1, 2, 4, 8, 16, 32, 64, 128, 256)
#: Tables over angle and scale take seconds each: fewer of them, unless batch sizes are named.
TABLE_SIZES = (8, 32)

Progress = Callable[[int, int], None]

#: Schemes to choose from; constants and running statistics have no sliders.
SHOWN = ("sgd", "wn", "pn", "bn", "mean-only-bn", "var-only-bn")


@dataclass
class Contents:
    """What JavaScript needs of every scheme and activation.

    Attributes
    ----------
    sources
        ``makeFlow`` functions by key; two schemes of one formula share one.
    entries
        By ``"activation/scheme"``: its source's key, batch sizes, and the least that has a flow.
    tables
        Packed tables of moments as base64 of little-endian float64, by ``"key/m"``: moments know
        how many examples share statistics, and nothing of the other examples of a step.
    formulas
        Losses and activations as JavaScript, where a choice of losses is held.
    """

    sources: dict[str, str] = field(default_factory=dict)
    entries: dict[str, dict[str, Any]] = field(default_factory=dict)
    tables: dict[str, str] = field(default_factory=dict)
    formulas: str = "const LOSSES = {}, ACTIVATIONS = {};"


def collect(
    activations: Iterable[str],
    schemes: Iterable[str] = SHOWN,
    batch_sizes: Iterable[int] | None = None,
    also: Iterable[int] = (),
    progress: Progress | None = None,
    losses: Iterable[str] = (),
    own: Problem | None = None,
) -> Contents:
    """Derive the flows, and find or build the tables.

    Parameters
    ----------
    activations, schemes
        Names or formulas.
    batch_sizes
        Values of the slider; by default `BATCH_SIZES`, with tables over two axes at
        `TABLE_SIZES` only.
    also
        More batch sizes.
    progress
        Called with (parts done, parts in all).
    losses
        Names or formulas of losses to choose from; without any there are no labels either.
    own
        A problem of another loss or other labels: of its batch scheme there are tables.

    Raises
    ------
    ValueError
        For a formula whose flow cannot be derived or printed.
    """
    made, losses = Contents(), list(losses)
    keys: dict[str, str] = {}
    pairs = [(a, s) for a in activations for s in schemes]
    plans = [_plan(a, s, batch_sizes, also) for a, s in pairs]
    total = len(plans) + sum(len(_tabulated(made_of, sizes)) for _, made_of, sizes in plans)
    done = 0

    def step() -> None:
        nonlocal done
        done += 1
        if progress:
            progress(done, total)

    for (activation, scheme), (problem, made_of, sizes) in zip(pairs, plans, strict=True):
        key = keys.setdefault(structure(problem), f"flow{len(keys)}")
        made.sources.setdefault(key, made_of.FLOW)
        step()
        for M in _tabulated(made_of, sizes):
            if f"{key}/{M}" not in made.tables:
                table = loaded_table(made_of.TABLE, M, None, None)
                made.tables[f"{key}/{M}"] = _packed(table.packed)
            step()
        made.entries[f"{activation}/{scheme}"] = _entry(made_of, key, sizes)
    if losses:
        made.formulas = records(losses, dict.fromkeys(a for a, _ in pairs))
        for activation, scheme in pairs:
            _add_signals(made, activation, scheme)
    if own is not None and own.uses_batch and not own.squares:
        _add_own(made, own, {own.m, *(batch_sizes or ())})
    return made


def _add_signals(made: Contents, activation: str, scheme: str) -> None:
    """The flow of other losses and labels, of a scheme that looks at one example."""
    of_signals = signal_piece(activation, scheme)
    if of_signals is not None:
        key = f"signal/{activation}/{scheme}"
        made.sources[key] = of_signals.FLOW
        made.entries[f"{activation}/{scheme}"]["signal"] = {"key": key, "least": 1, "refused": ""}


def _add_own(made: Contents, own: Problem, sizes: Iterable[int]) -> None:
    """A batch scheme's flow and tables of the loss and labels of one problem."""
    made_of, key = piece(own), f"own/{own.activation}/{own.scheme}"
    held = [m for m in sorted(sizes) if m >= made_of.SMALLEST_BATCH]
    made.sources[key] = made_of.FLOW
    for m in held:
        made.tables[f"{key}/{m}"] = _packed(own_table(own, made_of, m).packed)
    entry = made.entries[f"{own.activation}/{own.scheme}"]
    entry["held"] = held_by(own, made_of, key, held) | {"refused": _refused(made_of.SMALLEST_BATCH)}


def _plan(
    activation: str, scheme: str, batch_sizes: Iterable[int] | None, also: Iterable[int]
) -> tuple[Problem, Piece, list[int]]:
    """A problem, what its flow is made of, and the batch sizes at which it is shown."""
    problem = Problem(activation, scheme)
    made_of = piece(problem)
    wanted = set(batch_sizes or (TABLE_SIZES if made_of.TWO_AXES else BATCH_SIZES))
    least = _least(made_of)
    wanted |= {M for M in BATCH_SIZES if least > M}  # shown as what they are: refused
    wanted |= set(also)
    smallest = 2 if made_of.USES_BATCH else 1
    return problem, made_of, sorted(M for M in wanted if smallest <= M)


def _least(made_of: Piece) -> int:
    """The smallest batch size that has a flow."""
    return max(made_of.SMALLEST_BATCH, SMALLEST_TABLE if made_of.TABLE else 1)


def _tabulated(made_of: Piece, sizes: Iterable[int]) -> list[int]:
    return [M for M in sizes if _least(made_of) <= M] if made_of.TABLE else []


def _entry(made_of: Piece, key: str, sizes: list[int]) -> dict[str, Any]:
    return {
        "key": key,
        "batchSizes": sizes,
        "least": _least(made_of),
        "refused": _refused(made_of.SMALLEST_BATCH),
        "usesBatch": made_of.USES_BATCH,
        "gamma": made_of.TRAINS_GAMMA,
        "autoZeta": made_of.AUTO_ZETA,
    }


def _refused(least: int) -> str:
    """Why smaller batches have no flow, as `bntheory.odes.flow.flow_kernels.flow_table` says it."""
    if least >= SMALLEST_TABLE:
        return (
            f"the flow asks for E[1/s^{least - 2}] of the batch's spread s, which is infinite "
            f"in fewer than {least} examples"
        )
    return f"the flow is tabulated for statistics of at least {SMALLEST_TABLE} examples"


def _packed(table: np.ndarray) -> str:
    return base64.b64encode(np.asarray(table, dtype="<f8").tobytes()).decode()


def unpacked(text: str) -> np.ndarray:
    """A table as the page decodes it."""
    return np.frombuffer(base64.b64decode(text), dtype="<f8")


def as_javascript(contents: Contents) -> str:
    """The contents as ``FLOWS``, ``ENTRIES``, ``TABLES``, ``LOSSES`` and ``ACTIVATIONS``."""
    flows = ",\n".join(f"{json.dumps(k)}: {text}" for k, text in contents.sources.items())
    entries, tables = json.dumps(contents.entries), json.dumps(contents.tables)
    named = f"const FLOWS = {{{flows}}};\nconst ENTRIES = {entries};\nconst TABLES = {tables};\n"
    return named + contents.formulas + "\n"
