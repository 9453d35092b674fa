"""A spectrum of the inputs as a parameter: what is accepted, and what comes of it."""

import bntheory as bn
import numpy as np
import pytest
from bntheory.teacher_student.spectral import block_start, summed
from bntheory.teacher_student.spectrum import Spectrum


def test_default_is_isotropic_and_blocks_have_a_teacher_of_variance_one():
    assert bn.Problem().spectrum_ is None
    found = bn.Problem(spectrum="4:0.2:3,0.5:0.8:1").spectrum_
    values, fractions, powers = found.arrays
    assert fractions.sum() == pytest.approx(1.0, abs=1e-15)
    assert values @ powers == pytest.approx(1.0, abs=1e-15)
    assert powers[0] / powers[1] == pytest.approx(3.0)


@pytest.mark.parametrize(
    ("spectrum", "said"),
    [
        ("1:0.5:1,2:0.4:1", "sum to 0.9"),
        ("1:0.5:1,0:0.5:1", "eigenvalue is not above 0"),
        ("-1:1:1", "eigenvalue is not above 0"),
        ("1:0.5:0,2:0.5:0", "no power in any block"),
        ("1:0.5:-1,2:0.5:2", "power is negative"),
        ("1:0.5", "EIGENVALUE:FRACTION:POWER"),
        ("nan:1:1", "eigenvalue is not above 0"),
        ("power:x", "power:ALPHA"),
        ("power:1:0", "blocks are accepted"),
        ("two:0.5", "ratio from 1 on"),
        ("two:4:middle", "equal head tail"),
        ("missing.npy", "No such file"),
        ([[1, 2]], "triples"),
        (3, "EIGENVALUE:FRACTION:POWER"),
    ],
)
def test_bad_spectra_are_refused_by_one_message(spectrum, said):
    with pytest.raises(ValueError, match="spectrum") as caught:
        bn.Problem(spectrum=spectrum)
    assert said in str(caught.value)


@pytest.mark.parametrize(
    ("other", "parameter"),
    [
        ({"scheme": "tracked"}, "scheme"),
        ({"units": 2}, "units"),
        ({"activation": "tanh(c*h)", "parameters": {"c": 1.2}}, "parameters"),
        ({"activation": "identity", "scheme": "wn", "step_clip": 1.0}, "step_clip"),
        ({"activation": "identity", "scheme": "wn", "optimiser": "normalised"}, "optimiser"),
    ],
)
def test_what_is_not_built_beside_a_spectrum_is_refused(other, parameter):
    with pytest.raises(ValueError, match=parameter):
        bn.Problem(spectrum="two:4", **other)


def test_what_knows_isotropic_inputs_alone_refuses_a_spectrum():
    problem = bn.Problem("identity", "wn", spectrum="two:4")
    for refuse in (bn.derive, bn.fluctuations, lambda p: bn.train(p, 1.0, dim=5, runs=1)):
        with pytest.raises(ValueError, match="isotropic"):
            refuse(problem)


def test_triples_and_files_become_text_that_comes_back(tmp_path):
    triples = [[2.0, 0.25, 1.0], [0.1, 0.75, 2.0]]
    problem = bn.Problem(spectrum=triples)
    assert bn.Problem.from_json(problem.to_json()) == problem
    assert bn.Problem.from_toml(problem.to_toml()) == problem
    (tmp_path / "p.toml").write_text("spectrum = [[2.0, 0.25, 1.0], [0.1, 0.75, 2.0]]\n")
    assert bn.Problem.read(tmp_path / "p.toml") == problem
    np.save(tmp_path / "eigen.npy", np.array([4.0, 1.0, 1.0, 0.5]))
    found = bn.Problem(spectrum=f"{tmp_path}/eigen.npy:3:tail")
    assert found.spectrum_.mean == pytest.approx(6.5 / 4)
    (tmp_path / "eigen.npy").unlink()
    assert found.replace(eta=1.0).spectrum_ == found.spectrum_


def test_a_measured_covariance_has_the_eigenvalues_of_the_law(tmp_path):
    rng = np.random.default_rng(4)
    scales = np.repeat([3.0, 0.4], [10, 30]) ** 0.5
    turn = np.linalg.qr(rng.standard_normal((40, 40)))[0]
    np.save(tmp_path / "rows.npy", rng.standard_normal((40_000, 40)) * scales @ turn)
    found = bn.Problem(spectrum=f"{tmp_path}/rows.npy:40").spectrum_
    values, fractions, _ = found.arrays
    mean = (10 * 3.0 + 30 * 0.4) / 40
    head = fractions.cumsum() <= 0.25 + 1e-12
    weighted = (values[head] @ fractions[head]) / fractions[head].sum()
    # A mean of 10 eigenvalues has the relative standard error sqrt(2/(10 * 40000)) = 0.0022.
    assert weighted == pytest.approx(3.0 / mean, rel=0.01)
    np.save(tmp_path / "few.npy", rng.standard_normal((20, 40)))
    with pytest.raises(ValueError, match="more examples"):
        bn.Problem(spectrum=f"{tmp_path}/few.npy")


def test_power_law_blocks_hold_the_mean_of_their_directions():
    found = Spectrum.named("power:1.5:32")
    x = np.geomspace(1e-3, 1.0, 400_001)
    middles, widths = np.sqrt(x[1:] * x[:-1]), np.diff(x)
    law = middles**-1.5
    law /= (law @ widths) / widths.sum()
    edges = 1e-3 + (1.0 - 1e-3) * np.concatenate([[0.0], np.cumsum(found.fractions)])
    for b in (0, 7, 31):
        inside = (middles > edges[b]) & (middles < edges[b + 1])
        own = (law[inside] @ widths[inside]) / widths[inside].sum()
        assert found.eigenvalues[b] == pytest.approx(own, rel=1e-3)
    head, tail = (Spectrum.named(f"power:1:{t}").arrays for t in ("head", "tail"))
    assert (head[2] * head[0])[0] > (tail[2] * tail[0])[0]


def test_condition_stretches_at_a_fixed_mean():
    problem = bn.Problem(spectrum="5:0.3:1,1:0.3:1,0.2:0.4:2", condition=400.0)
    found, plain = problem.spectrum_, problem.replace(condition=None).spectrum_
    assert found.condition == pytest.approx(400.0)
    assert found.mean == pytest.approx(plain.mean)
    with pytest.raises(ValueError, match="condition"):
        bn.Problem(condition=10.0)


def test_the_start_has_one_cosine_in_every_block():
    spectrum = Spectrum.named("two:100:tail")
    A, C = block_start(spectrum, 0.3, 2.0)
    assert A / np.sqrt(C * spectrum.arrays[2]) == pytest.approx([0.3, 0.3])
    _, R, L = summed(spectrum, A, C)
    assert pytest.approx(2.0) == L
    assert R < 0.3  # the parts of the teacher that are seen most are not those with most power
    assert summed(Spectrum.named("two:100"), *block_start(Spectrum.named("two:100"), 0.3, 2.0))[
        1
    ] == pytest.approx(0.3)


def test_blocks_too_small_for_the_chain_are_refused():
    with pytest.raises(ValueError, match="directions"):
        bn.simulate(bn.Problem("identity", "wn", spectrum="power:1"), dim=100, runs=1, time=1)
