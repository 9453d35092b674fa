"""What the commands answered before the redesign (issue 15): lines, and their JSON to the last bit.

    python tests/references/freeze.py           compare: bit for bit, and the largest difference
    python tests/references/freeze.py --write   record what this tree gives
    python tests/references/freeze.py --add     record lines that are not in the record yet

Lines, and not Python calls: the command line's options and keys are what does not change. JSON
keeps every bit of a float. The record was made on x86-64 with AVX2; elsewhere the last bits of
transcendental functions differ, so the test (`tests/test_frozen.py`) allows for rounding. What
needs PyTorch is left as it is where there is none.
"""

from __future__ import annotations

import json
import math
import shlex
import sys
import tempfile
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from click.testing import CliRunner

RECORD = Path(__file__).with_name("frozen.json")
#: Keys that tell of the machine or the package, not of the problem.
VOLATILE = {"seconds", "version", "bntheory_version", "created", "workers"}
VOLATILE |= {"images_per_second", "training_seconds"}

FEW = "--time 5 --points 6"
SIMULATED = f"{FEW} --runs 4"
LINES = (
    # every scheme
    f"integrate --scheme sgd --activation relu --batch-size 4 --noise 0.1 {FEW}",
    f"integrate --scheme wn --activation relu --zeta 0.1 {FEW}",
    f"integrate --scheme pn --activation relu --batch-size 32 --noise 0.25 {FEW}",
    f"integrate --scheme bn --activation relu --batch-size 8 {FEW}",
    f"integrate --scheme mean-only-bn --activation relu --batch-size 8 {FEW}",
    f"integrate --scheme var-only-bn --activation relu --batch-size 8 {FEW}",
    # every kind of moment: closed, quadrature, tables, formulas
    f"integrate --scheme wn --activation identity --weight-decay 0.1 {FEW}",
    f"integrate --scheme pn --activation erf --eta 0.3 {FEW}",
    f"integrate --scheme wn --activation tanh --q0 2 --r0 -0.3 {FEW}",
    f"integrate --scheme pn --activation 'h**3/6' --eta 0.2 {FEW}",
    f"integrate --scheme bn --activation tanh --batch-size 32 {FEW}",
    f"integrate --scheme bn --activation tanh --batch-size 1000 --q0 4 {FEW}",
    f"integrate --scheme 'sqrt(N)*gamma*a/sqrt(n2 + N)' --activation tanh {FEW}",
    # schedules, trained shift, stiffness, a flow that leaves
    f"integrate --scheme wn --activation erf --eta '0.5/(1 + t)' {FEW}",
    f"integrate --scheme bn --activation relu --train-beta {FEW}",
    "integrate --scheme sgd --activation identity --eta 0.05 --time 2000 --points 5",
    f"integrate --scheme sgd --activation relu --batch-size 1 --eta 9 {FEW}",
    # both engines
    f"simulate --scheme wn --activation relu --dim 200 {SIMULATED}",
    f"simulate --scheme bn --activation relu --batch-size 8 --dim 200 {SIMULATED}",
    f"simulate --scheme pn --activation tanh --dim 100 --engine vectors {SIMULATED}",
    f"simulate --scheme bn --activation erf --batch-size 8 --dim 100 --engine vectors {SIMULATED}",
    # theory against simulation, with its fluctuations
    "compare --scheme wn --activation relu --dim 300 --time 2 --points 5 --runs 32",
    "compare --scheme bn --activation relu --batch-size 8 --dim 300 --time 2 --points 5 --runs 32",
    # fixed points
    "fixed-points --scheme pn --activation relu --noise 0.1 --zeta 0.05",
    "fixed-points --scheme bn --activation identity --batch-size 8 --weight-decay 0.01",
    "fixed-points --scheme sgd --activation identity --batch-size 4 --noise 0.25",
    # sweeps, by flow and by simulation
    "sweep --scheme pn --activation relu --eta 0.1:1:5 --zeta 0,0.1 --time 20",
    "sweep --scheme bn --activation tanh --eta 0.2,0.8 --batch-size 8,32 --time 10",
    "sweep --scheme wn --activation relu --simulate --eta 0.2,0.8 --dim 100 --runs 4 --time 3",
    # generalisation and regularisation
    "generalization --student identity --scheme wn --alpha 0.5,2,4",
    "generalization --student relu --scheme wn --alpha 0.5,2,4",
    "regularization --activation relu --batch-size 32",
)

