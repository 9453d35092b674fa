"""Starting is quick: help imports no numerics, a warm run imports no sympy."""

import os
import subprocess
import sys

import pytest
from bntheory.cli.main import COMMANDS
from command import SHORT, run_command

#: What help may import: the libraries that print it ...
LIBRARIES = {"click", "rich", "rich_click", "pygments", "typing_extensions", "colorama"}
#: ... and of this package what options are made of, beside the commands themselves.
OWN = {
    "bntheory", "bntheory.results", "bntheory.results.checks", "bntheory.results.errors",
    "bntheory.results.text_table", "bntheory.teacher_student",
    "bntheory.teacher_student.parameters",
}  # fmt: skip
#: Modules of Python's library that help may import beyond those of click. They are 65, of
#: which rich-click takes most to read click's version; `asyncio` would be too many.
MOST_STANDARD = 85
#: What an environment for tests may put into every process.
INSTALLED = ("__editable__", "_distutils_hack", "__main__", "coverage", "sitecustomize")


def last_words(code: str) -> set[str]:
    """The words of the last line that a program prints."""
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return set(ended.stdout.splitlines()[-1].split())


def imported_by(*arguments: str) -> set[str]:
    """Modules that a command has imported when it ends."""
    return last_words(
        "import sys\n"
        f"sys.argv = ['bntheory', *{list(arguments)!r}]\n"
        "from bntheory.cli.entry import main\n"
        "try:\n    main()\n"
        "except SystemExit as ended:\n    assert not ended.code, ended.code\n"
        "print('\\n' + ' '.join(sys.modules))\n"
    )


def packages(modules: set[str]) -> set[str]:
    return {name.partition(".")[0] for name in modules}


@pytest.fixture(scope="module")
def of_click() -> set[str]:
    return last_words("import sys, click; print(' '.join(sys.modules))")


@pytest.mark.parametrize("command", ["", *COMMANDS])
def test_help_imports_what_prints_it(command, of_click):
    """What it takes in time is measured by `make bench`, on a machine that is left alone."""
    imported = imported_by(*filter(None, [command]), "--help")
    assert "rich.console" in imported  # the check can see what is imported
    own = {name for name in imported if packages({name}) == {"bntheory"}}
    commands = {name for name in own if name.startswith("bntheory.cli")}
    assert own - commands <= OWN
    others = packages(imported) - set(sys.stdlib_module_names) - {"bntheory"}
    assert {name for name in others if not name.startswith(INSTALLED)} <= LIBRARIES
    standard = {n for n in imported - of_click if packages({n}) <= set(sys.stdlib_module_names)}
    assert len(standard) <= MOST_STANDARD, sorted(standard)


def test_help_of_one_command_imports_no_other():
    imported = imported_by("integrate", "--help")
    others = {f"bntheory.cli.{name.replace('-', '_')}" for name in COMMANDS} & imported
    assert others == {"bntheory.cli.integrate"}


def test_a_warm_flow_imports_no_sympy():
    assert run_command("integrate", *SHORT).returncode == 0  # warm from here on
    imported = imported_by("integrate", *SHORT, "--quiet")
    assert "sympy" not in imported
    assert "rich" not in imported  # nothing is drawn on the terminal
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
