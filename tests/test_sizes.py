"""Files and functions stay small enough to be read at once (CONTRIBUTING, "House rules")."""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
LINES, CODE, ARGUMENTS = 250, 40, 10
#: Decorators of compiled code. Numba inlines no calls on arrays for free, and takes no dataclass:
#: a kernel's loop stays in one function, and what it works on comes as one argument each.
COMPILED = {"kernel", "lane_kernel"}
#: Made, not written: like all in hidden folders, where generated code is cached.
OUTSIDE = ("build", "docs", ".")


def code_lines(function, text):
    """Lines that are neither blank nor comment, docstring aside."""
    body = function.body[1:] if ast.get_docstring(function) else function.body
    if not body:
        return 0
    signature = function.body[0].lineno - function.lineno
    lines = text.splitlines()[body[0].lineno - 1 : function.end_lineno]
    return signature + sum(bool(line.strip()) and line.strip()[0] != "#" for line in lines)


def arguments(function):
    """How many things a call can be given; ``*args`` and ``**options`` are one each."""
    given = function.args
    named = [*given.posonlyargs, *given.args, *given.kwonlyargs]
    return len(named) + bool(given.vararg) + bool(given.kwarg)


def is_compiled(function):
    return bool({ast.unparse(decorator) for decorator in function.decorator_list} & COMPILED)


def too_large(text, name):
    """What in a module is too large: its name, or ``name::function``."""
    if not name.startswith("tests/") and len(text.splitlines()) > LINES:
        yield name
    for node in ast.walk(ast.parse(text)):
        if not isinstance(node, ast.FunctionDef) or is_compiled(node):
            continue
        if code_lines(node, text) > CODE or arguments(node) > ARGUMENTS:
            yield f"{name}::{node.name}"


def test_files_and_functions_are_small():
    found = set()
    for path in ROOT.rglob("*.py"):
        name = path.relative_to(ROOT)
        if not name.as_posix().startswith(OUTSIDE):
            found |= set(too_large(path.read_text(encoding="utf-8"), name.as_posix()))
    assert found == set()


@pytest.mark.parametrize(
    "text",
    [
        "# a comment\n" * 251,
        "def large():\n" + "    x = 1\n" * 41,
        'def large():\n    """Doc."""\n' + "    x = 1\n\n" * 41,
        "def large(a, b, c, d, e, f, g, h, i, *j, **k): ...",
        "@cache\ndef large(a, b, c, d, e, f, g, h, i, j, k): ...",
    ],
)
def test_what_is_too_large_is_found(text):
    assert len(list(too_large(text, "large.py"))) == 1


@pytest.mark.parametrize(
    "text",
    [
        "# a comment\n" * 250,
        'def small():\n    """Doc.\n' + "\n    More.\n" * 30 + '    """\n' + "    x = 1\n" * 39,
        "def small():\n" + "    # why\n    x = 1\n" * 20,
        "@kernel\ndef small(a, b, c, d, e, f, g, h, i, j, k): ...",
    ],
)
def test_what_is_small_is_not(text):
    assert not list(too_large(text, "small.py"))
