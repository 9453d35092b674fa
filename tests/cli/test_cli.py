"""The command line: JSON keys, files, exit statuses and messages."""

import csv
import json
import os
import shlex
import signal
import subprocess
import time

import pytest
import xarray
from bntheory import Problem
from bntheory.cli.main import COMMANDS
from command import ENTRY, FEW, SHORT, call, run_command

QUANTITIES = ["Q", "R", "L", "error"]
SIMULATED = ["problem", "dim", "runs", "engine", "seed", "t", "mean", "sem", "std"]
#: What is promised of every command's JSON.
KEYS = {
    "integrate": ["problem", "t", *QUANTITIES, "steps", "status", "message"],
    "simulate": SIMULATED,
    "compare": [*SIMULATED, "theory", "z", "max_abs_z", "p_value", "agree", "alpha", "bias_bound"],
    "derive": ["problem", "text", "latex", "python"],
}
SUFFIXES = ("nc", "csv", "json", "png", "svg", "pdf")
ARGUMENTS = {"integrate": SHORT, "simulate": FEW, "compare": FEW, "derive": []}


def only_numbers(text: str) -> dict:
    def refuse(constant: str) -> None:
        raise AssertionError(f"{constant} in JSON")

    return json.loads(text, parse_constant=refuse)


@pytest.mark.parametrize("command", KEYS)
def test_json_is_one_object_with_the_promised_keys_and_nothing_else(monkeypatch, capfd, command):
    assert call(monkeypatch, command, *ARGUMENTS[command], "--json") in (0, 1)
    printed = capfd.readouterr().out
    assert printed.count("\n") == 1
    result = only_numbers(printed)
    assert set(KEYS[command]) <= set(result)
    assert Problem.from_dict(result["problem"]) == Problem()
    for key in {"mean", "sem", "std", "theory", "z", "bias_bound"} & set(result):
        assert set(QUANTITIES) <= set(result[key])
        assert {len(values) for values in result[key].values()} == {3}


def test_a_quantity_that_does_not_exist_is_null(monkeypatch, capfd):
    assert call(monkeypatch, "simulate", *SHORT, "--dim", "50", "--runs", "1", "--json") == 0
    assert only_numbers(capfd.readouterr().out)["sem"]["R"] == [None, None, None]


@pytest.mark.parametrize("command", ["integrate", "simulate", "compare"])
def test_every_kind_of_file_is_written_and_read_back(monkeypatch, capfd, tmp_path, command):
    files = {suffix: tmp_path / f"out.{suffix}" for suffix in SUFFIXES}
    outputs = [f"--output={path}" for path in files.values()]
    call(monkeypatch, command, *ARGUMENTS[command], "--json", *outputs)
    captured = capfd.readouterr()
    assert files["json"].read_text() == captured.out
    assert all(f"wrote {path}" in captured.err for path in files.values())
    printed = only_numbers(captured.out)
    with xarray.open_dataset(files["nc"], engine="h5netcdf") as data:
        assert list(data["t"].values) == printed["t"]
        assert data["t"].attrs["units"] == "steps / N"
        assert Problem.from_json(data.attrs["problem"]) == Problem()
        assert data.attrs["bntheory_version"]
    with files["csv"].open() as file:
        rows = list(csv.DictReader(file))
    assert [float(row["t"]) for row in rows] == printed["t"]
    assert files["png"].read_bytes().startswith(b"\x89PNG")
    assert files["pdf"].read_bytes().startswith(b"%PDF")
    assert "<svg" in files["svg"].read_text()
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(
        path.name for path in files.values()
    )  # nothing temporary stays


@pytest.mark.parametrize(("suffix", "key"), [("txt", "text"), ("tex", "latex"), ("py", "python")])
def test_derive_writes_what_it_prints(monkeypatch, capfd, tmp_path, suffix, key):
    path = tmp_path / f"flow.{suffix}"
    assert call(monkeypatch, "derive", "--json", "--output", str(path)) == 0
    assert only_numbers(capfd.readouterr().out)[key] == path.read_text()
    assert call(monkeypatch, "derive", "--format", key) == 0
    assert capfd.readouterr().out == path.read_text()


