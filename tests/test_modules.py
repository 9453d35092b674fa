"""Generated modules: written whole and once, wherever the cache is, whoever races for it."""

import os
import stat
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest
from bntheory.codegen import modules
from bntheory.codegen.modules import CACHE_VARIABLE, cache_folder, from_template, generated

RACE = """
import sys, time
from bntheory.codegen.modules import generated

def write():
    time.sleep(0.5)  # long enough for the other process to start writing as well
    return "VALUE = 1\\n" + "# filling\\n" * 100_000 + "LAST = 2\\n"

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
    assert [path.suffix for path in cache.iterdir() if path.is_file()] == [".py"]


def test_a_text_is_written_once(cache):
    written = []

    def write():
        written.append(1)
        return "VALUE = 7\n"

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
    with pytest.raises(OSError, match="No space left"):
        modules.write_once(cache_folder() / "x.py", lambda file: file.write(b"VALUE = 1"))
    assert list(cache.iterdir()) == []
    # What is generated is used all the same, from memory, and that is said.
    assert generated("failed", str(cache), lambda: "VALUE = 1\n").VALUE == 1
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
    assert generated("private", str(tmp_path), lambda: "VALUE = 5\n").VALUE == 5


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


def test_a_template_without_the_marker_is_refused():
    with pytest.raises(ValueError, match=r"template='codegen/jit\.py' has no line"):
        from_template("codegen/jit.py", "")


def test_a_template_takes_functions_in_place_of_its_stand_ins():
    text = from_template("teacher_student/observables.py", "MARK = 1\n")
    assert "MARK = 1" in text
    assert "stand_ins" not in text
    assert "\nfrom ." not in text  # it will not live inside the package
    compile(text, "observables", "exec")


def test_the_name_depends_on_this_packages_source(cache, monkeypatch):
    before = generated("versioned", str(cache), lambda: "VALUE = 1\n")
    monkeypatch.setattr(modules, "source_fingerprint", lambda: "another version")
    after = generated("versioned", str(cache), lambda: "VALUE = 2\n")
    assert Path(before.__file__).name != Path(after.__file__).name
    assert (before.VALUE, after.VALUE) == (1, 2)
