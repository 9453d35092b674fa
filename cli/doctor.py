"""``bntheory doctor``: whether everything is in place here, and what to do if it is not."""

from __future__ import annotations

import os
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import rich_click as click
from click.exceptions import Exit

from .examples import examples
from .options import quiet_and_json
from .report import Reporter

#: Exit status when something that is always needed is not in place.
NOT_IN_PLACE = 2


class Finding(NamedTuple):
    """One thing that was looked at."""

    name: str
    found: str
    needed: bool  #: whether commands without an extra need it
    ok: bool
    advice: str = ""

    def line(self, width: int) -> str:
        mark = "ok     " if self.ok else "MISSING" if self.needed else "-      "
        advice = f"  ->  {self.advice}" if self.advice else ""
        return f"{mark}  {self.name:<{width}}  {self.found}{advice}"


class Diagnosis(NamedTuple):
    """Everything that was looked at."""

    findings: list[Finding]

    @property
    def ok(self) -> bool:
        """Whether all that is always needed is in place."""
        return all(finding.ok for finding in self.findings if finding.needed)

    def to_dict(self) -> dict[str, Any]:
        return {"ok": self.ok, "findings": [finding._asdict() for finding in self.findings]}

    def lines(self) -> list[str]:
        width = max(len(finding.name) for finding in self.findings)
        end = "Everything that is needed is in place."
        return [
            *(finding.line(width) for finding in self.findings),
            "",
            end if self.ok else "Something that is needed is missing: see the lines above.",
        ]


@click.command("doctor", epilog=examples("bntheory doctor"))
@quiet_and_json
def command(**options: Any) -> None:
    """Versions, cores, cache, GPU and optional extras, and what to do about what is missing.

    A flow is derived, compiled and integrated on the way. Exit status 2 if anything is missing
    that is always needed.
    """
    reporter = Reporter(options, draws=False)
    found = Diagnosis(list(_findings()))
    reporter.finish(found, found.lines())
    if not found.ok:
        raise Exit(NOT_IN_PLACE)


def _findings() -> Iterator[Finding]:
    from ..results import installation
    from ..results.files import package_version

    here = installation.machine()
    yield Finding("bntheory", package_version(), True, True)
    yield Finding("python", f"{here['python']} on {here['platform']}", True, True)
    yield Finding("cores", _cores(here["cores"]), True, True)
    yield _cache()
    listed = installation.libraries()
    for library in listed:
        if not library.extra:
            advice = "" if library.ok else f"pip install '{library.name}>={library.least}'"
            yield Finding(library.name, library.found or "none", True, library.ok, advice)
    for extra in sorted({library.extra for library in listed} - {""}):
        yield _extra(extra, [library for library in listed if library.extra == extra])
    yield _gpu()
    yield _flow()


def _cores(count: int) -> str:
    limited = os.environ.get("NUMBA_NUM_THREADS")
    note = f", NUMBA_NUM_THREADS = {limited}" if limited else ""
    return f"{count} (sweeps use --engine-workers of them){note}"


def _cache() -> Finding:
    from ..codegen.modules import CACHE_VARIABLE, cache_folder
    from .cache import contents

    folder, kept = contents()
    size = sum(one.size for one in kept) / 1e6
    wanted = os.environ.get(CACHE_VARIABLE)
    failure = _failure(lambda: _write_into(cache_folder()))
    usable = not failure
    advice = "" if usable else f"set {CACHE_VARIABLE} to a folder that can be written: {failure}"
    chosen = f", by {CACHE_VARIABLE}" if wanted else ""
    return Finding("cache", f"{folder}, {size:.1f} MB{chosen}", True, usable, advice)


def _write_into(folder: Path) -> None:
    """As much as a compiled formula takes; a full disk refuses it."""
    with tempfile.TemporaryFile(dir=folder) as file:
        file.write(bytes(100_000))


def _extra(name: str, libraries: list[Any]) -> Finding:
    missing = [library.name for library in libraries if not library.ok]
    found = ", ".join(f"{library.name} {library.found or 'none'}" for library in libraries)
    advice = f"pip install 'bntheory[{name}]'" if missing else ""
    return Finding(f"extra {name}", found, False, not missing, advice)


def _gpu() -> Finding:
    """What the driver says; PyTorch alone uses it, in `bntheory cnn`."""
    import subprocess

    program = shutil.which("nvidia-smi")
    if program is None:
        advice = "only bntheory cnn would use one"
        return Finding("GPU", "none (no nvidia-smi)", False, False, advice)
    asked = [program, "--query-gpu=name,driver_version", "--format=csv,noheader"]
    said = subprocess.run(asked, capture_output=True, text=True, timeout=20, check=False)
    names = "; ".join(said.stdout.strip().splitlines())
    return Finding("GPU", names or "none", False, said.returncode == 0 and bool(names))


def _flow() -> Finding:
    began = time.perf_counter()
    error = _failure(integrate_once)
    took = f"in {time.perf_counter() - began:.1f} s"
    advice = "bntheory cache clear, then try again" if error else ""
    return Finding(
        "a flow", error or f"derived, compiled, integrated {took}", True, not error, advice
    )


def integrate_once() -> None:
    """One short flow, from formula to compiled code."""
    from ..odes.flow.integrate import integrate
    from ..teacher_student.problem import Problem

    integrate(Problem(scheme="wn"), time=1.0, points=2)


def _failure(work: Callable[[], object]) -> str:
    """What went wrong, of whatever kind: this is for a person whose installation is broken."""
    try:
        work()
    except Exception as error:
        return f"{type(error).__name__}: {error}".partition("\n")[0]
    return ""