BAD = [
    (["integrate", "--scheme", "bn", "--r-max", "1.2"], "--r-max=1.2: means something to"),
    (["simulate", "--frozen-std", "2"], "--frozen-std=2.0: means something to --scheme frozen"),
    (["sweep", "--scheme", "bn", "--d-max", "0:2:3"], "--d-max=[0.0, 1.0, 2.0]: means something"),
    (["compare", "--scheme", "wn", "--plan=-1"], "--plan=-1.0: a finite number above 0"),
    (["compare", "--scheme", "wn", "--plan=0.1", "--power", "1"], "--power=1.0"),
    (["integrate", "--fluctuations", "--runs", "0", "--time", "1"], "--runs=0"),
    (["integrate", "--fluctuations", "--batch-size", "5"], "at least 6 is accepted"),
    (["integrate", "--eta", "nan"], "--eta=nan: a finite number above 0"),
    (["integrate", "--eta", "inf"], "--eta=inf"),
    (["integrate", "--eta=-1"], "--eta=-1.0"),
    (["integrate", "--eta", "0"], "--eta=0.0"),
    (["integrate", "--eta", "1 - t"], "--eta='1 - t' is 0 at t=1"),
    (["simulate", "--eta", "1 - t"], "--eta='1 - t' is 0 at t=1"),
    (["integrate", "--eta", "__import__('os')"], "--eta="),
    (["integrate", "--activation", "9**9**9"], "--activation="),
    (["integrate", "--activation", "sqrt(-1)*h"], "--activation="),
    (["integrate", "--activation", "log(h)"], "--activation='log(h)' is not a finite real"),
    (
        ["integrate", "--scheme", "pn", "--activation", "exp(h^2)"],
        "--activation='exp(h^2)': its averages",
    ),
    (["integrate", "--activation", "(" * 400], "--activation="),
    (["integrate", "--activation", "h" * 9999], "--activation="),
    (["integrate", "--activation", ""], "--activation=''"),
    (["integrate", "--scheme", "foo"], "--scheme='foo'"),
    (["integrate", "--scheme", "a*a"], "--scheme='a*a' is not affine"),
    (["integrate", "--r0", "1.5"], "--r0=1.5"),
    (["integrate", "--r0", "nan"], "--r0=nan"),
    (["integrate", "--q0", "0"], "--q0=0.0"),
    (["integrate", "--l0=-1"], "--l0=-1.0"),
    (["integrate", "--noise=-1"], "--noise=-1.0"),
    (["integrate", "--weight-decay=-1"], "--weight-decay=-1.0"),
    (["integrate", "--gamma-rate", "0"], "--gamma-rate=0.0"),
    (["integrate", "--zeta", "x"], "--zeta='x'"),
    (["integrate", "--batch-size", "0"], "--batch-size=0"),
    (["integrate", "--batch-size", "2.5"], "--batch-size"),
    (["integrate", "--scheme", "sgd", "--zeta", "1"], "--zeta=1.0: scheme='sgd' has no gamma"),
    (["integrate", "--time", "0"], "--time=0.0"),
    (["integrate", "--time", "1e400"], "--time=inf"),
    (["integrate", "--points", "1"], "--points=1"),
    (["integrate", "--points", "99999999999"], "--points=99999999999"),
    (["integrate", "--rtol", "0"], "--rtol=0.0"),
    (["integrate", "--atol", "nan"], "--atol=nan"),
    (["integrate", "--problem", "absent.toml"], "--problem='absent.toml' cannot be read"),
    (["integrate", "--output", "x.foo"], "--output='x.foo': a file ending in .nc"),
    (["integrate", "--output", "absent/x.nc"], "--output='absent/x.nc': the folder 'absent'"),
    (["integrate", "--output", "/proc/x.nc"], "--output='/proc/x.nc'"),
    (["derive", "--output", "x.nc"], "--output='x.nc': a file ending in .txt"),
    (["derive", "--output", "absent/x.py"], "--output='absent/x.py'"),
    (["simulate", "--runs", "0"], "--runs=0"),
    (["simulate", "--runs", "99999999999999"], "--runs=99999999999999"),
    (["simulate", "--dim", "2"], "--dim=2"),
    (["simulate", "--dim", "9" * 30], "--dim=999"),
    (["simulate", "--time", "1e300"], "--time=1e+300"),
    (["simulate", "--engine", "x"], "--engine='x': chain or vectors"),
    (["simulate", "--seed=-1"], "--seed=-1"),
    (["simulate", "--seed", "9" * 400], "--seed=999"),
    (["compare", "--runs", "2"], "--runs=2"),
    (["compare", "--level", "0"], "--level=0.0"),
    (["integate"], "no command 'integate'; did you mean 'integrate'?"),
    (["zzz"], f"no command 'zzz'; Commands are {', '.join(COMMANDS)}."),
    (["integrate", "--etta", "1"], "--etta"),
    (["integrate", "--activation", "rleu"], "(did you mean 'relu'?)"),
    (["integrate", "--scheme", "bnn"], "(did you mean 'bn'?)"),
    (["simulate", "--engine", "chains"], "(did you mean 'chain'?)"),
    (["sweep", "--quantity", "final-eror"], "(did you mean 'final-error'?)"),
    (
        ["figure", "5"],
        "FIGURE='5': one of 1a, 1b, 2, 3, 4, universality, plateau or all is accepted",
    ),
    (["cache", "clear", "--kind", "x"], "--kind='x': one of compiled formulas"),
]


