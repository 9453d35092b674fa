"""Zeta of recorded fields of any law, and standard errors of rows that are not independent."""

import math

import bntheory as bn
import numpy as np
import pytest
from bntheory.experiments.regularization.block_errors import MOST_BLOCKS, BlockSums, standard_errors
from command import call

SHAPES = {"relu": lambda h: np.maximum(h, 0), "tanh": np.tanh}


def skewed(rng, size):
    """A gamma law of mean 0 and variance 1: skewness 1, excess kurtosis 1.5."""
    return (rng.gamma(4.0, size=size) - 4.0) / 2.0


@pytest.mark.parametrize("activation", SHAPES)
@pytest.mark.parametrize("sign", [1, -1])
def test_zeta_of_skewed_fields_is_the_gap_of_drawn_batches(activation, sign, tmp_path):
    """An independent road: batches of the same law, normalised, and their loss gap."""
    M, rng, g = 128, np.random.default_rng(7), SHAPES[activation]
    np.save(tmp_path / "x.npy", sign * skewed(rng, (400_000, 1)))
    found = bn.neuron_regularization(bn.Problem(activation, batch_size=M), tmp_path / "x.npy")
    u = sign * skewed(rng, (20_000, M))
    uhat = (u - u.mean(axis=1, keepdims=True)) / u.std(axis=1, keepdims=True)
    gaps = ((g(u) - g(uhat)) ** 2 / 2).mean(axis=1)
    gap, error = gaps.mean(), gaps.std() / math.sqrt(len(gaps))
    # Five standard errors, and a few per cent of the next order in 1/M.
    allowed = 5 * math.hypot(error, found.zeta_sem[0]) + 3 / M * gap
    assert abs(found.zeta[0] - gap) < allowed
    # Without the covariance of mean and spread, or from Gaussian values, it would be off.
    assert abs(found.zeta[0] - found.from_both[0] - gap) > allowed
    if activation == "relu":
        assert found.fisher_information[0] == pytest.approx(np.mean((u > 0) * u**2), rel=0.02)
        assert abs(found.zeta_gaussian - gap) > allowed
    assert found.skewness[0] == pytest.approx(sign, abs=5 * found.skewness_sem[0])
    assert found.kurtosis[0] == pytest.approx(1.5, abs=5 * found.kurtosis_sem[0])


def autoregressive(rng, rows, columns):
    x, noise = np.empty((rows, columns)), rng.standard_normal((rows, columns))
    x[0] = noise[0]
    for i in range(1, rows):
        x[i] = 0.95 * x[i - 1] + math.sqrt(1 - 0.95**2) * noise[i]
    return x


RECORDS = {
    "independent": lambda rng, n, k: rng.standard_normal((n, k)),
    "autoregressive": autoregressive,
    "repeated": lambda rng, n, k: np.repeat(rng.standard_normal((n // 50, k)), 50, axis=0),
}


@pytest.mark.parametrize("record", RECORDS)
def test_standard_errors_cover_whatever_rows_depend_on(record, tmp_path):
    """With blocks of every 128th row 14% (repeated) and 45% (autoregressive) were covered."""
    neurons, rng = 150, np.random.default_rng(11)
    np.save(tmp_path / "x.npy", RECORDS[record](rng, 50_000, neurons))
    found = bn.neuron_regularization(bn.Problem(batch_size=32), tmp_path / "x.npy")
    truth = {"skewness": 0.0, "kurtosis": 0.0, "zeta": 0.375 / 32}
    for name, value in truth.items():
        off = np.abs(getattr(found, name) - value) / getattr(found, f"{name}_sem")
        # 95% of 150, within 4 standard deviations (1.8%), and 3% for errors that are estimates.
        assert (off < 1.96).mean() > 0.85, name
        assert (off < 1.0).mean() < 0.85  # nor are they far too wide
    assert (found.block_length > 100) == (record != "independent")


def test_block_sums_are_those_of_all_rows_however_they_come():
    rng = np.random.default_rng(2)
    x = rng.standard_normal((3 * MOST_BLOCKS + 77, 2))
    whole, pieces = BlockSums(2), BlockSums(2)
    whole.add(x)
    for part in np.split(x, [1, 5, 2047, 2048, 4096, 5000]):
        pieces.add(part)
    assert whole.length == pieces.length == 4
    assert pieces.blocks == pytest.approx(whole.blocks)
    blocks = x[: len(x) // 4 * 4].reshape(-1, 4, 2).mean(axis=1)
    assert whole.blocks == pytest.approx(blocks)
    assert pieces.mean == pytest.approx(x.mean(axis=0))
    assert pieces.rows == len(x)


def test_the_error_of_an_autoregressive_mean():
    """Its variance is (1 + a)/(1 - a)/n for unit variance: 39/n for a = 0.95."""
    x = autoregressive(np.random.default_rng(3), 64_000, 200)
    sums = BlockSums(200)
    sums.add(x)
    errors, merged, resolved = standard_errors(sums.blocks)
    expected = math.sqrt(39 / 64_000)
    # Each is known to about 10%; their mean to 1%, and their bias to the order of (20/m)^2.
    assert np.mean(errors) == pytest.approx(expected, rel=0.06)
    assert resolved.mean() > 0.8
    assert merged.min() >= 1
    naive = np.sqrt(x.var(axis=0) / len(x))
    assert np.all(naive < 0.3 * errors)


@pytest.mark.parametrize("option", ["--examples", "--seed", "--kurtosis"])
def test_what_the_data_decide_cannot_be_given_too(option, tmp_path, monkeypatch, capsys):
    np.save(tmp_path / "x.npy", np.random.default_rng(0).standard_normal((500, 1)))
    line = ["regularization", "--preactivations", str(tmp_path / "x.npy")]
    assert call(monkeypatch, *line, option, "2") == 2
    assert f"{option}=2" in capsys.readouterr().err
    assert call(monkeypatch, *line) == 0
