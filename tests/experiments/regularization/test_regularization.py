"""Zeta by source, the measured loss, recorded data; each against an independent road."""

import math
import tracemalloc

import bntheory as bn
import numpy as np
import pytest
from bntheory.experiments.regularization.measured import draw_fields, measure
from bntheory.teacher_student.regularization import zeta_sources
from command import run_command
from scipy.stats import kurtosis as scipy_kurtosis


@pytest.mark.parametrize(
    ("activation", "fisher", "mean_part"), [("identity", 1, 1 / 2), ("relu", 1 / 2, 1 / 4)]
)
def test_zeta_is_that_of_theory_section_2(activation, fisher, mean_part):
    for M, rho in ((32, 0.0), (8, 3.0), (128, -1.0)):
        from_mean, from_spread = zeta_sources(activation, M, rho)
        assert from_mean == pytest.approx(mean_part / M, rel=1e-9)
        assert from_spread == pytest.approx((rho + 2) / (8 * M) * fisher, rel=1e-9)
    assert zeta_sources(activation, 32, 1.0)[1] != pytest.approx(fisher / (4 * 32), rel=1e-3)


@pytest.mark.parametrize("M", [32, 128])
def test_measured_gap_and_gamma_of_the_identity_are_exact(M):
    # The gap is 1 - kappa, the best gamma kappa, exactly. 4 numbers at 4.5 standard errors:
    # false-alarm rate 3e-5.
    kappa = math.sqrt(2 / M) * math.exp(math.lgamma(M / 2) - math.lgamma((M - 1) / 2))
    gap, gamma = measure("identity", M, 0.0, 2_000_000, 1)
    assert abs(gap.value - (1 - kappa)) < 4.5 * gap.sem
    assert abs(gamma.value - kappa) < 4.5 * gamma.sem
    assert gap.sem < 0.01 * gap.value


@pytest.mark.parametrize(("activation", "M"), [("relu", 32), ("tanh", 16)])
def test_measured_gamma_is_the_exact_one(activation, M):
    # Two cases at 4.5 standard errors: false-alarm rate 1.4e-5.
    found = bn.regularization(bn.Problem(activation, batch_size=M), examples=1_000_000, seed=2)
    assert abs(found.gamma_bn - found.gamma_exact) < 4.5 * found.gamma_bn_sem
    assert abs(1 - found.gamma_exact) > 10 * found.gamma_bn_sem


@pytest.mark.parametrize("rho", [-1.0, 0.0, 1.0])
def test_gap_times_batch_size_follows_zeta_for_any_kurtosis(rho):
    # To first order in 1/M; at M = 256 the next order is a few 1/M. 3 cases, 4.5 standard errors.
    M = 256
    gap, _ = measure("identity", M, rho, 4_000_000, 3)
    zeta = sum(zeta_sources("identity", M, rho))
    assert abs(gap.value - zeta) < 4.5 * gap.sem + 4 / M * zeta
    other = sum(zeta_sources("identity", M, rho + 1.0))
    assert abs(gap.value - other) > 4.5 * gap.sem + 4 / M * zeta


@pytest.mark.parametrize("rho", [-1.8, -1.0, 0.0, 0.7])
def test_drawn_fields_have_the_moments_asked_for(rho):
    # Excess kurtosis by blocks: 4 cases x 2 numbers at 5 standard errors: rate 5e-6. At 0.7 the
    # eighth moment exists (nu = 12.6), hence the standard error does.
    u = draw_fields(rho, (200, 20_000), np.random.default_rng(1))
    for power, expected in ((2, 1.0), (4, rho + 3.0)):
        means = (u**power).mean(axis=1)
        assert abs(means.mean() - expected) < 5 * means.std(ddof=1) / math.sqrt(200) + 1e-12


@pytest.fixture
def recorded(tmp_path):
    rng = np.random.default_rng(0)
    x = np.stack(
        [3 + rng.standard_normal(20_000), rng.laplace(size=20_000), rng.uniform(size=20_000)], 1
    )
    np.save(tmp_path / "x.npy", x)
    np.savetxt(tmp_path / "x.csv", x, delimiter=",", header="a,b,c", comments="")
    return x, tmp_path


