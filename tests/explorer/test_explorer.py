"""The page's JavaScript, run by a JavaScript engine, against the compiled flows."""

import json
import math
import subprocess
import sys

import bntheory as bn
import numpy as np
import pytest
from bntheory.explorer import contents
from bntheory.explorer.page import engine, page
from bntheory.odes.derivation.drift import derive_drift
from bntheory.odes.equations.javascript import javascript_flow, runtime
from command import run_command
from page_script import AGREE, solved
from py_mini_racer import MiniRacer

#: Every scheme; closed forms, tables of one and two axes, and a quadrature tabulated in the page.
CASES = [
    {"scheme": "sgd", "eta": 1.0, "noise": 0.1},
    {"scheme": "sgd", "activation": "erf", "batch_size": 4, "r0": -0.3},
    {"scheme": "sgd", "activation": "identity", "batch_size": 2, "noise": 0.3, "weight_decay": 0.5},
    {"scheme": "sgd", "activation": "tanh", "noise": 0.1},
    {"scheme": "wn", "activation": "identity", "eta": 0.3, "weight_decay": 0.2},
    {"scheme": "wn", "activation": "tanh", "noise": 0.2, "batch_size": 2, "zeta": 0.1},
    {"scheme": "pn", "noise": 0.2, "batch_size": 8, "eta": 1.5, "q0": 1.4, "l0": 0.7},
    {"scheme": "bn", "batch_size": 4, "eta": 1.0},
    {"scheme": "bn", "batch_size": 32, "noise": 0.3, "weight_decay": 0.1},
    {"scheme": "bn", "activation": "identity", "batch_size": 8, "zeta": 0.2},
    {"scheme": "bn", "activation": "tanh", "batch_size": 8, "noise": 0.1},
    {"scheme": "mean-only-bn", "batch_size": 8},
    {"scheme": "bn", "batch_size": 512, "noise": 0.2},
    {"scheme": "bn", "batch_size": 64, "statistics_size": 8, "noise": 0.3, "weight_decay": 0.1},
    pytest.param(
        {"scheme": "var-only-bn", "activation": "identity", "batch_size": 16, "noise": 0.1},
        marks=pytest.mark.slow,
    ),
]
POINT = (
    "Q",
    "R",
    "L",
    "eta_eff",
    "eta_max",
    "largest_eta",
    "largest_eta_frozen",
    "error",
    "length_exponent",
)


@pytest.mark.parametrize("numbers", CASES, ids=lambda n: "-".join(map(str, n.values())))
def test_the_page_shows_what_the_commands_compute(numbers):
    problem = bn.Problem(**numbers)
    shown = solved(problem)
    flow = bn.integrate(problem, time=20, points=201)
    assert shown["status"] == flow.status == "complete"
    for name in ("Q", "R", "L", "error"):
        assert shown["columns"][name] == pytest.approx(flow.values[name], abs=AGREE)
    found = bn.fixed_points(problem)
    assert len(shown["points"]) == len(found.points) > 0
    for ours, theirs in zip(shown["points"], found.points, strict=True):
        assert (ours["kind"], ours["stable"]) == (theirs.kind, theirs.stable)
        assert ours["reached"] == theirs.reached
        for name in POINT:
            expected = getattr(theirs, name)
            close = None if expected is None else pytest.approx(expected, rel=AGREE, abs=AGREE)
            assert ours[name] == close


@pytest.mark.parametrize(
    ("right", "wrong"),
    [
        ("5.325864828439257", "5.335864828439257"),
        ("dy[0] = ", "dy[0] = 1e-5 + "),
        ("eta_max: etaMax", "eta_max: etaMax * (1 + 1e-5)"),
    ],
)
def test_a_planted_error_is_seen(right, wrong):
    problem = bn.Problem(scheme="pn", noise=0.2, batch_size=8)
    shown = solved(problem, change=lambda text: text.replace(right, wrong))
    flow, point = bn.integrate(problem, time=20, points=201), bn.fixed_points(problem).reached
    off = max(np.abs(np.array(shown["columns"][n]) - flow.values[n]).max() for n in ("Q", "R", "L"))
    rate = (shown["reached"] or {"eta_max": 0.0})["eta_max"]  # a wrong drift may reach no point
    assert max(off, abs(rate / point.eta_max - 1)) > AGREE


