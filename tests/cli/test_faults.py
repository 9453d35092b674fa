"""Command lines that once ended in a traceback, a hang or silence: each in one line, quickly."""

import json
import os
import re
import resource
import signal
import subprocess
import sys
import time
import warnings
from pathlib import Path

import pytest
from bntheory.cli import crash
from bntheory.experiments.cost import Cost, check_cost, simulation_cost
from bntheory.teacher_student.problem import Problem
from command import ENTRY, SHORT, call, run_command

NESTED = "tanh(" * 12 + "h" + ")" * 12
#: Arguments ({d} is a folder with the files below), and what the message names.
REFUSED = [
    (["integrate", "--problem", "{d}/huge.toml"], "--batch-size=1e+30: a whole number of at least"),
    (["integrate", "--problem", ""], "--problem="),
    (["integrate", "--scheme", "gamma*a*n2"], "--scheme='gamma*a*n2'"),
    (["integrate", "--scheme", "sqrt(N)*gamma*a"], "--scheme='sqrt(N)*gamma*a'"),
    (["derive", "--scheme", "a*sign(gamma)"], "--scheme='a*sign(gamma)'"),
    (["integrate", "--activation", "(-1)**h"], "is not a finite real number at h=-2.3"),
    (["integrate", "--activation", "sin(1/h)"], "is not a finite real number at h=0"),
    (["integrate", "--activation", NESTED], "12 functions within one another; at most 5"),
    (["regularization", "--preactivations", "{d}/empty.npy"], "--preactivations="),
    (["regularization", "--preactivations", "{d}/broken.npy"], "--preactivations="),
    (["simulate", "--engine", "vectors", "--inputs", "{d}/broken.npy"], "--inputs="),
    (["simulate", "--engine", "vectors", "--dim", "1000000000"], "--dim=1000000000, runs=64"),
    (["simulate", "--time", "1e12"], "years"),
    (["compare", "--time", "1e9"], "--force"),
    (["compare", "--dim", "1000000000000"], "this takes about"),
    (["fixed-points", "--check", "--dim", "1000000000000"], "this takes about"),
    (["generalization", "--simulate", "--dim", "100000"], "this takes about"),
    (["generalization", "--store", "{d}/store"], "--store="),
    (["sweep", "--simulate", "--dim=1:2:1000000000"], "at most 1e+07 values"),
    (["sweep", "--eta=inf:1:3"], "--eta='inf:1:3'"),
    (["sweep", "--eta=0.1:1:10000000", "--noise=0:1:1000"], "this takes about"),
    (["sweep", "--simulate", "--eta=0.1:1:3", "--time", "1e9"], "this takes about"),
    (["figure", "1a", "--store", "{d}/store"], "another computation's store"),
    (["show", "{d}/damaged"], "zarr.json in it is damaged"),
]


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    folder = tmp_path_factory.mktemp("faults")
    (folder / "huge.toml").write_text("batch_size = 1e30")
    (folder / "empty.npy").write_bytes(b"")
    (folder / "broken.npy").write_bytes(b"\x93NUMPY\x01\x00garbage")
    line = ["sweep", "--scheme", "wn", "--eta", "0.5,1", "--time", "1", "--quiet"]
    for name in ("store", "damaged"):
        assert run_command(*line, "--store", str(folder / name)).returncode == 0
    described = folder / "damaged" / "zarr.json"
    described.write_text(described.read_text()[:40])
    return folder


@pytest.mark.parametrize(("arguments", "said"), REFUSED, ids=lambda value: " ".join(value)[:50])
def test_bad_input_is_one_message_and_exit_2(arguments, said, files, monkeypatch, capsys):
    began = time.monotonic()
    status = call(monkeypatch, *(word.replace("{d}", str(files)) for word in arguments))
    error = capsys.readouterr().err
    assert status == 2, error
    assert said in error
    assert "Traceback" not in error
    assert time.monotonic() - began < 60  # what hung, hung for hours
    assert not (files / "store" / "1a-0").exists()  # and nothing was written into it


def test_a_time_beyond_all_numbers_is_no_fault(monkeypatch, capsys):
    assert call(monkeypatch, "integrate", "--time", "1e100", "--json") == 0
    shown = capsys.readouterr()
    # L grows like t^(1/4), without bound.
    assert json.loads(shown.out)["status"] in ("diverged", "failed")
    assert "Traceback" not in shown.err


