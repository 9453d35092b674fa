"""The theory pages: their numbers are computed, what they name exists, commands print as shown."""

import ast
import doctest
import re
import shlex
from functools import cache
from pathlib import Path

import click
import pytest
from bntheory.cli.main import bntheory
from command import call

ROOT = Path(__file__).resolve().parent.parent
DOCS = ROOT / "docs"
PAGES = sorted((DOCS / "theory").glob("[0-9]*-*.md"), key=lambda page: int(page.name.split("-")[0]))
#: All pages that name code and tests.
NAMING = [*PAGES, DOCS / "theory" / "index.md", DOCS / "glossary.md", DOCS / "how-we-know.md"]
#: Those with examples that compute what they say.
COMPUTED = [
    *PAGES,
    DOCS / "spherical-motion.md",
    DOCS / "howto" / "notebook.md",
    DOCS / "howto" / "fit.md",
]
FLAGS = doctest.NORMALIZE_WHITESPACE | doctest.ELLIPSIS

TAG = re.compile(r"\\tag\{(\d+\.\d+)\}")
LINE = re.compile(r"^\* \*\*\((\d+\.\d+)\)\*\* (.*)$", flags=re.M)
PYTHON = re.compile(r"^```python\n((?:.*\n)*?)```", flags=re.M)
CONSOLE = re.compile(r"^```console\n\$ bntheory (.*)\n((?:.*\n)*?)```", flags=re.M)
TEST = re.compile(r"`tests/((?:\w+/)*test_\w+\.py)::(\w+)`")
FOLDERS = (
    "cli|cnn|codegen|experiments|figures|finite_load|odes|pictures|results|store|teacher_student"
)
CODE = re.compile(rf"`((?:{FOLDERS})(?:\.\w+)+)`")
NUMBER = re.compile(r"[-+]?\d+(?:\.\d+)?(?:e[-+]?\d+)?")

COMMANDS = [(page.name, *found) for page in PAGES for found in CONSOLE.findall(page.read_text())]


