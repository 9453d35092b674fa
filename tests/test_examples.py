"""Every example in a docstring runs, and every public name has one that says what it is."""

import doctest
import importlib
import inspect
import pkgutil

import bntheory
import pytest

MODULES = [
    info.name
    for info in pkgutil.walk_packages(bntheory.__path__, "bntheory.")
    # The clone's root is the package's folder: tests and the entry are not part of it.
    if info.name.split(".")[1] not in ("tests", "benchmarks", "docs", "build", "__main__")
]
FLAGS = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE


@pytest.mark.parametrize("name", ["bntheory", *MODULES])
def test_the_examples_of_a_module_run(name):
    if name.startswith("bntheory.cnn"):
        pytest.importorskip("torch", reason="needs PyTorch: make test-cnn installs it")
    failed, _ = doctest.testmod(importlib.import_module(name), optionflags=FLAGS)
    assert failed == 0


def test_the_packages_of_the_layout_are_all_looked_at():
    packages = {name.split(".")[1] for name in MODULES}
    assert packages >= {"cli", "codegen", "experiments", "odes", "results", "teacher_student"}


@pytest.mark.parametrize("name", bntheory.__all__)
def test_a_public_name_is_documented(name):
    public = getattr(bntheory, name)
    text = inspect.getdoc(public)
    assert text
    if inspect.isfunction(public) or name == "Problem":
        assert "Raises\n------" in text
        assert "Examples\n--------\n>>> " in text
    if inspect.isfunction(public):
        assert "Returns\n-------" in text
        missing = [p for p in inspect.signature(public).parameters if p not in text]
        assert not missing


def test_a_name_that_is_not_there_is_an_attribute_error():
    with pytest.raises(AttributeError, match="no attribute 'nonsense'"):
        bntheory.nonsense  # noqa: B018
    assert set(bntheory.__all__) < set(dir(bntheory))
