"""What a reader meets (docs, docstrings, comments, help) names only what is here."""

import os
import re
from collections import defaultdict
from pathlib import Path, PurePosixPath

import pytest

ROOT = Path(__file__).parents[1]
READ = {".py", ".md", ".js", ".html", ".cfg", ".toml"}
#: Folders that are made, not kept.
MADE = {"build", "_build", "_extra", "__pycache__"}
SKIPPED = {"tests", "records", "examples", "generated"}
#: Names that stand for a file of the reader's.
PLACEHOLDERS = {"network.py", "model.py", "FILE.py", "file.py", "memory.py"}
#: A name ending in .md or .py, not a part of a longer word, path pattern or attribute.
NAMED = re.compile(r"(?<![\w*<{])([\w./-]*\w\.(?:md|py))\b(?!\.)")
#: What the developers' own papers are called, which no reader has.
ELSEWHERE = re.compile(r"\b[Tt]he notes\b(?! below)|\.\./shared")


def tree():
    """Every file of the tree with its place in it, without what make or git put there."""
    for folder, inside, files in os.walk(ROOT):
        inside[:] = [name for name in inside if name[0] != "." and name not in MADE]
        for name in files:
            yield Path(folder, name), Path(folder, name).relative_to(ROOT)


def public_files():
    """Source and pages, without tests, records and what make built."""
    for file, place in tree():
        if file.suffix in READ and not SKIPPED & set(place.parts):
            yield file


def names_by_last_part():
    found = defaultdict(list)
    for file, place in tree():
        if file.suffix in {".md", ".py"}:
            found[file.name].append(place.as_posix())
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
