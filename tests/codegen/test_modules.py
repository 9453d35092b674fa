"""Generated modules: written whole and once, wherever the cache is, whoever races for it."""

import os
import re
import stat
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from bntheory.codegen import modules
from bntheory.codegen.modules import CACHE_VARIABLE, cache_folder, generated, kernel_texts
from bntheory.odes.flow.flow_kernels import LOOP
from bntheory.odes.flow.inertial import INERTIAL

RACE = """
import sys, time
from bntheory.codegen.modules import generated

def write():
    time.sleep(0.5)  # long enough for the other process to start writing as well
    return {"system": "VALUE = 1\\n" + "# filling\\n" * 100_000 + "LAST = 2\\n"}

made = generated("race", "one", write)
print(made.VALUE + made.LAST)
"""


@pytest.fixture
def cache(tmp_path, monkeypatch):
    monkeypatch.setenv(CACHE_VARIABLE, str(tmp_path / "cache"))
    return tmp_path / "cache" / "generated"


def test_processes_that_race_all_get_a_whole_module(cache):
    command = [sys.executable, "-c", RACE]
    racing = [
        subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        for _ in range(3)
    ]
    results = [process.communicate(timeout=60) for process in racing]
    assert results == [("3\n", "")] * 3
    (package,) = cache.iterdir()
    assert {path.name for path in package.iterdir()} >= {"__init__.py", "system.py", "README"}


def test_threads_that_race_all_get_a_whole_package(cache):
    slow = "import time\ntime.sleep(0.2)\nVALUE = 3\n"
    with ThreadPoolExecutor(4) as pool:
        made = pool.map(
            lambda _: generated("threads", str(cache), lambda: {"system": slow}), "abcd"
        )
        assert [package.VALUE for package in made] == [3] * 4


def test_a_text_is_written_once(cache):
    written = []

    def write():
        written.append(1)
        return {"system": "VALUE = 7\n"}

    first = generated("once", str(cache), write)
    sys.modules.pop(first.__name__)
    assert generated("once", str(cache), write).VALUE == 7
    assert written == [1]
    assert generated("once", f"{cache} other", write) is not first
    assert written == [1, 1]


def test_a_failed_write_leaves_nothing(cache, monkeypatch):
    def no_space(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(modules.os, "replace", no_space)
    monkeypatch.setattr(modules.os, "rename", no_space)
    with pytest.raises(OSError, match="No space left"):
        modules.write_once(cache_folder() / "x.py", lambda file: file.write(b"VALUE = 1"))
    assert list(cache.iterdir()) == []
    # What is generated is used all the same, from memory, and that is said.
    assert generated("failed", str(cache), lambda: {"system": "VALUE = 1\n"}).VALUE == 1
    assert list(cache.iterdir()) == []


def test_a_cache_that_is_no_folder_gives_way_to_a_private_one(tmp_path, monkeypatch):
    blocked = tmp_path / "file"
    blocked.write_text("in the way")
    (tmp_path / "tmp").mkdir()
    monkeypatch.setenv(CACHE_VARIABLE, str(blocked))
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "tmp"))
    folder = cache_folder()
    assert folder == tmp_path / "tmp" / f"bntheory-{os.getuid()}"
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert generated("private", str(tmp_path), lambda: {"system": "VALUE = 5\n"}).VALUE == 5


def test_a_folder_that_others_could_have_made_is_not_imported_from(tmp_path, monkeypatch):
    (tmp_path / "file").write_text("in the way")
    (tmp_path / "tmp").mkdir()
    (tmp_path / "theirs").mkdir()
    (tmp_path / "tmp" / f"bntheory-{os.getuid()}").symlink_to(tmp_path / "theirs")
    monkeypatch.setenv(CACHE_VARIABLE, str(tmp_path / "file"))
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "tmp"))
    modules._own_folder.cache_clear()
    folder = cache_folder()
    assert folder.resolve() != (tmp_path / "theirs").resolve()
    assert folder == cache_folder()  # one for the whole process
    modules._own_folder.cache_clear()


def test_kernels_are_copied_as_they_are_and_call_the_system_beside_them(cache):
    path = "teacher_student/kernels/batch_gradient"
    system = (modules.PACKAGE / "teacher_student/kernels/system.py").read_text()
    made = generated("copied", str(cache), lambda: {"system": system} | kernel_texts(path))
    copy = Path(made.__file__).parent / "batch_gradient.py"
    assert copy.read_bytes() == (modules.PACKAGE / f"{path}.py").read_bytes()
    assert made.batch_gradient.py_func.__globals__["field"] is made.field
    assert "copied: " in (copy.parent / "README").read_text()


@pytest.mark.parametrize("gone", ["__init__.py", "system.py", "kernel.py"])
def test_a_package_of_which_a_part_is_gone_is_made_again(cache, gone):
    texts = {"system": "VALUE = 4\n", "kernel": "from .system import VALUE\nTWICE = 2 * VALUE\n"}
    name = f"{cache} {gone}"
    first = generated("partial", name, lambda: texts)
    (Path(first.__file__).parent / gone).unlink()
    for loaded in [one for one in sys.modules if one.startswith(first.__name__)]:
        del sys.modules[loaded]
    assert generated("partial", name, lambda: texts).TWICE == 8
    assert (Path(first.__file__).parent / gone).exists()


def test_a_package_that_fails_to_load_is_not_half_there(cache):
    for _ in range(2):
        with pytest.raises(ZeroDivisionError):
            generated("broken", str(cache), lambda: {"system": "1 / 0\n"})


@pytest.mark.parametrize(
    "path",
    [
        path
        for pattern in ("*/kernels/*.py", "odes/tables/batch_*.py")
        for path in modules.PACKAGE.glob(pattern)
        if "from .system import" in path.read_text()
    ],
    ids=lambda path: path.stem,
)
def test_a_kernel_file_imports_nothing_that_is_not_copied_with_it(path):
    relative = re.findall(r"^from (\.\S*) import", path.read_text(), flags=re.M)
    beside = {".batch_gradient", ".batch_panels", ".batch_teacher", ".mean", ".online", ".system"}
    beside |= {f".{Path(one).name}" for one in (*LOOP, *INERTIAL)} | {".lane_trial", ".observables"}
    beside |= {".lanes", ".ensemble"}  # of lanes whose error is watched
    beside |= {".momentum", ".spectral"}  # of spectral_momentum_run's kernels
    beside |= {f".committee_{part}" for part in ("chain", "gradient", "wishart")}
    assert set(relative) <= beside


def test_the_name_depends_on_this_packages_source(cache, monkeypatch):
    before = generated("versioned", str(cache), lambda: {"system": "VALUE = 1\n"})
    monkeypatch.setattr(modules, "source_fingerprint", lambda: "another version")
    after = generated("versioned", str(cache), lambda: {"system": "VALUE = 2\n"})
    assert before.__name__ != after.__name__
    assert (before.VALUE, after.VALUE) == (1, 2)


def test_the_source_of_whatever_is_generated_is_in_its_name():
    """Text from a folder that is not hashed would outlive a change of what writes it."""
    writers = {
        path.relative_to(modules.PACKAGE).parts[0]
        for path in modules.PACKAGE.rglob("*.py")
        if not {"tests", "build", "docs"} & set(path.parts)
        and not any(part.startswith(".") for part in path.relative_to(modules.PACKAGE).parts)
        and re.search(r"^from \S*codegen\.modules import .*\bgenerated\b", path.read_text(), re.M)
    }
    assert {"odes", "teacher_student", "explorer"} <= writers <= set(modules.GENERATORS)
