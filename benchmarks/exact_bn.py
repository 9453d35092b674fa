"""Exact flows of batch schemes: what a flow costs, and what building a table costs."""

from __future__ import annotations

import time

import bntheory as bn
from bntheory.odes.flow.flow_kernels import flow_kernels
from bntheory.odes.tables.moment_tables import TableSpec, build
from timing import side_by_side

SHIPPED = ("relu", "leaky-relu", "erf", "tanh", "sigmoid", "softplus", "gelu")
SIZES = (4, 32, 256)


def flow_cost() -> dict[str, object]:
    """One ReLU bn flow against one pn flow, the table in memory."""
    exact, approximate = bn.Problem("relu", "bn"), bn.Problem("relu", "pn")
    ours, theirs = side_by_side(lambda: bn.integrate(exact), lambda: bn.integrate(approximate), 20)
    note = f"to t = 20: {ours * 1e3:.2f} ms against {theirs * 1e3:.2f} ms, the table in memory"
    return {"name": "flow: ReLU bn / pn", "ratio": ours / theirs, "target": "<= 5", "note": note}


def slowest_table(scheme: str, target: str) -> dict[str, object]:
    """The slowest table of a scheme over shipped activations and batch sizes."""
    took = {}
    for activation in SHIPPED:
        kernels = flow_kernels(bn.Problem(activation, scheme))
        spec = TableSpec.from_json(kernels.TABLE)
        build(spec, SIZES[-1])  # compiles, or loads the compiled code
        for M in SIZES:
            if kernels.SMALLEST_BATCH <= M:
                began = time.process_time()  # of all threads: what one core would take
                build(spec, M)
                took[activation, M] = time.process_time() - began
    activation, M = max(took, key=lambda case: took[case])
    name = f"table of moments, {scheme}, CPU s"
    note = f"the slowest of all shipped activations, M = 4, 32, 256: {activation}, M = {M}"
    return {"name": name, "ratio": took[activation, M], "target": target, "note": note}


def rows() -> list[dict[str, object]]:
    """All rows of this module."""
    slow, fast = "< 15", "< 5"
    tables = [slowest_table("bn", fast), slowest_table("mean-only-bn", fast)]
    return [flow_cost(), *tables, slowest_table("var-only-bn", slow)]
