"""`bntheory fit` and curves in files: the numbers that Python's own arrays give."""

import json

import bntheory as bn
import numpy as np
import pytest
from command import call

PROBLEM = bn.Problem("identity", scheme="wn", zeta=0.3, noise=0.1)
GIVEN = ("--activation", "identity", "--scheme", "wn", "--noise", "0.1")


@pytest.fixture(scope="module")
def runs():
    return bn.simulate(PROBLEM, dim=1000, runs=8, times=[0.5, 1.0, 2.0, 4.0], seed=3)


@pytest.mark.parametrize("suffix", [".nc", ".json", ".csv"])
def test_a_saved_result_is_fitted_as_it_is_in_memory(suffix, runs, tmp_path):
    runs.save(tmp_path / f"runs{suffix}")
    start = PROBLEM.replace(zeta=0.1)
    there = bn.fit(start, tmp_path / f"runs{suffix}", over="zeta")
    arrays = {name: runs.mean[name] for name in ("Q", "R", "L", "error")}
    sems = {f"{name}_sem": runs.sem[name] for name in arrays}
    here = runs if suffix == ".nc" else {"t": runs.t, **arrays, **sems}
    known = bn.fit(start, here, over="zeta")
    assert there.estimates == pytest.approx(known.estimates, rel=1e-12)
    assert there.covariance == pytest.approx(known.covariance, rel=1e-9)
    # Only a whole result knows its runs, and with them how points of one run hang together.
    assert there.from_runs == (suffix == ".nc")


def test_the_command_says_what_python_finds(runs, tmp_path, monkeypatch, capfd):
    runs.save(tmp_path / "runs.nc")
    picture = tmp_path / "fit.png"
    assert call(monkeypatch, "fit", str(tmp_path / "runs.nc"), "--over", "zeta", *GIVEN, "--json",
                "--output", str(picture)) == 0  # fmt: skip
    made = json.loads(capfd.readouterr().out)
    found = bn.fit(PROBLEM.replace(zeta=0.0), runs, over="zeta")
    assert made["parameters"][0]["estimate"] == found.estimates[0]
    assert made["parameters"][0]["standard_error"] == found.standard_errors[0]
    assert picture.stat().st_size > 10_000


def test_cells_that_were_not_measured_are_left_out(tmp_path):
    flow = bn.integrate(PROBLEM, times=[0.5, 1.0, 2.0, 4.0])
    rows = [f"{t},{r}" for t, r in zip(flow.t, flow.R, strict=True)]
    path = tmp_path / "curve.csv"
    path.write_text("\n".join(["\ufefft, R", *rows[:2], "1.5,", *rows[2:]]), encoding="utf-8")
    found = bn.fit(PROBLEM.replace(zeta=0.1), path, over="zeta")
    assert found.estimates[0] == pytest.approx(0.3, abs=1e-6)


def test_an_estimate_at_the_edge_is_said_to_be_there():
    # The truth is the least zeta that there is; its standard error would say nothing.
    flow = bn.integrate(PROBLEM.replace(zeta=0.0), times=np.linspace(0.5, 8.0, 8))
    found = bn.fit(PROBLEM, {"t": flow.t, "R": flow.R, "Q": flow.Q}, over=["eta", "zeta"])
    assert found.estimates[1] == 0.0
    assert found.estimates[0] == pytest.approx(0.5, abs=1e-7)
    assert "zeta: at the edge" in found.message
    inside = bn.fit(PROBLEM.replace(zeta=0.1), bn.integrate(PROBLEM, points=9), over="zeta")
    assert inside.message == ""


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("none.csv", None, "DATA='none.csv' cannot be read"),
        ("table.png", "", "DATA='table.png': a file in .csv .json .nc is accepted"),
        ("empty.csv", "", "DATA="),
        ("words.csv", "t,R\n1,many\n", "DATA='words.csv' is no table of numbers"),
        ("others.csv", "t,V\n1,0.5\n", "DATA="),
        ("list.json", "[1, 2]", "DATA='list.json' is no table of numbers"),
        ("broken.json", "{", "DATA='broken.json' is no table of numbers"),
        ("words.nc", "words", "DATA='words.nc' holds no result"),
    ],
)
def test_what_is_no_curve_is_refused(name, content, said, tmp_path, monkeypatch, capfd):
    monkeypatch.chdir(tmp_path)
    if content is not None:
        (tmp_path / name).write_text(content)
    assert call(monkeypatch, "fit", name, "--over", "zeta", *GIVEN) == 2
    shown = " ".join(capfd.readouterr().err.split())
    assert said in shown
