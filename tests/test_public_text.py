"""What a reader meets (docs, docstrings, comments, help) names only what is here."""

import re
from collections import defaultdict
from pathlib import Path, PurePosixPath

import pytest

ROOT = Path(__file__).parents[1]
READ = ("*.py", "*.md", "*.js", "*.html", "*.cfg", "*.toml")
#: Names that stand for a file of the reader's.
PLACEHOLDERS = {"network.py", "FILE.py", "file.py", "memory.py"}
#: A name ending in .md or .py, not a part of a longer word, path pattern or attribute.
NAMED = re.compile(r"(?<![\w*<{])([\w./-]*\w\.(?:md|py))\b(?!\.)")
#: What the developers' own papers are called, which no reader has.
ELSEWHERE = re.compile(r"\b[Tt]he notes\b(?! below)|\.\./shared")


def public_files():
    """Source and pages, without tests, records and what make built."""
    skipped = {"tests", "records", "build", "_build", "examples", "generated", "_extra"}
    for pattern in READ:
        for file in ROOT.rglob(pattern):
            parts = file.relative_to(ROOT).parts
            if not skipped & set(parts) and not any(part.startswith(".") for part in parts):
                yield file


def names_by_last_part():
    found = defaultdict(list)
    for file in ROOT.rglob("*"):
        if file.suffix in {".md", ".py"} and ".venv" not in file.parts:
            found[file.name].append(file.relative_to(ROOT).as_posix())
    return found


def absent(text, known):
    """The files named in a text of which there is none here."""
    for name in NAMED.findall(text):
        wanted = name.lstrip("./")
        if name not in PLACEHOLDERS and not any(
            path.endswith(wanted) for path in known[PurePosixPath(name).name]
        ):
            yield name


def test_no_public_text_names_a_file_that_does_not_exist():
    known = names_by_last_part()
    wrong = {
        str(file.relative_to(ROOT)): names
        for file in public_files()
        if (names := sorted(set(absent(file.read_text("utf8"), known))))
    }
    assert not wrong


def test_no_public_text_speaks_of_papers_that_its_reader_does_not_have():
    wrong = [
        f"{file.relative_to(ROOT)}: {line.strip()}"
        for file in public_files()
        for line in file.read_text("utf8").splitlines()
        if ELSEWHERE.search(line)
    ]
    assert not wrong


@pytest.mark.parametrize("text", ["as in interface.md", "(theory.md, section 3)", "docs/gone.md"])
def test_a_file_that_is_not_here_is_found(text):
    assert list(absent(text, names_by_last_part()))
