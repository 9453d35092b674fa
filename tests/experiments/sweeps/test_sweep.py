"""Sweeps against single flows, their quantities against definitions, and optimal rates."""

import json
import math

import bntheory as bn
import numpy as np
import pytest
from bntheory.cli.main import bntheory as command
from bntheory.codegen.lane_math import acos_lane, asin_lane
from bntheory.experiments.sweeps import sweep as sweep_module
from bntheory.experiments.sweeps.best_learning_rate import schedule_with_gain
from bntheory.odes.equilibria.dynamics import Dynamics
from bntheory.odes.equilibria.optimal_schedule import best_rate
from bntheory.odes.flow.records import AtEnd
from bntheory.odes.flow.solver import solve_flows
from bntheory.pictures.sweep import _boundary
from bntheory.results.files import to_csv, to_json
from click.testing import CliRunner


def test_inverse_functions_of_the_lanes():
    x = np.concatenate([np.linspace(-1, 1, 2001), 1 - np.geomspace(1e-16, 0.1, 50)])
    assert [acos_lane(v) for v in x] == pytest.approx(np.arccos(x), rel=1e-15, abs=1e-15)
    assert [asin_lane(v) for v in x] == pytest.approx(np.arcsin(x), rel=1e-15, abs=1e-15)


@pytest.mark.parametrize("parameters", [
    {"scheme": "pn"}, {"scheme": "sgd", "activation": "erf"}, {"scheme": "wn", "activation": "tanh"}
])  # fmt: skip
def test_every_grid_point_is_its_own_flow(parameters):
    problem = bn.Problem(noise=0.1, **parameters)
    grid = {"eta": [0.3, 1.1], "batch_size": [1, 7], "r0": [-0.4, 0.5], "q0": [0.8, 1.0, 1.2]}
    made = bn.sweep(problem, time=6.0, quantity="final-Q,final-R,final-L,final-error,eta-eff",
                    rtol=1e-10, **grid)  # fmt: skip
    assert made["final_Q"].shape == (2, 2, 2, 3)
    for row in bn.Sweep(made).to_dict()["rows"][::5]:
        own = {name: row[name] for name in grid}
        flow = bn.integrate(problem.replace(**own), time=6.0, points=2, rtol=1e-10)
        for name in ("Q", "R", "L", "error"):
            assert row[f"final-{name}"] == pytest.approx(flow.values[name][-1], abs=1e-7)
        plain = "gamma" not in problem.trained_scalars  # whose rate is eta itself
        rate = 1.0 if plain else flow.Q[-1] / flow.L[-1] ** 2
        assert row["eta-eff"] == pytest.approx(own["eta"] * rate, rel=1e-6)


def test_lanes_and_single_flows_are_the_same_method():
    """Watching the error takes the scalar road; both converge like the step tolerance."""
    problem = bn.Problem(scheme="pn", batch_size=1)
    rates, ends = {"eta": np.geomspace(0.05, 4, 67)}, np.full(67, 30.0)
    lanes = solve_flows(problem, rates, AtEnd(ends), rtol=1e-10, atol=1e-12)
    single = solve_flows(problem, rates, AtEnd(ends, plateau=True), rtol=1e-10, atol=1e-12)
    assert lanes.states == pytest.approx(single.states, abs=2e-9)


def test_results_do_not_depend_on_workers_or_chunks(monkeypatch):
    arguments = {"eta": np.geomspace(0.1, 3, 50), "zeta": [0.0, 0.2], "time": 5.0}
    whole = bn.sweep(bn.Problem(scheme="pn"), workers=2, **arguments)
    monkeypatch.setattr(sweep_module, "CHUNK", 64)
    parts = bn.sweep(bn.Problem(scheme="pn"), workers=1, **arguments)
    for name in whole.data_vars:
        assert np.array_equal(whole[name], parts[name])


def test_times_and_plateau_by_their_definitions():
    problem = bn.Problem(scheme="pn", eta=1.0, batch_size=4)
    made = bn.sweep(problem, eta=[1.0], time=40.0,
                    quantity="time-to:0.05,time-to:1e-9,plateau")  # fmt: skip
    flow = bn.integrate(problem, time=40.0, points=40_001, rtol=1e-11)
    reached = flow.t[np.argmax(flow.error <= 0.05)]
    assert made["time_to_0_05"][0] == pytest.approx(reached, abs=2e-3)
    assert math.isnan(made["time_to_1e_9"][0])
    levels = flow.error[0] * 0.9 ** np.arange(1, 200)
    levels = levels[levels > flow.error[-1]]
    times = [0.0, *(flow.t[np.argmax(flow.error <= level)] for level in levels)]
    assert made["plateau"][0] == pytest.approx(np.diff(times).max(), rel=0.02)


