"""Starting is quick: help imports no numerics, a warm run imports no sympy."""

import math
import os
import subprocess
import sys
import time

import pytest
from bntheory.cli.main import COMMANDS
from command import ENTRY, SHORT, run_command

#: interface.md: help at most this many times as slow as importing click.
MOST = 4.0
#: Alternating pairs at most; on a busy machine it takes some until both ran undisturbed once.
REPEATS = 25
HEAVY = {"numpy", "scipy", "sympy", "numba", "matplotlib", "xarray", "h5py", "torch"}


def seconds(command: list[str]) -> float:
    began = time.perf_counter()
    subprocess.run(command, check=True, capture_output=True)
    return time.perf_counter() - began


def imported_by(*arguments: str) -> set[str]:
    """Top-level packages that a command has imported when it ends."""
    code = (
        "import sys\n"
        f"sys.argv = ['bntheory', *{list(arguments)!r}]\n"
        "from bntheory.cli.main import main\n"
        "try:\n    main()\n"
        "except SystemExit as ended:\n    assert not ended.code, ended.code\n"
        "print('\\n' + ' '.join({name.partition('.')[0] for name in sys.modules}))\n"
    )
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return set(ended.stdout.splitlines()[-1].split())


@pytest.mark.parametrize("command", ["", "derive", "integrate", "simulate", "compare"])
def test_help_starts_fast(command):
    arguments = [*ENTRY, *filter(None, [command]), "--help"]
    floor = ours = math.inf
    for done in range(REPEATS):
        # The fastest of each: another process's load only ever adds time.
        floor = min(floor, seconds([sys.executable, "-c", "import click"]))
        ours = min(ours, seconds(arguments))
        if done >= 4 and ours <= MOST * floor:
            break
    assert ours <= MOST * floor, f"{ours:.3f} s against {floor:.3f} s of import click"


@pytest.mark.parametrize("command", ["", *COMMANDS])
def test_help_imports_no_numerics(command):
    assert not HEAVY & imported_by(*filter(None, [command]), "--help")


def test_a_warm_flow_imports_no_sympy():
    assert run_command("integrate", *SHORT).returncode == 0  # warm from here on
    imported = imported_by("integrate", *SHORT)
    assert "sympy" not in imported
    assert "numba" in imported  # the check can see what is imported


COLD = """
from numba.core import event
compiled = []
class Listener(event.Listener):
    def on_start(self, started):
        compiled.append(started.data["dispatcher"].py_func.__qualname__)
    def on_end(self, ended):
        pass
event.register("numba:compile", Listener())
import bntheory as bn
bn.integrate(bn.Problem(scheme="wn", activation="identity"), time=1.0, points=3)
print("\\n".join(compiled))
"""


def test_a_cold_integrate_compiles_no_message_on_shapes(tmp_path):
    """Copying arrays in a kernel compiles numba's strings: more than half of a cold start."""
    ended = subprocess.run(
        [sys.executable, "-c", COLD], capture_output=True, text=True, timeout=120,
        env={**os.environ, "BNTHEORY_CACHE": str(tmp_path)},
    )  # fmt: skip
    compiled = ended.stdout.splitlines()
    assert "integrate" in compiled, ended.stderr
    assert [name for name in compiled if "unicode" in name or "shape_context" in name] == []
