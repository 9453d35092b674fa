"""The figure of escapes from the plateau: what its record says, and that it can be redone."""

import math

import numpy as np
import pytest
from bntheory.figures import plateau
from bntheory.figures.plateau import escape, escape_rate, implied_decay, plateau_figure
from bntheory.figures.plateau_result import PlateauFigure
from bntheory.results.errors import InputError

#: Escape times by an independent simulation of the same setting (N = 20 000, 6 runs): mean and
#: standard error.
MEASURED = {"sgd": (170.1, 0.7), "wn": (157.6, 0.8), "bn": (128.7, 1.5)}


@pytest.fixture(scope="module")
def record():
    return plateau_figure()


def test_the_record_says_what_was_measured(record):
    for scheme, (mean, sem) in MEASURED.items():
        one = record.escapes[scheme]
        assert one.passed == record.runs
        # Two means of six runs: the difference over its error is Student's, 5 at p of 4e-4.
        assert abs(one.mean_time - mean) < 5 * math.hypot(one.sem, sem), scheme
        assert abs(one.flow_time - one.mean_time) < 5 * math.hypot(one.sem, one.flow_error) + 0.5


def test_the_decomposition_moves_the_escape_the_wrong_way(record):
    times = {name: one.flow_time for name, one in record.escapes.items()}
    assert times["bn"] < times["wn"] < times["sgd"]
    assert math.isnan(times["pn"])
    assert record.escapes["pn"].passed == 0
    for activation, sign in (("erf", 1.0), ("relu", -1.0)):
        rates = {name: one["rate"] for name, one in record.rates[activation].items()}
        assert sign * (rates["bn"] - rates["wn"]) > 0 > sign * (rates["pn"] - rates["wn"])


def test_the_record_is_what_the_code_computes(record):
    # Closed schemes to rounding of the record; the sampled one takes a minute.
    for scheme in ("wn", "pn"):
        computed = escape_rate("erf", scheme)
        assert computed["rate"] == pytest.approx(record.rates["erf"][scheme]["rate"], rel=1e-6)


def test_a_small_one_is_computed_and_read_back(record, monkeypatch, tmp_path):
    monkeypatch.setattr(plateau, "TIME", 4.0)
    monkeypatch.setattr(plateau, "POINTS", 5)
    one = escape("wn", record.escapes["wn"].scale, 50, 2, 0)
    assert one.simulated.shape == (2, 5)
    kept = np.interp(one.t, record.escapes["wn"].t, record.escapes["wn"].specialisation)
    assert np.abs(one.specialisation - kept)[[0, 2, 4]].max() < 2e-5  # its five decimals
    path = tmp_path / "escape.json"
    path.write_text(record.to_json(), encoding="utf-8")
    again = PlateauFigure.read(path)
    assert again.columns()["flow_time"][:3] == record.columns()["flow_time"][:3]


def test_the_decay_is_that_of_the_theory():
    assert implied_decay("erf") * 8 == pytest.approx(0.3205, abs=5e-5)
    assert implied_decay("relu") * 8 == pytest.approx(0.375)


def test_it_is_drawn(record, tmp_path):
    figure = record.plot()
    assert len(figure.axes) == 4
    assert "never" in record.findings()[-1]


def test_dimensions_are_checked():
    with pytest.raises(InputError, match="dim"):
        plateau_figure(dim=2)
