"""Every example in a docstring runs, and every public name has one that says what it is."""

import doctest
import importlib
import inspect
import pkgutil
import typing

import bntheory
import pytest
from bntheory.experiments.finite_data.early_stopping import early_stopping

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
    if name == "bntheory.cnn.norms.kernels":
        pytest.importorskip("triton", reason="Triton comes with PyTorch for GPUs only")
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
        assert not [name for name in keywords(public) if name not in text]


def keywords(function):
    """Names of all that a function takes, those of its ``**options`` included."""
    for parameter in inspect.signature(function).parameters.values():
        yield parameter.name
        if str(parameter.annotation).startswith("Unpack["):
            (options,) = typing.get_args(eval(parameter.annotation, function.__globals__))
            yield from options.__annotations__


@pytest.mark.parametrize(
    "function", [bntheory.simulate, bntheory.train, bntheory.compare, early_stopping]
)
def test_a_keyword_that_is_none_is_refused_as_python_does(function):
    assert "progress" in keywords(function)  # among **options
    given = {early_stopping: (1.0,), bntheory.train: (bntheory.Problem(), 1.0)}
    said = rf"^{function.__name__}\(\) got an unexpected keyword argument 'sead'$"
    with pytest.raises(TypeError, match=said):
        function(*given.get(function, (bntheory.Problem(),)), sead=1)


def test_a_name_that_is_not_there_is_an_attribute_error():
    with pytest.raises(AttributeError, match=r"bntheory has no 'nonsense'\. It has Advice, "):
        bntheory.nonsense  # noqa: B018
    assert set(bntheory.__all__) < set(dir(bntheory))
