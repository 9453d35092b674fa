"""Five hundred command lines over all commands: an answer, or one message; never a fault."""

import random
import signal
import warnings

import pytest
from command import call, run_command

LINES, SEED = 500, 20_261
#: One line may take this long, tables and compilation included (seconds).
PATIENCE = 300
NUMBERS = (
    "0",
    "1",
    "0.3",
    "2.5",
    "-1",
    "1e-300",
    "1e300",
    "nan",
    "inf",
    "-0",
    "1e-9",
    "7",
    "x",
    "",
)
WHOLE = ("1", "2", "3", "8", "32", "64", "0", "-3", "1.5", "1e30", "99999999999999999999", "x", "")
RANGES = ("0.1,1", "0.1:1:3", "0.1:1:3:log", "0:1:2", "1:1:1", "1:0:3", "a:b:3", "1:2", "1:2:1e9",
          "1:2:0", ",", "1,,2", "nan,1", "0.1:1:3:lin", "-1:1:2", "1e-3,1e3")  # fmt: skip
SCHEMES = ("sgd", "wn", "pn", "bn", "mean-only-bn", "var-only-bn", "a", "gamma*a/sigma", "a*n2",
           "bnn", "beta", "1/0", "a**2")  # fmt: skip
ACTIVATIONS = ("relu", "identity", "erf", "tanh", "h", "1", "1/h", "exp(h^2)", "sqrt(h)", "rleu",
               "h**99", "__import__('os')", "log(h)", "abs(h)**0.5")  # fmt: skip
ETAS = ("0.5", "1/(1+t)", "-t", "exp(1000*t)", "1/(t-1)", "t", "h", "0.5*(1+cos(t))")
OUTPUTS = ("{d}/out.csv", "{d}/out.json", "{d}/out.nc", "{d}/out.png", "{d}/no/such.csv", "{d}",
           "/dev/full", "{d}/out.xyz", "", "/proc/x.csv", "/dev/full.csv")  # fmt: skip
FILES = ("{d}/empty.npy", "{d}/broken.npy", "{d}/good.npy", "{d}/good.csv", "{d}/text.csv",
         "{d}/none.npy", "{d}", "", "{d}/good.toml", "{d}/bad.toml")  # fmt: skip
STORES = ("{d}/store", "{d}/damaged", "{d}/good.csv", "{d}/none", "{d}/no/where", "")

#: Options of a problem, with what they are given.
PROBLEM = {
    "--scheme": SCHEMES, "--activation": ACTIVATIONS, "--eta": (*ETAS, *NUMBERS), "--q0": NUMBERS,
    "--gamma-rate": NUMBERS, "--zeta": (*NUMBERS, "auto"), "--noise": NUMBERS, "--r0": NUMBERS,
    "--batch-size": WHOLE, "--weight-decay": NUMBERS, "--l0": NUMBERS, "--problem": FILES,
}  # fmt: skip
TIMES = {"--time": NUMBERS, "--points": WHOLE}
RUNS = {"--dim": WHOLE, "--runs": WHOLE, "--seed": WHOLE, "--engine": ("chain", "vectors", "x"),
        "--inputs": ("gaussian", "laplace", "student-t:5", "student-t:1", *FILES)}  # fmt: skip