def test_a_flow_that_diverges_says_when():
    problem = bn.Problem(scheme="sgd", activation="identity", eta=3.0, noise=0.2)
    with pytest.warns(bn.DivergenceWarning):
        shown, flow = solved(problem), bn.integrate(problem)
    assert shown["status"] == shown["ending"] == flow.status == "diverged"
    assert f"diverged at t = {shown['reachedTime']:g}:" in flow.message
    assert all(math.isfinite(x) for values in shown["columns"].values() for x in values)


def test_batches_without_a_flow_are_refused_with_the_reason():
    shown = solved(bn.Problem(scheme="var-only-bn", batch_size=4))
    with pytest.raises(ValueError, match=r"asks for E\[1/s\^6\]") as refused:
        bn.integrate(bn.Problem(scheme="var-only-bn", batch_size=4))
    assert "E[1/s^6]" in str(refused.value)
    assert "asks for E[1/s^6] of the batch's spread s, which is infinite" in shown["refused"]


@pytest.mark.parametrize(
    "activation", ["tanh", "softplus", pytest.param("gelu", marks=pytest.mark.slow)]
)
def test_tabulated_quadratures_are_those_of_the_rule(activation):
    js = MiniRacer()
    js.eval(runtime("special", "quadrature", "chebyshev", "tabulate"))
    flow = javascript_flow(derive_drift(bn.Problem(activation, "wn")))
    js.eval(f"const direct = []; ({flow})((f) => {{ direct.push(f); return f; }})")
    worst = js.eval("""Math.max(...direct.flatMap((f) => {
      const quick = tabulated(f, false);
      return Array.from({length: 40}, (_, k) => {
        const q = 4 * (0.618 * k % 1), rho = 2 * (0.7548 * k % 1) - 1;
        const exact = f(q, 0, rho);
        return Math.max(...quick(q, 0, rho).map((x, m) => Math.abs(x - exact[m])));
      });
    }))""")
    # A look-up differs from the rule at rounding, unless the table was refused.
    assert 1e-17 < worst < 1e-7


def test_special_functions_to_rounding():
    from scipy.special import erf, gammaln

    js = MiniRacer()
    js.eval(runtime("special"))
    x = np.concatenate([np.linspace(-7, 7, 57), [1e-8, 2.4999, 2.5001]])
    assert json.loads(js.eval(f"JSON.stringify({x.tolist()}.map(erf))")) == pytest.approx(
        erf(x), rel=4e-15, abs=0
    )
    # Twenty steps up to where Stirling's series has converged round at 1e-16 of up to 30 each.
    x = np.array([0.5, 1.5, 3.0, 15.5, 127.5])
    assert json.loads(js.eval(f"JSON.stringify({x.tolist()}.map(logGamma))")) == pytest.approx(
        gammaln(x), rel=4e-15, abs=2e-14
    )


def test_eigenvalues_of_matrices_of_all_kinds():
    js = MiniRacer()
    js.eval(runtime("stability"))
    rng = np.random.default_rng(2)
    matrices = [rng.standard_normal((n, n)) for n in (1, 2, 3) for _ in range(40)]
    matrices += [np.diag([-1.0, -1.0, 0.0]), np.array([[0.0, 1, 0], [-1, 0, 0], [0, 0, -2]])]
    # On a line of fixed points: two eigenvalues that are nearly zero beside a large one.
    matrices += [np.array([[1e6, 5e-2, 0], [1.5e-2, 3e-10, -4e-11], [-6e-11, 0, 0]])]
    for matrix in matrices:
        found = json.loads(js.eval(f"JSON.stringify(eigenvalues({matrix.tolist()}))"))
        expected = np.sort_complex(np.linalg.eigvals(matrix))
        size = np.abs(matrix).max()
        ours = np.sort_complex(np.array([complex(*pair) for pair in found]))
        # A pair that nearly coincides is known to the root of the rounding errors.
        assert ours == pytest.approx(expected, abs=1e-7 * min(size, 1))


