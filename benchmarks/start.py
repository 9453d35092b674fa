"""The first minute: whole commands, cold and warm, and help beside ``import click``.

Commands are measured in processor seconds, beside those of ``import numba``.
"""

from __future__ import annotations

import os
import resource
import subprocess
import sys
import tempfile

from timing import seconds, side_by_side

#: A formula that nobody has compiled.
NEW = ["--activation", "h*tanh(h)"]
COMMANDS: dict[str, tuple[list[str], str]] = {
    "compare": (["compare", "--quiet"], "< 10"),
    "integrate, new formula, pn": (["integrate", "--quiet", "--scheme", "pn", *NEW], "< 3"),
    "integrate, new formula, bn": (["integrate", "--quiet", "--scheme", "bn", *NEW], "< 6"),
    "fixed-points": (["fixed-points", "--quiet"], ""),
}
WARM = {
    "integrate": (["integrate", "--quiet"], "< 0.6"),
    "compare": (["compare", "--quiet"], "< 1.2"),
    "explore": (["explore", "--quiet", "--output", "page.html"], "< 8"),
}


def processor_seconds(command: list[str], cache: str) -> float:
    """What a process and its children take of all cores together."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(
        command, check=True, capture_output=True, cwd=cache,
        env={**os.environ, "BNTHEORY_CACHE": cache},
    )  # fmt: skip
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def started(*arguments: str) -> None:
    """Run the interpreter to its end."""
    subprocess.run([sys.executable, *arguments], check=True, capture_output=True)


def whole_commands() -> list[dict[str, object]]:
    """Wall time of what a user waits for most often: help, and a warm flow."""
    help_, click = side_by_side(
        lambda: started("-m", "bntheory", "--help"), lambda: started("-c", "import click"), 15
    )
    warm = min(seconds(lambda: started("-m", "bntheory", "integrate")) for _ in range(5))
    return [
        {"name": "bntheory --help / import click", "ratio": help_ / click, "target": "<= 4",
         "note": f"{help_ * 1e3:.0f} ms against {click * 1e3:.0f} ms"},
        {"name": "warm bntheory integrate, s", "ratio": warm, "target": "< 1",
         "note": "whole process, compiled code from the disk"},
    ]  # fmt: skip


def rows() -> list[dict[str, object]]:
    """Each command in a cache of its own; the floor is measured before and after."""
    ours, floor = [sys.executable, "-m", "bntheory"], [sys.executable, "-c", "import numba"]
    found = whole_commands()

    def add(name: str, seconds: float, target: str, cache: str) -> None:
        least = min(processor_seconds(floor, cache) for _ in range(3))
        note = f"{seconds / least:.1f} times `import numba` ({least:.2f} s)"
        found.append({"name": name, "ratio": seconds, "target": target, "note": note})

    for name, (arguments, target) in COMMANDS.items():
        with tempfile.TemporaryDirectory() as cache:
            add(f"cold {name}, CPU s", processor_seconds(ours + arguments, cache), target, cache)
    for name, (arguments, target) in WARM.items():
        with tempfile.TemporaryDirectory() as cache:
            processor_seconds(ours + arguments, cache)
            warm = min(processor_seconds(ours + arguments, cache) for _ in range(3))
            add(f"warm {name}, CPU s", warm, target, cache)
    return found
