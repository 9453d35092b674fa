"""Is everything in place: doctor, the cache, shell completion."""

import json
import os

import pytest
from bntheory.cli import doctor
from bntheory.results import installation
from command import call, run_command


def test_doctor_finds_this_installation_in_order(monkeypatch, capfd):
    assert call(monkeypatch, "doctor", "--json") == 0
    said = json.loads(capfd.readouterr().out)
    found = {finding["name"]: finding for finding in said["findings"]}
    assert said["ok"]
    assert {"bntheory", "python", "cores", "cache", "numpy", "numba", "GPU", "a flow"} <= set(found)
    assert {"extra cnn", "extra dask", "extra parquet"} <= set(found)
    assert found["numpy"]["found"] == __import__("numpy").__version__
    assert all(finding["ok"] or finding["advice"] for finding in said["findings"])


def test_doctor_says_what_to_do_about_what_is_missing(monkeypatch, capfd):
    listed = [
        installation.Library("numpy", "2.0", "", "1.26.4"),
        installation.Library("torch", "2.6", "cnn", None),
    ]
    monkeypatch.setattr(installation, "libraries", lambda: listed)
    monkeypatch.setattr(doctor, "integrate_once", lambda: 1 / 0)
    assert call(monkeypatch, "doctor", "--quiet") == 2
    captured = capfd.readouterr()
    lines = {line[9:].split("  ")[0].strip(): line for line in captured.out.splitlines()}
    assert lines["numpy"].startswith("MISSING")
    assert lines["numpy"].endswith("1.26.4  ->  pip install 'numpy>=2.0'")
    assert lines["extra cnn"].startswith("- ")
    assert lines["extra cnn"].endswith("pip install 'bntheory[cnn]'")
    assert "ZeroDivisionError: division by zero" in lines["a flow"]
    assert captured.err == ""


@pytest.mark.parametrize(
    ("found", "ok"), [("2.0.0", True), ("2.10.1+cpu", True), ("1.99", False), (None, False)]
)
def test_versions_are_compared_as_numbers(found, ok):
    assert installation.Library("torch", "2.0", "cnn", found).ok == ok


def test_every_requirement_of_the_metadata_is_looked_at():
    from importlib.metadata import requires

    assert len(installation.libraries()) == len(set(requires("bntheory")))


def test_clearing_the_cache_removes_what_is_ours_and_nothing_else(monkeypatch, capfd, tmp_path):
    monkeypatch.setenv("BNTHEORY_CACHE", str(tmp_path))
    ours = [
        tmp_path / "generated" / "bntheory_flow_0a" / "system.py",
        tmp_path / "generated/bntheory_flow_0a/__pycache__/system.rhs-3.py311.1.nbc",
        tmp_path / "generated" / ".made-x1" / "system.py",  # of a process that was killed
        tmp_path / "tables" / "moments_0a.npz",
        tmp_path / "tables" / "diffusion_0a.npy",
        tmp_path / "generated" / "images_0a.npz",
    ]
    theirs = [tmp_path / "generated" / "thesis.py", tmp_path / "tables" / "moments.txt"]
    theirs.append(tmp_path / "generated" / "thesis" / "system.py")
    for path in (*ours, *theirs):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"x" * 1000)
    (tmp_path / "generated" / "bntheory_flow_1b.py").symlink_to(theirs[0])
    assert call(monkeypatch, "cache", "show", "--json") == 0
    kinds = json.loads(capfd.readouterr().out)["kinds"]
    assert [(kind["files"], kind["bytes"]) for kind in kinds] == [(3, 3000), (2, 2000), (1, 1000)]
    assert call(monkeypatch, "cache", "clear", "--kind", "images") == 0
    assert [path.exists() for path in ours] == [True] * 5 + [False]
    assert call(monkeypatch, "cache", "clear", "--quiet") == 0
    assert "removed 5 files, 0.0 MB" in capfd.readouterr().out
    assert not any(path.exists() for path in ours)
    assert not (tmp_path / "generated" / "bntheory_flow_0a").exists()
    assert all(path.exists() for path in theirs)


@pytest.mark.parametrize(
    ("typed", "offered"),
    [
        ("bntheory fi", ["fixed-points", "fit", "figure"]),
        ("bntheory integrate --scheme m", ["mean-only-bn"]),
        ("bntheory integrate --activation le", ["leaky-relu"]),
        ("bntheory figure 1", ["1a", "1b"]),
        ("bntheory cnn tr", ["train"]),
    ],
)
def test_a_shell_completes(typed, offered):
    words = typed.split()
    asked = {"COMP_WORDS": typed, "COMP_CWORD": str(len(words) - 1)}
    said = run_command(env={**os.environ, **asked, "_BNTHEORY_COMPLETE": "bash_complete"})
    assert [line.partition(",")[2] for line in said.stdout.splitlines()] == offered


@pytest.mark.parametrize("shell", ["zsh", "fish"])
def test_the_script_of_a_shell_is_printed(shell):
    said = run_command(env={**os.environ, "_BNTHEORY_COMPLETE": f"{shell}_source"})
    assert said.returncode == 0
    assert "_BNTHEORY_COMPLETE" in said.stdout
    assert "compdef _bntheory" in said.stdout or "complete --no-files --command bntheory" in (
        said.stdout
    )
