"""Laws of the inputs: their moments, their universality, and what is refused."""

import math

import bntheory as bn
import numpy as np
import pytest
from bntheory.teacher_student.inputs import fill_input, read_inputs

#: Excess kurtosis of each law.
KURTOSIS = {"gaussian": 0.0, "rademacher": -2.0, "uniform": -1.2, "laplace": 3.0,
            "student-t:20": 6 / 16}  # fmt: skip


@pytest.mark.parametrize("name", KURTOSIS)
def test_entries_have_unit_variance_and_the_laws_kurtosis(name):
    # 5 laws x 3 moments over 400 blocks, 5 standard errors: false-alarm rate 1e-5.
    rng, x = np.random.default_rng(4), np.empty(5000)
    blocks = []
    for _ in range(400):
        fill_input(x, *read_inputs(name, 5000).kernel_arguments, rng)
        blocks.append([x.mean(), (x**2).mean(), (x**4).mean()])
    blocks = np.array(blocks)
    sem = blocks.std(axis=0, ddof=1) / math.sqrt(400)
    expected = [0.0, 1.0, 3.0 + KURTOSIS[name]]
    assert (np.abs(blocks.mean(axis=0) - expected) <= 5 * sem + 1e-12).all()


def test_files_give_entries_or_whole_inputs(tmp_path):
    rng = np.random.default_rng(0)
    numbers, rows = 7 + rng.exponential(size=1000), rng.laplace(size=(50, 8))
    np.save(tmp_path / "numbers.npy", numbers)
    np.save(tmp_path / "rows.npy", rows)
    x = np.empty(8)
    fill_input(x, *read_inputs(str(tmp_path / "numbers.npy"), 8).kernel_arguments, rng)
    known = (numbers - numbers.mean()) / numbers.std()
    assert all(np.isclose(known, value, atol=1e-12).any() for value in x)
    fill_input(x, *read_inputs(str(tmp_path / "rows.npy"), 8).kernel_arguments, rng)
    known = (rows - rows.mean()) / rows.std()
    assert np.isclose(known, x, atol=1e-12).all(axis=1).any()
    with pytest.raises(ValueError, match=r"inputs=.*8 columns, and dim is 9"):
        read_inputs(str(tmp_path / "rows.npy"), 9)


@pytest.mark.parametrize("law", ["gaussian", "rademacher", "laplace"])
def test_one_flow_serves_every_law(law):
    # Three comparisons at level 0.001: false-alarm rate 0.3%. Small fields, moderate N.
    problem = bn.Problem("identity", "bn", batch_size=8)
    verdict = bn.compare(
        problem, dim=400, runs=16, time=3, points=4, engine="vectors", inputs=law, alpha=0.001
    )
    assert verdict.agree, verdict.verdict()
    assert verdict.runs.inputs == law


def test_gaussian_by_name_is_the_default_draw_for_draw():
    options = {"dim": 60, "runs": 2, "time": 1, "points": 3, "engine": "vectors"}
    problem = bn.Problem(scheme="wn")
    default = bn.simulate(problem, **options)
    assert (default.R == bn.simulate(problem, inputs="gaussian", **options).R).all()
    assert (default.R[:, 1:] != bn.simulate(problem, inputs="laplace", **options).R[:, 1:]).all()
    # Two draws of a batch, from twin generators, are the same for other laws too.
    assert default.to_dict()["inputs"] == "gaussian"


@pytest.mark.parametrize(
    "law", ["cauchy", "student-t:2", "student-t:x", "student-t:nan", "gaussian:3", "missing.npy"]
)
def test_unknown_laws_are_refused(law):
    with pytest.raises(ValueError, match="inputs="):
        bn.simulate(bn.Problem(scheme="wn"), engine="vectors", inputs=law)


def test_the_chain_refuses_other_laws_with_the_reason():
    with pytest.raises(ValueError, match=r"inputs='laplace'.*rotational symmetry"):
        bn.simulate(bn.Problem(scheme="wn"), inputs="laplace")


@pytest.mark.slow
def test_the_universality_figure_holds_all_laws_to_the_flow():
    from bntheory.figures.universality import LAWS, universality

    found = universality(dim=400, runs=16, seed=1)
    assert set(found.to_dict()["largest_z"]) == set(LAWS)
    # 16 runs: Student's t with 15 degrees of freedom, 16 cells a law; at 6.5 the false-alarm
    # rate is 16 x 5 x 1e-5 = 0.1%. The bias of order 1/N = 1/400 is below one standard error.
    assert all(found.largest_z(law) < 6.5 for law in LAWS)
    assert len(found.plot().axes[0].containers) == len(LAWS)