def test_a_fault_is_one_line_a_file_and_exit_70(monkeypatch, capsys):
    def broken(*_, **__):
        raise ZeroDivisionError("planted")

    monkeypatch.setattr("bntheory.odes.flow.integrate.solve", broken)
    assert call(monkeypatch, "integrate", *SHORT) == crash.FAULT == 70
    (line,) = capsys.readouterr().err.splitlines()
    assert "fault of bntheory, not of your input (ZeroDivisionError: planted)" in line
    path = Path(re.search(r"(\S+bntheory-fault-\S+\.txt)", line).group(1))
    written = path.read_text()
    path.unlink()
    assert "in broken" in written
    assert "integrate" in written


def test_estimates_are_of_the_right_size():
    problem = Problem(scheme="wn", batch_size=8)
    sizes = {"dim": 4000, "runs": 64, "time": 5.0, "points": 3, "engine": "chain"}
    estimate = simulation_cost(problem, **sizes)
    from bntheory.teacher_student.online.simulate import simulate

    simulate(problem, dim=10, runs=1, time=1, points=2)  # compiled
    began = time.monotonic()
    simulate(problem, dim=4000, runs=64, time=5.0, points=3)
    took = time.monotonic() - began
    # Machines differ by a few, and are shared: an order of magnitude is what an estimate is for.
    assert took / 10 < estimate.seconds < 10 * took
    check_cost(estimate, {"dim": 4000})
    for too_much in (Cost(3700.0, 0.0), Cost(0.0, 1e15)):
        with pytest.raises(ValueError, match=r"^dim=1: this takes about .* or --force"):
            check_cost(too_much, {"dim": 1})


def test_free_memory_is_known_or_infinite(monkeypatch, tmp_path):
    from bntheory.experiments import cost

    assert 1e6 < cost.free_memory() < 1e16
    monkeypatch.setattr(cost, "MEMORY", tmp_path / "none")  # as on macOS

    def unknown(*_):
        raise ValueError("unrecognized configuration name")

    monkeypatch.setattr(cost.os, "sysconf", unknown)
    assert cost.free_memory() == float("inf")
    check_cost(Cost(1.0, 1e15), {"dim": 1})


def test_force_begins_all_the_same(monkeypatch, capsys):
    monkeypatch.setattr("bntheory.experiments.cost.LONGEST", 0.0)
    assert call(monkeypatch, "simulate", *SHORT, "--runs", "2", "--dim", "50") == 2
    assert "--force" in capsys.readouterr().err
    assert call(monkeypatch, "simulate", *SHORT, "--runs", "2", "--dim", "50", "--force") == 0


def test_a_full_disk_is_said_and_no_failure(tmp_path):
    def small_files():
        resource.setrlimit(resource.RLIMIT_FSIZE, (4096, 4096))

    environment = os.environ | {"BNTHEORY_CACHE": str(tmp_path)}
    ended = run_command("integrate", "--scheme", "wn", *SHORT, env=environment,
                        preexec_fn=small_files)  # fmt: skip
    assert ended.returncode == 0, ended.stderr
    assert f"{tmp_path}/generated: " in ended.stderr
    assert "going on without keeping anything there" in ended.stderr
    assert "complete" in run_command("integrate", "--scheme", "wn", *SHORT, "--json").stdout


def test_ctrl_c_while_modules_are_imported_is_no_traceback():
    # As early as Python has installed its own handler: from the entry's first line on.
    code = (
        "import os, signal, sys\n"
        "signal.signal(signal.SIGINT, signal.default_int_handler)\n"
        "sys.argv = ['bntheory', 'integrate']\n"
        "class Late:\n"
        "    def find_spec(self, name, path=None, target=None):\n"
        "        if name == 'rich_click':\n"
        "            os.kill(os.getpid(), signal.SIGINT)\n"
        "sys.meta_path.insert(0, Late())\n"
        "from bntheory.cli.entry import main\n"
        "main()\n"
    )
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert (ended.returncode, ended.stderr) == (130, "interrupted\n")


def test_a_background_job_stays_deaf_to_ctrl_c():
    process = subprocess.Popen(
        [*ENTRY, "integrate", *SHORT, "--quiet"], stdout=subprocess.PIPE, text=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_IGN),
    )  # fmt: skip
    process.send_signal(signal.SIGINT)
    assert process.communicate(timeout=60)[0].count("\n") > 2
    assert process.returncode == 0


def test_warnings_of_libraries_do_not_reach_the_screen(monkeypatch, capsys):
    from bntheory.cli import entry

    def warning(*_):
        warnings.warn("of a library", RuntimeWarning, stacklevel=1)

    monkeypatch.setattr("bntheory.cli.main.main", warning)
    with warnings.catch_warnings():
        warnings.resetwarnings()
        monkeypatch.setattr(sys, "warnoptions", [])
        entry.main()
    assert capsys.readouterr().err == ""