def test_divergence_is_marked_and_null_in_json():
    made = bn.sweep(bn.Problem(scheme="sgd"), eta=[0.5, 5.0], time=200.0)
    assert made["diverged"].values.tolist() == [False, True]
    made = bn.Sweep(made)
    row = json.loads(to_json(made))["rows"][1]
    assert row["final-error"] is None
    assert row["diverged"] is True
    assert to_csv(made).splitlines()[2].startswith("5.0,,,")


@pytest.mark.parametrize("scheme", ["bn", "mean-only-bn"])
def test_every_batch_size_has_its_own_moments(scheme):
    problem, sizes = bn.Problem(scheme=scheme, noise=0.1), [4, 32, 9]
    swept = bn.sweep(problem, batch_size=sizes, time=10.0, quantity=["final-Q", "final-R"])
    for k, M in enumerate(sizes):
        flow = bn.integrate(problem.replace(batch_size=M), time=10.0, points=2)
        # Both are within 1e-8 a step of the same flow.
        assert float(swept["final_Q"][k]) == pytest.approx(flow.Q[-1], abs=1e-6)
        assert float(swept["final_R"][k]) == pytest.approx(flow.R[-1], abs=1e-6)
    assert np.ptp(swept["final_Q"].values) > 1e-3  # the sizes differ by more than that


def test_a_batch_size_without_a_flow_is_refused():
    with pytest.raises(ValueError, match=r"batch_size=2: the flow of scheme='bn'.*at least 4"):
        bn.sweep(bn.Problem(), batch_size=[8, 2])


def test_auto_decay_follows_the_batch_size():
    made = bn.sweep(bn.Problem(scheme="pn"), batch_size=[2, 8], eta=[0.01], time=5000.0,
                    quantity="final-Q,eta-max,largest-eta")  # fmt: skip
    zeta = 3 / (8 * np.array([2, 8]))
    assert made["eta_max"].values.ravel() == pytest.approx(
        2 * np.array([2, 8]) * (1 + 2 * zeta), rel=1e-6
    )
    largest = made["eta_max"].values.ravel()[:, None] * (1 + 2 * zeta)[:, None]
    assert made["largest_eta"].values == pytest.approx(largest, rel=1e-6)
    assert made["final_Q"].values.ravel() == pytest.approx(1 / (1 + 2 * zeta), rel=2e-3)


def test_time_is_a_range_as_well_and_datasets_have_its_dimension():
    problem = bn.Problem(scheme="wn")
    made = bn.sweep(problem, eta=[0.5, 1.0], time=[1.0, 3.0], quantity=["final-R"])
    flow = bn.integrate(problem, times=[1.0, 3.0])
    assert made["final_R"].values[0] == pytest.approx(flow.R, abs=1e-7)
    assert made["final_R"].dims == ("eta", "time")


@pytest.mark.parametrize(("arguments", "message"), [
    ({"eta": [0.0, 1.0]}, "eta=0.0"), ({"eta": [1.0, math.nan]}, "eta=nan"),
    ({"batch_size": [4.0, 2.5]}, "batch_size=2.5"), ({"zeta": [-1]}, "zeta=-1.0"),
    ({"quantity": "wrong"}, "quantity='wrong'"), ({"quantity": "time-to:-1"}, "time-to:-1"),
    ({"time": -1.0}, "time=-1.0"), ({"time": [1.0, 0.0]}, "time=0.0"),
    ({"colour": [1.0]}, "colour"), ({"eta": ["x"]}, "eta="), ({"rtol": 1.0}, "rtol=1.0"),
])  # fmt: skip
def test_bad_input_names_the_parameter(arguments, message):
    with pytest.raises(ValueError, match=message):
        bn.sweep(bn.Problem(), **arguments)


def test_a_scheme_without_gamma_has_no_ranges_of_what_it_lacks():
    for name in ("l0", "zeta"):
        with pytest.raises(ValueError, match=name):
            bn.sweep(bn.Problem(scheme="sgd"), **{name: [0.5, 1.0]})