@pytest.mark.parametrize(("arguments", "said"), BAD, ids=lambda value: str(value)[:40])
def test_bad_input_ends_with_status_2_and_one_message(monkeypatch, capfd, arguments, said):
    assert call(monkeypatch, *arguments) == 2
    captured = capfd.readouterr()
    assert captured.out == ""
    assert said in captured.err
    assert captured.err.count("Error: ") == 1
    assert "Traceback" not in captured.err


def test_options_override_the_problem_file(monkeypatch, capfd, tmp_path):
    path = tmp_path / "p.toml"
    path.write_text('scheme = "wn"\nnoise = 0.25\n')
    call(monkeypatch, "derive", "--problem", str(path), "--noise", "0.5", "--json")
    problem = only_numbers(capfd.readouterr().out)["problem"]
    assert (problem["scheme"], problem["noise"], problem["batch_size"]) == ("wn", 0.5, 1)


def test_a_result_is_a_problem_file(monkeypatch, capfd, tmp_path):
    path = tmp_path / "flow.json"
    call(monkeypatch, "integrate", *SHORT, "--eta", "0.25", "--output", str(path))
    capfd.readouterr()
    call(monkeypatch, "integrate", *SHORT, "--problem", str(path), "--json")
    assert only_numbers(capfd.readouterr().out)["problem"]["eta"] == 0.25


def test_quiet_is_quiet(monkeypatch, capfd, tmp_path):
    arguments = ["integrate", *SHORT, "--scheme", "sgd", "--quiet"]
    assert call(monkeypatch, *arguments, "--output", str(tmp_path / "flow.csv")) == 0
    assert capfd.readouterr().err == ""


def test_divergence_is_told_and_not_an_error(monkeypatch, capfd):
    arguments = ["integrate", *SHORT, "--scheme", "sgd", "--eta", "100", "--json"]
    assert call(monkeypatch, *arguments) == 0
    captured = capfd.readouterr()
    assert only_numbers(captured.out)["status"] == "diverged"
    assert "diverged at t = " in captured.err


def test_a_large_seed_is_kept_exactly(monkeypatch, capfd):
    seed = 2**62 + 1  # no double
    call(monkeypatch, "simulate", *FEW, "--seed", str(seed), "--json")
    assert only_numbers(capfd.readouterr().out)["seed"] == seed


def test_help_has_no_colour_without_a_terminal():
    for command in ("", *KEYS):
        shown = run_command(*filter(None, [command]), "--help", env={**os.environ, "NO_COLOR": "1"})
        assert shown.returncode == 0
        assert "\x1b" not in shown.stdout


def test_a_full_disk_is_reported_and_leaves_no_half_file(tmp_path):
    path = tmp_path / "flow.nc"
    limited = f"ulimit -f 1; exec {shlex.join(ENTRY)} integrate --output {path}"
    ended = subprocess.run(["bash", "-c", limited], capture_output=True, text=True, timeout=120)
    assert ended.returncode == 2
    assert ended.stderr.splitlines()[-1] == f"Error: --output='{path}': File too large"
    assert "Traceback" not in ended.stderr
    assert list(tmp_path.iterdir()) == []


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="no /dev/full here")
def test_a_failed_standard_output_is_reported():
    with open("/dev/full", "w") as full:
        ended = subprocess.run(
            [*ENTRY, "integrate", *SHORT], stdout=full, stderr=subprocess.PIPE, text=True
        )
    assert ended.returncode == 2
    assert ended.stderr.splitlines()[-1] == "Error: No space left on device"


@pytest.mark.parametrize("reader", ["true", "head -1"])
def test_a_reader_that_leaves_early_is_no_error_to_talk_about(reader):
    line = f"{shlex.join(ENTRY)} integrate {' '.join(SHORT)} --json --quiet | {reader}"
    ended = subprocess.run(["bash", "-c", line], capture_output=True, text=True, timeout=120)
    assert ended.returncode == 0
    assert ended.stderr == ""


def test_ctrl_c_keeps_the_finished_runs(tmp_path):
    path = tmp_path / "runs.json"
    # A run takes seconds; all of them, hours.
    work = ["--engine", "vectors", "--dim", "500", "--time", "4", "--force", "--runs", "40000"]
    run_command("simulate", *work[:-1], "1", "--points", "2")  # compiled, if it was not
    process = subprocess.Popen(
        [*ENTRY, "simulate", *work, "--points", "2", "--output", str(path)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        # A shell's background job, which CI may be, is born deaf to Ctrl-C.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
    )
    try:
        time.sleep(8)  # starting takes one to two seconds on a quiet machine
        process.send_signal(signal.SIGINT)
        _, said = process.communicate(timeout=60)
    finally:
        process.kill()
        process.communicate()
    assert process.returncode == 130, said
    assert "interrupted" in said
    assert "Traceback" not in said
    assert 1 <= only_numbers(path.read_text())["runs"] < 4000
