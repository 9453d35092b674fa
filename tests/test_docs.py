"""The site's sources: public docstrings, and what an example of the gallery is made of.

`make docs` builds the site, executes all of it, and takes every warning for an error.
"""

import ast
import dataclasses
import inspect
import re
from pathlib import Path

import bntheory
import pytest

DOCS = Path(__file__).resolve().parent.parent / "docs"
EXAMPLES = sorted((DOCS / "gallery").glob("*/plot_*.py"))
CLASSES = [name for name in bntheory.__all__ if inspect.isclass(getattr(bntheory, name))]


@pytest.mark.parametrize("name", bntheory.__all__)
def test_a_public_name_is_in_the_reference(name):
    page = (DOCS / "api" / "index.md").read_text(encoding="utf-8")
    assert re.search(rf"^(   |.*\.){name}$", page, flags=re.M)


@pytest.mark.parametrize("name", CLASSES)
def test_a_public_class_is_documented_to_the_last_member(name):
    public = getattr(bntheory, name)
    members = {n: m for n, m in vars(public).items() if not n.startswith("_")}
    known = dataclasses.fields(public) if dataclasses.is_dataclass(public) else ()
    fields = [field.name for field in known]
    documented = inspect.getdoc(public)
    assert [f for f in fields if not re.search(rf"\b{f}\b", documented)] == []
    assert [n for n, m in members.items() if n not in fields and not inspect.getdoc(m)] == []


def test_the_gallery_is_large_enough():
    assert len(EXAMPLES) >= 12


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_an_example_asks_a_question_and_answers_it(path):
    text = path.read_text(encoding="utf-8")
    title, rule, *_ = ast.get_docstring(ast.parse(text)).splitlines()
    assert title.endswith("?")
    assert rule == "=" * len(title)
    assert "\n# %%\n# " in text  # the answer, in words
    assert len(text.splitlines()) <= 50
    compile(text, str(path), "exec")


@pytest.mark.parametrize("page", sorted(DOCS.glob("*.md")) + sorted(DOCS.glob("*/*.md")))
def test_a_page_has_one_title(page):
    text = page.read_text(encoding="utf-8")
    if "{include}" in text:  # the title of what it includes
        return
    prose = re.sub(r"^```.*?^```", "", text, flags=re.M | re.S)
    assert len(re.findall(r"^# ", prose, flags=re.M)) == 1