@pytest.mark.parametrize("parameters", [{"scheme": "sgd"}, {"scheme": "wn", "noise": 0.2}])
def test_the_best_rate_is_better_than_its_neighbours(parameters):
    problem = bn.Problem(**parameters)
    best = bn.best_learning_rate(problem, time=10.0)
    assert not best.at_edge

    def error(eta):
        return bn.integrate(problem.replace(eta=eta), times=[10.0], rtol=1e-11).error[0]

    assert best.error == pytest.approx(error(best.eta), rel=1e-6)
    assert min(error(best.eta * f) for f in (0.5, 0.97, 1.03, 2.0)) > best.error


def test_the_schedule_is_locally_optimal():
    """At a state on the way no constant rate lowers the error more in a short time."""
    problem = bn.Problem(scheme="wn", noise=0.2)
    schedule = bn.optimal_schedule(problem, time=10.0, points=3)
    flow = Dynamics(problem)
    state = {"q0": schedule.Q[1], "r0": schedule.R[1], "l0": schedule.L[1]}
    best = best_rate(flow, np.array(list(state.values())))
    assert best == pytest.approx(schedule.eta[1], rel=1e-4)

    def error(eta):
        short = problem.replace(eta=eta, **state)
        return bn.integrate(short, times=[1e-4], rtol=1e-12, atol=1e-14).error[0]

    assert error(best) < min(error(best * f) for f in (0.8, 0.95, 1.05, 1.25))


def test_a_schedule_gains_over_the_best_constant_rate_with_noise():
    made = schedule_with_gain(bn.Problem(scheme="sgd", noise=0.25), time=20.0, points=5)
    assert made.gain > 1.2
    assert made.eta[-1] < made.eta[0]


def test_boundary_of_a_map_is_the_largest_stable_rate():
    made = bn.sweep(bn.Problem(scheme="pn", batch_size=1), eta=np.geomspace(0.5, 20, 8),
                    zeta=np.linspace(0, 1, 5), time=2.0, quantity="final-error")  # fmt: skip
    x, y = _boundary(bn.Sweep(made), ["eta", "zeta"])
    assert x == pytest.approx(2 * (1 + 2 * y) ** 2, rel=1e-6)  # at L = 1, eta_eff = eta Q0


def run(*arguments):
    return CliRunner().invoke(command, list(arguments))


def test_commands_print_the_interface_and_draw(tmp_path):
    picture, data = tmp_path / "map.png", tmp_path / "map.nc"
    made = run("sweep", "--scheme", "pn", "--eta", "0.1:4:5:log", "--zeta", "0,0.1", "--json",
               "--time", "3", "--quantity", "final-error,time-to:0.1", "--output", str(picture),
               "--output", str(data))  # fmt: skip
    result = json.loads(made.stdout)
    assert made.exit_code == 0
    assert {"problem", "grid", "rows", "failed", "store"} <= result.keys()
    assert len(result["rows"]) == 10
    assert picture.stat().st_size > 5000
    assert data.stat().st_size > 1000
    found = run("fixed-points", "--scheme", "wn", "--json")
    assert json.loads(found.stdout)["points"][0]["L"] is None
    table = run("fixed-points", "--table", "--json")
    assert json.loads(table.stdout)["table"][0]["symbolic"]["Q0"] == "1/(2*zeta + 1)"
    best = run("sweep", "--best", "eta", "--scheme", "sgd", "--time", "5", "--json")
    assert json.loads(best.stdout)["rows"][0]["eta"] > 0


@pytest.mark.parametrize("arguments", [
    ("sweep", "--eta", "a:b"), ("sweep", "--eta", "0:1:3"), ("sweep", "--quantity", "x"),
    ("sweep", "--eta", "1:2:3", "--zeta", "0:1:3", "--noise", "0,1", "--output", "x.png"),
    ("sweep", "--best", "eta", "--schedule"), ("fixed-points", "--eta", "1/(1+t)"),
    ("fixed-points", "--follow", "zeta"), ("fixed-points", "--table", "--check"),
])  # fmt: skip
def test_bad_options_end_with_exit_2_and_one_message(arguments):
    made = run(*arguments)
    assert made.exit_code == 2
    assert "Traceback" not in made.output