def test_the_address_keeps_the_state():
    js = MiniRacer()
    held = contents.collect(["relu"], ["pn", "sgd"])
    js.eval(engine(held))
    # Engines have no URLSearchParams; browsers do, and test_explorer_page.py uses it.
    command = js.eval(
        "commandOf({...initialState("
        + json.dumps(bn.Problem(scheme="pn", noise=0.2, gamma_rate=2).to_dict())
        + "), time: 7}, 'integrate')"
    )
    expected = "bntheory integrate --activation relu --scheme pn --eta 0.5 --batch-size 32 "
    expected += "--zeta auto --noise 0.2 --q0 0.5 --r0 0.2 --l0 1 --gamma-rate 2 --time 7"
    assert command == expected + " --points 201"


def test_the_page_is_one_file_that_asks_for_nothing():
    text = page(bn.Problem(scheme="wn"), ["relu"], ["sgd", "wn"])
    own = text.partition("<script>")[0] + text.rpartition('"use strict";')[2]
    assert "<!-- " not in own
    assert "http" not in own.replace("http://www.w3.org", "")
    assert " src=" not in own
    assert len(text.encode()) < 3e6


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--output", "x.png"], "--output='x.png': a file ending in .html is accepted"),
        (["--eta", "1/(1+t)", "--output", "x.html"], "a constant learning rate is accepted"),
        (["--batch-sizes", "8,x", "--output", "x.html"], "--batch-sizes='8,x'"),
        (["--activations", "relu,", "--output", "x.html"], "--activations='relu,'"),
        (["--activations", "tanh(max(h, 0))", "--output", "x.html"], "--activations="),
        ([], "--output"),
    ],
)
def test_bad_input_ends_with_one_message(arguments, said, tmp_path):
    ended = run_command("explore", *arguments, cwd=tmp_path)
    assert ended.returncode == 2
    assert said in " ".join(ended.stderr.replace("│", " ").split())
    assert "Traceback" not in ended.stderr
    assert list(tmp_path.iterdir()) == []


def test_the_command_says_what_it_wrote(tmp_path):
    ended = run_command(
        "explore", "--schemes", "sgd,wn", "--activations", "relu", "--eta", "0.7", "--scheme", "wn",
        "--json", "--output", "page.html", cwd=tmp_path,
    )  # fmt: skip
    assert ended.returncode == 0, ended.stderr
    made = json.loads(ended.stdout)
    assert made["bytes"] == (tmp_path / "page.html").stat().st_size
    assert made["problem"]["eta"] == 0.7
    assert set(made["versions"]) == {"bntheory", "bokeh"}


@pytest.mark.parametrize(
    "numbers",
    [
        {"scheme": "wn", "eta": 0.7, "noise": 0.1},
        {"scheme": "bn", "eta": "1/(1+t/9)"},
        pytest.param({"scheme": "sgd", "activation": "min(max(h, -1), 1)"}, marks=pytest.mark.slow),
    ],
    ids=["closed", "table", "kinks"],
)
def test_the_program_prints_the_flow(numbers):
    """`derive --format javascript` is a program of its own."""
    problem = bn.Problem(**numbers)
    js, lines = MiniRacer(), "const lines = []; const console = {log: (x) => lines.push(x)};"
    program = bn.derive(problem).javascript()
    js.eval(lines + program.replace("/ 100)", "/ 100).slice(0, 6)"))
    header, *rows = json.loads(js.eval("JSON.stringify(lines)"))
    flow = bn.integrate(problem, time=1, points=6)
    names = header.split(", ")
    found = np.array([[float(x) for x in row.split(",")] for row in rows]).T
    assert len(rows) == 6
    for name, values in zip(names, found, strict=True):
        expected = flow.t if name == "t" else flow.values[name]
        assert values == pytest.approx(expected, abs=AGREE)


def test_the_page_needs_no_package_to_be_told_of_a_missing_bokeh(tmp_path):
    code = (
        "import sys\nsys.modules['bokeh'] = None\n"
        "sys.argv = ['bntheory', 'explore', '--output', 'x.html']\n"
        "from bntheory.cli.main import main\nmain()"
    )
    ended = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, cwd=tmp_path
    )
    assert ended.returncode == 2
    assert "bntheory[explore]" in ended.stderr