SHOWN = {"--output": OUTPUTS, "--width": ("one", "two", "three")}
#: Commands: what keeps a line cheap, then the options that it takes.
COMMANDS = {
    "derive": ([], PROBLEM | {"--format": ("text", "latex", "python", "javascript", "x")}),
    "integrate": (["--time", "1", "--points", "3"], PROBLEM | TIMES | SHOWN),
    "fixed-points": ([], PROBLEM | SHOWN | {"--follow": ("zeta:0:1:3", "eta:1:0:2", "x:1:2")}),
    "regularization": (["--examples", "20000"], PROBLEM | SHOWN | {
        "--kurtosis": NUMBERS, "--preactivations": FILES, "--examples": WHOLE}),
    "simulate": (["--time", "1", "--points", "3", "--dim", "40", "--runs", "3"],
                 PROBLEM | TIMES | RUNS | SHOWN),
    "compare": (["--time", "1", "--points", "3", "--dim", "60", "--runs", "8"],
                PROBLEM | TIMES | RUNS | SHOWN | {"--level": NUMBERS, "--picture": ("scatter",)}),
    "sweep": (["--time", "1", "--eta", "0.3,1"], PROBLEM | SHOWN | {
        "--eta": RANGES, "--noise": RANGES, "--time": RANGES, "--store": STORES,
        "--quantity": ("final-Q", "time-to:0.1", "time-to:x", "plateau", "eta-max", "")}),
    "show": ([], {}), "export": ([], SHOWN),
    "generalization": (["--alpha", "0.5:2:3"], SHOWN | {
        "--alpha": RANGES, "--student": ("identity", "relu", "tanh"), "--zeta": NUMBERS,
        "--noise": NUMBERS, "--store": STORES, "--against": ("load", "epochs", "x")}),
    "figure": (["5"], {}), "doctor": ([], {}), "cache": (["show"], {}), "cnn": (["evaluate"], {}),
    "nonsense": ([], {}),
}  # fmt: skip
FLAGS = ("--json", "--quiet", "--quiet", "--train-beta", "--fluctuations", "--best", "--nonsense")


def a_line(rng: random.Random) -> list[str]:
    """A command with a few options, most of them its own."""
    command = rng.choice(list(COMMANDS))
    cheap, options = COMMANDS[command]
    words = [command, *cheap]
    if command in ("show", "export"):
        words.append(rng.choice(STORES))
    for option in rng.sample(sorted(options), min(len(options), rng.choice((0, 1, 1, 2, 3)))):
        words += [option, rng.choice(options[option])]
    return words + rng.sample(FLAGS, rng.choice((0, 1, 1)))


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    import numpy as np

    made = tmp_path_factory.mktemp("fuzz")
    (made / "empty.npy").write_bytes(b"")
    (made / "broken.npy").write_bytes(b"\x93NUMPY\x01\x00garbage")
    np.save(made / "good.npy", np.random.default_rng(0).standard_normal((2000, 2)))
    (made / "good.csv").write_text("a,b\n" + "1.5,2\n0.5,-1\n" * 400)
    (made / "text.csv").write_text("no numbers here\n")
    (made / "good.toml").write_text("scheme = 'wn'\neta = 0.3\n")
    (made / "bad.toml").write_text("scheme = [\n")
    line = ["sweep", "--scheme", "wn", "--eta", "0.5,1", "--time", "1", "--quiet"]
    for name in ("store", "damaged"):
        assert run_command(*line, "--store", str(made / name)).returncode == 0
    (made / "damaged" / "zarr.json").write_text("{")
    return made


def too_long(*_):
    raise AssertionError(f"more than {PATIENCE} seconds")


@pytest.mark.slow
def test_any_line_is_answered_or_refused(folder, monkeypatch, capsys):
    rng, faults, answered = random.Random(SEED), [], 0
    before = signal.signal(signal.SIGALRM, too_long)
    for _ in range(LINES):
        words = [word.replace("{d}", str(folder)) for word in a_line(rng)]
        signal.alarm(PATIENCE)
        try:
            with warnings.catch_warnings():
                status = call(monkeypatch, *words)
        except BaseException as error:
            status = f"{type(error).__name__}: {error}"
        signal.alarm(0)
        said = capsys.readouterr().err
        answered += status == 0
        allowed = (0, 1, 2) if words[0] == "compare" else (0, 2, 3)
        if status not in allowed or "Traceback" in said or "Warning" in said:
            faults.append(f"{status}: {words}\n    {said.strip()[-300:]}")
    signal.signal(signal.SIGALRM, before)
    assert not faults, "\n".join(faults)
    assert answered > LINES / 6  # not all of it is nonsense