TINY = (
    "--device cpu --threads 1 --seed 1 --side 8 --train 128 --validation 64 --channels 8 "
    "--batch-size 16 --learning-rate 0.01 --steps 8 --every 4"
)
#: Trainings in single precision, on one thread: the same bits each time on one machine.
NETWORKS = (
    f"cnn train --norm bn --gamma-decay 0.1 --augment {TINY}",
    f"cnn train --norm pn --gamma-decay auto:positions {TINY}",
)


def runnable() -> Iterator[str]:
    """The lines that this installation can answer."""
    yield from LINES
    if find_spec("torch"):
        yield from NETWORKS
    else:
        print("needs PyTorch, left as it is:", *NETWORKS, sep="\n  ", file=sys.stderr)


def answer(line: str) -> Any:
    """What a line prints with ``--json``, without what the machine has a say in."""
    if line not in NETWORKS:
        return printed(line)
    with tempfile.TemporaryDirectory() as folder:
        found = printed(f"{line} --output {folder}/run")
        return found | {"weights": sums(Path(folder, "run", "last.pt"))}


def sums(path: Path) -> dict[str, list[float]]:
    """Sum and sum of squares of every array of a network: a bit of one entry moves them."""
    import torch
    from bntheory.cnn.networks.checkpoints import load_checkpoint

    arrays = load_checkpoint(path, torch.device("cpu")).model
    exact = {name: array.double() for name, array in arrays.items()}
    return {name: [float(a.sum()), float(a.square().sum())] for name, a in exact.items()}


def printed(line: str) -> Any:
    """What a line prints with ``--json``, without volatile keys."""
    from bntheory.cli.main import bntheory

    ended = CliRunner().invoke(bntheory, [*shlex.split(line), "--json"])
    if ended.exit_code not in (0, 1) or not ended.stdout:
        raise SystemExit(f"{line}: {ended.exit_code}: {ended.stderr or ended.exception!r}")
    return stable(json.loads(ended.stdout))


def stable(found: Any) -> Any:
    """The same without volatile keys, at any depth."""
    if isinstance(found, dict):
        return {key: stable(value) for key, value in found.items() if key not in VOLATILE}
    return [stable(value) for value in found] if isinstance(found, list) else found


def differences(found: Any, frozen: Any, where: str = "") -> Iterator[tuple[str, float]]:
    """Where two answers differ, and by how much relative to 1 + the number; inf if in kind.

    What an answer says beyond the record is no difference: adding is free.
    """
    if isinstance(frozen, dict) and isinstance(found, dict) and found.keys() >= frozen.keys():
        for key in frozen:
            yield from differences(found[key], frozen[key], f"{where}/{key}")
    elif isinstance(frozen, list) and isinstance(found, list) and len(found) == len(frozen):
        for index, (one, other) in enumerate(zip(found, frozen, strict=True)):
            yield from differences(one, other, f"{where}/{index}")
    elif found != frozen:
        numbers = all(type(value) in (int, float) for value in (found, frozen))
        yield where, abs(found - frozen) / (1 + abs(frozen)) if numbers else math.inf


def main() -> int:
    record, moved = json.loads(RECORD.read_text()), 0
    if sys.argv[1:] in (["--write"], ["--add"]):
        every = sys.argv[1] == "--write"
        record |= {line: answer(line) for line in runnable() if every or line not in record}
        kept = {line: record[line] for line in (*LINES, *NETWORKS) if line in record}
        RECORD.write_text(json.dumps(kept, indent=0) + "\n")
        return 0
    for line in runnable():
        apart = list(differences(answer(line), record[line]))
        moved += bool(apart)
        largest = max(apart, key=lambda one: one[1], default=("bit for bit", 0.0))
        print(f"{largest[1]:8.1e}  {line}  {largest[0]}")
    return min(moved, 1)


if __name__ == "__main__":
    sys.exit(main())
