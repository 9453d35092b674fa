"""The verdict on committees: right theories stand, planted wrong ones fall."""

import bntheory as bn
import numpy as np
import pytest
from bntheory.experiments.verdict.committees import flattened, judge_committee
from bntheory.odes.committee.flow import CommitteeFlow
from bntheory.odes.flow.integrate import solve_any
from bntheory.results.errors import InputError
from command import call

PROBLEM = bn.Problem("erf", "sgd", units=2, teacher_units=2, eta=0.5, start="symmetric:0.1",
                     noise=0.1)  # fmt: skip
SAMPLE = {"dim": 500, "runs": 32, "time": 4.0, "points": 5, "seed": 3, "workers": 1}


@pytest.fixture(scope="module")
def found():
    return bn.compare(PROBLEM, **SAMPLE)


def test_runs_agree_with_their_flow(found):
    # False alarms at the seed's choice: the level, 0.01; a seed that passes is kept.
    assert found.agree
    assert "the scatter is the runs' own" in found.verdict()


@pytest.mark.parametrize("wrong", [{"eta": 0.55}, {"noise": 0.5}, {"weight_decay": 0.05}])
def test_another_problem_is_told_apart(found, wrong):
    theory = solve_any(PROBLEM.replace(**wrong), times=found.runs.t)
    assert judge_committee(found.runs, theory, 0.01).p_value < 1e-3


def test_a_flow_that_says_its_error_is_allowed_it(found):
    off = {n: v + 0.05 for n, v in found.flow.values.items()}
    wrong = CommitteeFlow(PROBLEM, found.flow.t, off, 1)
    unsure = {n: np.full(v.shape, 0.05) for n, v in off.items()}
    said = CommitteeFlow(PROBLEM, found.flow.t, off, 1, std_error=unsure, scramblings=8)
    assert not judge_committee(found.runs, wrong, 0.01).agree
    assert judge_committee(found.runs, said, 0.01).agree


def test_json_has_the_matrices_and_the_numbers(found):
    made = found.to_dict()
    assert np.shape(made["theory"]["A"]) == np.shape(made["mean"]["A"]) == (5, 2, 2)
    assert made["theory"]["gamma"] is None
    assert set(made["z"]) == {"A_11", "A_12", "A_21", "A_22", "C_11", "C_12", "C_22", "error",
                              "specialisation"}  # fmt: skip
    assert made["scatter"] == "runs"
    assert "A_12_z" in found.columns()
    flat = flattened(found.runs)
    assert np.array_equal(flat.values["C_12"], found.runs.C[:, :, 0, 1])


def test_its_picture_is_drawn(found, tmp_path):
    found.save(tmp_path / "verdict.png")
    assert found.showing("time") is found
    with pytest.raises(InputError, match="scatter"):
        found.showing("scatter")


def test_a_start_that_is_drawn_has_no_flow():
    with pytest.raises(InputError, match="start='random'"):
        bn.compare(PROBLEM.replace(start="random"), **SAMPLE)


def test_the_command_says_the_verdict(monkeypatch, capsys):
    line = (
        "compare --units 2 --teacher-units 2 --activation erf --scheme sgd --eta 0.5 "
        "--start symmetric:0.1 --noise 0.1 --dim 500 --runs 32 --time 4 --points 5 --seed 3"
    )
    assert call(monkeypatch, *line.split()) == 0
    assert "Theory and simulation agree" in capsys.readouterr().out


@pytest.mark.slow
def test_the_level_is_kept():
    # 40 seeds at level 0.05: more than 8 rejections have probability 2e-4 if the level is kept.
    sample = {**SAMPLE, "time": 3.0, "points": 4}
    rejected = [not bn.compare(PROBLEM, alpha=0.05, **{**sample, "seed": k}).agree
                for k in range(40)]  # fmt: skip
    assert sum(rejected) <= 8
