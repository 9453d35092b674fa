"""Sweeps of simulations: two cores against one, the price of store and engine, and memory."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import bntheory as bn
import numpy as np
from bntheory.experiments.sweeps.quantities import parse_quantities
from bntheory.experiments.sweeps.simulation import Simulation, simulate_point
from timing import side_by_side

PROBLEM = bn.Problem(scheme="bn", batch_size=8)
QUANTITIES = ("final-Q", "final-R", "final-L", "final-error", "diverged")
RATES, DIM, RUNS, END = np.linspace(0.2, 1.0, 6), 2000, 64, 20.0
#: Points of the two sweeps whose memory is compared, and points a chunk.
FEW, MANY, A_CHUNK = 100_000, 1_000_000, 500

MEMORY = f"""
import tempfile
from pathlib import Path
import numpy as np
import bntheory as bn
from bntheory.experiments.sweeps import sweep as module

module.CHUNK = {A_CHUNK}

def peak(points):
    with tempfile.TemporaryDirectory() as folder:
        bn.sweep(bn.Problem(scheme="wn"), eta=np.geomspace(.1, 1, points // 1000),
                 zeta=np.linspace(0, 1, 1000), time=0.1, quantity="final-error",
                 store=folder + "/s", dask="local", workers=2)
    status = Path("/proc/self/status").read_text()  # of this program alone, unlike ru_maxrss
    return int(status.split("VmHWM:")[1].split()[0]) / 1024

if __name__ == "__main__":
    peak(1000)
    few = peak({FEW})
    print(peak({MANY}) - few)
"""


def bare() -> None:
    """The same runs in one loop, without table, store or engine."""
    asked, simulation = parse_quantities(QUANTITIES, True), Simulation(dim=DIM)
    for eta in RATES:
        problem = PROBLEM.replace(eta=float(eta))
        simulate_point(problem, simulation, END, range(RUNS), asked, lambda: False)


def swept(workers: int, store: bool) -> None:
    """The sweep, its default chunks or those that were set."""
    with tempfile.TemporaryDirectory() as folder:
        bn.sweep(PROBLEM, eta=RATES, dim=DIM, runs=RUNS, time=END, quantity=QUANTITIES,
                 simulate=True, workers=workers,
                 store=Path(folder) / "s" if store else None)  # fmt: skip


def cpu(function: object) -> float:
    """Processor time of one call, all threads: what others do to the clock is not in it."""
    began = time.process_time()
    function()  # type: ignore[operator]
    return time.process_time() - began


def overhead() -> dict[str, object]:
    """Store and engine, for chunks of about a second."""
    from bntheory.experiments.sweeps import sweep as module

    before = module.SECONDS, module.CHUNKS
    module.SECONDS, module.CHUNKS = 1.0, 1
    try:
        bare(), swept(1, True)
        pairs = [(cpu(bare), cpu(lambda: swept(1, True))) for _ in range(3)]
    finally:
        module.SECONDS, module.CHUNKS = before
    plain, kept = (min(times) for times in zip(*pairs, strict=True))
    note = f"processor time, {plain:.1f} s in chunks of a second"
    name = "sweep: store and engine / bare loop"
    return {"name": name, "ratio": kept / plain, "target": "<= 1.03", "note": note}


def efficiency() -> dict[str, object]:
    """One core against two."""
    one, two = side_by_side(lambda: swept(1, True), lambda: swept(2, True), 4)
    note = f"simulations with a store, {one:.1f} s on one core; load {os.getloadavg()[0]:.1f}"
    return {"name": "sweep: 1 core / 2 cores", "ratio": one / two, "target": ">= 1.8", "note": note}


def memory() -> dict[str, object]:
    """Client and scheduler while Dask workers do a million grid points."""
    with tempfile.TemporaryDirectory() as folder:
        script = Path(folder) / "memory.py"
        script.write_text(MEMORY)
        made = subprocess.run([sys.executable, script], capture_output=True, text=True, check=True)
    name = "sweep: Dask memory of 10 times the points, MB"
    note = f"peak of {MANY} grid points in {MANY // A_CHUNK} tasks above {FEW}"
    return {"name": name, "ratio": float(made.stdout), "target": "near 0", "note": note}


def rows() -> list[dict[str, object]]:
    """All rows of this module."""
    return [overhead(), efficiency(), memory()]
