"""What a page holds: flows as JavaScript, and tables of batch moments, by scheme and activation."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from ..odes.derivation.drift import Derivation, derive_drift
from ..odes.derivation.observables import observables
from ..odes.equations.javascript import javascript_flow
from ..odes.source.table_source import table_spec
from ..odes.tables.moment_tables import SMALLEST_TABLE, loaded_table
from ..results.errors import InputError
from ..teacher_student.formula_kernels import structure
from ..teacher_student.problem import Problem
from ..teacher_student.regularization import zeta_sources
from ..teacher_student.schemes import SCHEMES

#: What a page holds unless told otherwise.
ACTIVATIONS = ("relu", "identity", "leaky-relu", "erf", "tanh")
BATCH_SIZES = (1, 2, 4, 8, 16, 32, 64, 128, 256)
#: Tables over angle and scale take seconds each: fewer of them, unless batch sizes are named.
TABLE_SIZES = (8, 32)

Progress = Callable[[int, int], None]


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
        Packed tables of moments as base64 of little-endian float64, by ``"key/M"``.
    """

    sources: dict[str, str] = field(default_factory=dict)
    entries: dict[str, dict[str, Any]] = field(default_factory=dict)
    tables: dict[str, str] = field(default_factory=dict)


def collect(
    activations: Iterable[str],
    schemes: Iterable[str] = tuple(SCHEMES),
    batch_sizes: Iterable[int] | None = None,
    also: int | None = None,
    progress: Progress | None = None,
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
        One more batch size.
    progress
        Called with (parts done, parts in all).

    Raises
    ------
    ValueError
        For a formula whose flow cannot be derived or printed.
    """
    made = Contents()
    keys: dict[str, str] = {}
    pairs = [(a, s) for a in activations for s in schemes]
    plans = [_plan(a, s, batch_sizes, also) for a, s in pairs]
    total = len(plans) + sum(len(_tabulated(*plan)) for plan in plans)
    done = 0

    def step() -> None:
        nonlocal done
        done += 1
        if progress:
            progress(done, total)

    for (activation, scheme), (derivation, sizes) in zip(pairs, plans, strict=True):
        formulas = structure(derivation.problem)
        key = keys.setdefault(formulas, f"flow{len(keys)}")
        if key not in made.sources:
            made.sources[key] = javascript_flow(derivation)
        step()
        spec = table_spec(derivation)
        for M in _tabulated(derivation, sizes):
            if f"{key}/{M}" not in made.tables:
                made.tables[f"{key}/{M}"] = _packed(loaded_table(spec, M, None, None).packed)
            step()
        made.entries[f"{activation}/{scheme}"] = _entry(derivation, key, sizes)
    return made


def _plan(
    activation: str, scheme: str, batch_sizes: Iterable[int] | None, also: int | None
) -> tuple[Derivation, list[int]]:
    """A derivation, and the batch sizes at which it is shown."""
    derivation = derive_drift(Problem(activation, scheme))
    if derivation.problem.activation_.kinks and observables(derivation).by_quadrature:
        raise InputError(
            "activations",
            activation,
            "a formula with kinks whose averages need a quadrature is "
            "too slow for sliders; smooth formulas, and ones like relu, are accepted",
        )
    cheap = derivation.problem.activation_.homogeneous or not table_spec(derivation)
    wanted = set(batch_sizes or (BATCH_SIZES if cheap else TABLE_SIZES))
    least = _least(derivation)
    wanted |= {M for M in BATCH_SIZES if least > M}  # shown as what they are: refused
    wanted |= {also} if also else set()
    smallest = 2 if derivation.problem.uses_batch else 1
    return derivation, sorted(M for M in wanted if smallest <= M)


def _least(derivation: Derivation) -> int:
    """The smallest batch size that has a flow."""
    table = SMALLEST_TABLE if table_spec(derivation) else 1
    return max(derivation.smallest_batch, table)


def _tabulated(derivation: Derivation, sizes: Iterable[int]) -> list[int]:
    return [M for M in sizes if _least(derivation) <= M] if table_spec(derivation) else []


def _entry(derivation: Derivation, key: str, sizes: list[int]) -> dict[str, Any]:
    problem, least = derivation.problem, _least(derivation)
    return {
        "key": key,
        "batchSizes": sizes,
        "least": least,
        "refused": _refused(derivation),
        "gamma": "gamma" in problem.trained_scalars,
        "autoZeta": sum(zeta_sources(problem.activation, 1)),  # falls like 1/M
    }


def _refused(derivation: Derivation) -> str:
    """Why smaller batches have no flow, as `bntheory.odes.flow.flow_kernels.flow_table` says it."""
    least = derivation.smallest_batch
    if least >= SMALLEST_TABLE:
        return (
            f"the flow asks for E[1/s^{least - 2}] of the batch's spread s, which is infinite "
            f"below M = {least}"
        )
    return f"the flow is tabulated for batches of at least {SMALLEST_TABLE}"


def _packed(table: np.ndarray) -> str:
    return base64.b64encode(np.asarray(table, dtype="<f8").tobytes()).decode()


def unpacked(text: str) -> np.ndarray:
    """A table as the page decodes it."""
    return np.frombuffer(base64.b64decode(text), dtype="<f8")


def as_javascript(contents: Contents) -> str:
    """The contents as ``FLOWS``, ``ENTRIES`` and ``TABLES``."""
    flows = ",\n".join(f"{json.dumps(k)}: {text}" for k, text in contents.sources.items())
    entries, tables = json.dumps(contents.entries), json.dumps(contents.tables)
    return f"const FLOWS = {{{flows}}};\nconst ENTRIES = {entries};\nconst TABLES = {tables};\n"
