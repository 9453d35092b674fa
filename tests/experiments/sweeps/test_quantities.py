"""A quantity is one entry, which flows and runs then have; what is said of quantities names all."""

import bntheory as bn
import numpy as np
import pytest
from bntheory.cli.sweep import command
from bntheory.experiments.sweeps import quantities
from bntheory.experiments.sweeps.quantities import QUANTITIES, Quantity, parse_quantities
from bntheory.results.errors import InputError

PROBLEM = bn.Problem(scheme="wn", eta=0.8)


def register(monkeypatch, *entries):
    for entry in entries:
        monkeypatch.setitem(quantities.QUANTITIES, entry.name, entry)


@pytest.mark.parametrize("how", [{}, {"simulate": True, "dim": 50, "runs": 3}])
def test_a_quantity_of_ones_own_is_one_entry_for_flows_and_for_runs(monkeypatch, how):
    register(
        monkeypatch,
        Quantity("misalignment", "1 - R at the end.", lambda end: 1.0 - end.R),
        Quantity("rest-after", "The time left after a level is reached.",
                 lambda end, level: 4.0 - end.passages[level], needs="level"),
        Quantity("half-plateau", "Half of it.", lambda end: 0.5 * end.plateau, needs="plateau"),
    )  # fmt: skip
    asked = "misalignment,rest-after:0.2,half-plateau,final-R,final-error"
    made = bn.sweep(PROBLEM, eta=[0.4, 0.8], time=4.0, quantity=asked, **how)
    again = bn.sweep(PROBLEM, eta=[0.4, 0.8], time=4.0, quantity="time-to:0.2,plateau", **how)
    assert (made["final_error"] < 0.2).all()
    np.testing.assert_array_equal(made["misalignment"], 1.0 - made["final_R"])
    np.testing.assert_array_equal(made["rest_after_0_2"], 4.0 - again["time_to_0_2"])
    np.testing.assert_array_equal(made["half_plateau"], 0.5 * again["plateau"])
    assert np.isfinite(made["rest_after_0_2"]).all()
    assert np.isfinite(made["half_plateau"]).all()


def test_an_entry_says_whether_it_takes_a_level_and_whether_runs_have_it(monkeypatch):
    register(monkeypatch, Quantity("own", "An own one.", lambda end: end.Q, of_flow=True))
    assert parse_quantities("own").names == ("own",)
    with pytest.raises(InputError, match="one of the flow"):
        parse_quantities("own", simulated=True)
    for name in ("own:0.1", "time-to", "other"):
        with pytest.raises(InputError, match="largest-eta, diverged, own, time-to:X is accepted"):
            parse_quantities(name)
    with pytest.raises(InputError, match="time-to: with an error above 0"):
        parse_quantities("time-to:-1")


def test_what_is_not_watched_is_not_asked_for():
    asked = parse_quantities("final-R,time-to:0.5,time-to:1e-3")
    assert (asked.levels, asked.plateau) == ((0.5, 1e-3), False)
    assert parse_quantities("plateau").plateau


def test_help_and_docstring_name_every_quantity():
    option = next(one for one in command.params if one.name == "quantity")
    for name, entry in QUANTITIES.items():
        asked = f"{name}:X" if entry.needs == "level" else name
        assert asked in option.help
        assert asked in bn.sweep.__doc__
        assert entry.help.endswith(".")