@pytest.mark.parametrize("name", ["x.npy", "x.csv"])
def test_kurtosis_of_each_neuron_is_scipys(name, recorded):
    x, folder = recorded
    found = bn.neuron_regularization(bn.Problem("relu", batch_size=32), folder / name)
    assert found.kurtosis == pytest.approx(scipy_kurtosis(x), abs=1e-9)
    assert found.rows == len(x)
    u = (x - x.mean(axis=0)) / x.std(axis=0)
    mean, linear, square = (((u > 0) * u**k).mean(axis=0) for k in range(3))
    expected = mean + linear * (u**3).mean(axis=0) + square * (scipy_kurtosis(x) + 2) / 4
    assert found.zeta == pytest.approx(expected / 64, rel=1e-9)
    assert found.zeta_gaussian == pytest.approx(0.375 / 32)
    # Of a normal column the standard error is sqrt(24/n); a thousand blocks know it to 10%.
    assert found.kurtosis_sem[0] == pytest.approx(math.sqrt(24 / len(x)), rel=0.4)
    # Normal 0, Laplace 3, uniform -1.2, within 5 standard errors (false-alarm rate 2e-6).
    assert (np.abs(found.kurtosis - [0, 3, -1.2]) < 5 * found.kurtosis_sem).all()


def test_a_file_is_read_in_pieces(tmp_path):
    # 64 MB of doubles; the memory taken on top of the mapping stays below a few pieces of 8 MB.
    path = tmp_path / "large.npy"
    table = np.lib.format.open_memmap(path, mode="w+", dtype=np.float64, shape=(1_000_000, 8))
    table[:] = np.random.default_rng(1).standard_normal(table.shape)
    table.flush()
    del table
    tracemalloc.start()
    found = bn.neuron_regularization(bn.Problem(), path)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert found.rows == 1_000_000
    assert peak < 60e6
    # 8 columns at 4.5 x sqrt(24/n): false-alarm rate 5e-5.
    assert (np.abs(found.kurtosis) < 4.5 * math.sqrt(24 / 1e6)).all()


def test_a_constant_neuron_has_no_kurtosis_and_json_says_null(tmp_path):
    np.save(tmp_path / "c.npy", np.ones((500, 1)))
    done = run_command("regularization", "--preactivations", str(tmp_path / "c.npy"), "--json")
    assert done.returncode == 0, done.stderr
    assert '"kurtosis": [null]' in done.stdout


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (np.full((500, 2), np.nan), "finite"),
        (np.ones((10, 2)), "10 rows"),
        (np.array(["a", "b"]), "type"),
    ],
)
def test_data_that_cannot_be_used_is_refused(content, said, tmp_path):
    np.save(tmp_path / "bad.npy", content)
    with pytest.raises(ValueError, match=f"data=.*{said}"):
        bn.neuron_regularization(bn.Problem(), tmp_path / "bad.npy")
    for name, text in (("bad.csv", "1,2\n3\n" * 100), ("missing.npy", None), ("x.txt", "1")):
        if text is not None:
            (tmp_path / name).write_text(text)
        with pytest.raises(ValueError, match="data="):
            bn.neuron_regularization(bn.Problem(), tmp_path / name)


@pytest.mark.parametrize("options", [{"kurtosis": -2.0}, {"kurtosis": math.nan}, {"examples": 1}])
def test_bad_numbers_are_named(options):
    (name,) = options
    with pytest.raises(ValueError, match=f"{name}="):
        bn.regularization(bn.Problem(), **options)


def test_result_and_picture_show_the_same_numbers():
    found = bn.regularization(bn.Problem("identity", batch_size=8), examples=20_000)
    keys = ["zeta", "from_mean", "from_spread", "fisher_information", "kurtosis", "batch_size"]
    keys += ["loss_gap", "loss_gap_sem", "gamma_bn", "gamma_bn_sem"]
    assert set(keys) <= set(found.to_dict())
    figure = found.plot()
    line = figure.axes[0].lines[0]
    assert line.get_ydata()[1] == pytest.approx(found.zeta)
    exact = next(k for k in figure.axes[0].lines if "exact" in k.get_label())
    assert exact.get_ydata()[1] == pytest.approx(1 / found.gamma_exact - 1)


def test_distance_of_the_approximation_falls_with_the_batch_size():
    found = bn.approximate(bn.Problem("identity"), batch_sizes=[16, 32, 64], time=8, points=17)
    for name in ("Q", "R", "error"):
        distance = found.along(name)
        # First order in 1/M: halved by doubling M, up to the next order.
        assert distance[:-1] / distance[1:] == pytest.approx([2.0, 2.0], rel=0.2)
        assert (np.abs(found.end(name)) <= distance + 1e-15).all()
    assert found.to_dict()["end"]["Q"][0] == found.columns()["Q_end"][0]
    drawn = [line.get_ydata() for line in found.plot().axes[0].lines]
    wanted = [found.along(name) for name in ("Q", "R", "error")]
    assert all((line == own).all() for line, own in zip(drawn, wanted, strict=False))
    assert len(drawn) == len(wanted) + 2  # and the guides of 1/M and 1/M^2, nothing else
    with pytest.raises(ValueError, match="scheme="):
        bn.approximate(bn.Problem(scheme="wn"))
    with pytest.raises(ValueError, match="approximation="):
        bn.approximate(bn.Problem(), approximation="sgd")