@cache
def names_of(path):
    """Names that a file defines, those of classes with what they hold after a dot."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    return {name for node in tree.body for name in defined(node)}


def defined(node):
    if isinstance(node, ast.FunctionDef):
        yield node.name
    elif isinstance(node, ast.Assign):
        yield from (target.id for target in node.targets if isinstance(target, ast.Name))
    elif isinstance(node, ast.AnnAssign):
        yield node.target.id
    elif isinstance(node, ast.ClassDef):
        yield node.name
        yield from (f"{node.name}.{name}" for inner in node.body for name in defined(inner))


def missing_code(text):
    """The dotted names in a text that no source file defines."""
    wrong = []
    for dotted in CODE.findall(text):
        parts = dotted.split(".")
        modules = [ROOT.joinpath(*parts[:k]).with_suffix(".py") for k in range(2, len(parts) + 1)]
        found = next(((k, path) for k, path in enumerate(modules, 2) if path.exists()), None)
        if found is None or (
            parts[found[0] :] and ".".join(parts[found[0] :]) not in names_of(found[1])
        ):
            wrong.append(dotted)
    return wrong


def missing_tests(text):
    """The tests in a text that are in no file of tests."""
    named = TEST.findall(text)
    return [
        f"{file}::{name}"
        for file, name in named
        if not (ROOT / "tests" / file).exists() or name not in names_of(ROOT / "tests" / file)
    ]


def failures(text):
    """How many examples of a page fail, how many there are, and what was said."""
    source = "\n".join(PYTHON.findall(text))
    examples = doctest.DocTestParser().get_doctest(source, {}, "page", None, 0)
    said = []
    found = doctest.DocTestRunner(optionflags=FLAGS).run(examples, out=said.append)
    return found.failed, found.attempted, "".join(said)


def test_there_is_a_page_for_each_section():
    assert [page.name.split("-")[0] for page in PAGES] == list(map(str, range(1, len(PAGES) + 1)))
    index = (DOCS / "theory" / "index.md").read_text()
    assert [page.stem for page in PAGES if f"\n{page.stem}\n" not in index] == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_every_equation_has_code_and_a_test_that_exist(page):
    text = page.read_text(encoding="utf-8")
    tags = TAG.findall(text)
    assert tags == [f"{page.name.split('-')[0]}.{k}" for k in range(1, len(tags) + 1)]
    lines = LINE.findall(text)
    assert [number for number, _ in lines] == tags
    for number, line in lines:
        assert CODE.search(line), number
        assert TEST.search(line), number
    # Sphinx wraps maths with a double backslash in an environment that takes no number.
    assert [shown for shown in re.findall(r"\$\$.*?\$\$", text, re.S) if r"\\" in shown] == []
    examples = "".join(PYTHON.findall(text))
    assert [number for number in tags if f"({number})" not in examples] == []


@pytest.mark.parametrize("page", NAMING, ids=lambda page: page.stem)
def test_what_a_page_names_exists(page):
    text = page.read_text(encoding="utf-8")
    assert missing_code(text) == []
    assert missing_tests(text) == []
    links = re.findall(r"\]\(([^)#:]+\.md)", text)
    assert [link for link in links if not (page.parent / link).exists()] == []


def test_a_name_that_does_not_exist_is_seen():
    known = "`odes.flow.trajectory.Flow.until`"
    test = "odes/derivation/test_derive.py::test_nonsense"
    wrong = f"`odes.flow.integrate.nonsense` {known} `tests/{test}`"
    assert missing_code(wrong) == ["odes.flow.integrate.nonsense"]
    assert missing_tests(wrong) == [test]


@pytest.mark.parametrize("page", COMPUTED, ids=lambda page: page.stem)
def test_the_numbers_of_a_page_are_computed(page):
    # Drawn numbers have fixed seeds and lie within five standard errors: about 30 of them, a
    # false-alarm rate of 2e-5 were the seeds changed; two Kolmogorov-Smirnov tests at 1e-3.
    failed, attempted, said = failures(page.read_text(encoding="utf-8"))
    assert failed == 0, said
    assert attempted > 5


@pytest.mark.parametrize(
    ("page", "right", "wrong"),
    [
        ("3-flow", "Q * R - Q**2, 1 - Q * R)", "Q * R - Q**2, 1 + Q * R)"),
        ("5-chain", "rng.chisquare(N - 2, runs)", "rng.chisquare(2 * N, runs)"),
        ("7-generalisation", "(math.sqrt(1 + V) - 1)", "(math.sqrt(1 + V) - 0.9)"),
        ("8-practice", "(m - 2) / ((m - 3) * M), 1 - R", "1 / M, 1 - R"),
    ],
)
def test_a_wrong_formula_is_seen(page, right, wrong):
    text = (DOCS / "theory" / f"{page}.md").read_text(encoding="utf-8")
    assert right in text
    assert failures(text.replace(right, wrong))[0] > 0


@pytest.mark.parametrize(
    ("page", "arguments", "shown"), COMMANDS, ids=[arguments for _, arguments, _ in COMMANDS]
)
def test_a_command_prints_what_the_page_shows(page, arguments, shown, monkeypatch, capfd):
    # Shown with six digits and more, as in the README: the last may be another libm's.
    assert call(monkeypatch, *shlex.split(arguments)) == 0
    lines, expected = capfd.readouterr().out.splitlines(), shown.splitlines()
    if expected[-1] == "...":
        expected.pop()
        lines = lines[: len(expected)]
    printed, expected = "\n".join(lines), "\n".join(expected)
    assert NUMBER.sub("#", printed).split() == NUMBER.sub("#", expected).split()
    values = [[float(n) for n in NUMBER.findall(text)] for text in (printed, expected)]
    assert values[0] == pytest.approx(values[1], rel=1e-4)


def options_of(command):
    """All options of a command and of its subcommands, with their dashes."""
    context = click.Context(command)
    found = {option for parameter in command.params for option in parameter.opts}
    for name in command.list_commands(context) if isinstance(command, click.Group) else ():
        found |= options_of(command.get_command(context, name))
    return found


def test_options_and_keys_of_the_glossary_exist():
    text = (DOCS / "glossary.md").read_text(encoding="utf-8")
    options = set(re.findall(r"`(?:[\w-]+ )?(--[a-z0-9-]+)", text))
    assert len(options) > 25
    assert options - options_of(bntheory) - {"--json"} == set()
    named = re.findall(r"JSON ((?:`[^`]*`(?: \([^)]*\))?(?:, | and )?)+)", text)
    keys = {key for line in named for key in re.findall(r"`(\w+)`", line)}
    assert len(keys) > 40
    files = [path for folder in FOLDERS.split("|") for path in (ROOT / folder).rglob("*.py")]
    words = set(re.findall(r"\w+", "".join(path.read_text(encoding="utf-8") for path in files)))
    assert keys - words == set()
