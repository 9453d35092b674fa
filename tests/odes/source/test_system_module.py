"""The model of a flow's system: lanes are its right-hand side, an observable is one entry."""

import json
import math

import bntheory as bn
import numpy as np
import pytest
from bntheory.codegen.lane_math import acos_lane, asin_lane
from bntheory.odes.derivation import observables as named
from bntheory.odes.derivation.drift import derive_drift
from bntheory.odes.derivation.symbols import G, R, T, V
from bntheory.odes.equations.javascript import javascript_flow, runtime
from bntheory.odes.flow.flow_kernels import parameters
from bntheory.odes.source.flow_source import flow_source, has_lanes, lanes_source
from bntheory.teacher_student import normal_quadrature
from py_mini_racer import MiniRacer


def executed(text, **more):
    """The names of a system's source text, run by Python."""
    names = {"math": math, "np": np, "kernel": lambda f: f, "lane_kernel": lambda f: f} | more
    exec(text, names)
    return names


@pytest.mark.parametrize(
    "problem",
    [
        bn.Problem("relu", scheme="pn", noise=0.3, weight_decay=0.1),
        bn.Problem("erf", scheme="wn"),
        bn.Problem("identity", scheme="sgd", eta="1/(1+t)"),
    ],
    ids=["relu", "erf", "schedule"],
)
def test_lanes_are_the_right_hand_side_of_each(problem):
    derivation = derive_drift(problem)
    names = executed(flow_source(derivation), LANES=5, acos_lane=acos_lane, asin_lane=asin_lane)
    exec(lanes_source(derivation), names)
    rng = np.random.default_rng(0)
    y, t = rng.uniform(0.2, 1.5, (names["SIZE"], 5)), rng.uniform(0, 2, 5)
    y[names["OVERLAP"]] = [-0.9, -0.2, 0.3, 0.99, 1.0 + 1e-16]
    p = np.outer(parameters(problem), rng.uniform(0.5, 1.5, 5))
    dy, one = np.empty_like(y), np.empty(names["SIZE"])
    names["rhs_lanes"](t, y, p, np.empty(0), dy)
    for lane in range(5):
        names["rhs"](t[lane], y[:, lane].copy(), p[:, lane].copy(), one)
        assert dy[:, lane] == pytest.approx(one, rel=1e-12, abs=1e-13)


def test_only_straight_code_has_lanes():
    derivation = derive_drift(bn.Problem("tanh", scheme="wn"))
    assert not has_lanes(derivation)
    assert lanes_source(derivation) == ""


def test_a_new_observable_is_one_entry(monkeypatch):
    # A state's own, one of the teacher, one of both.
    more = {"distance": 1 - R, "overlap": T * V, "product": G * T}
    monkeypatch.setattr(named, "OBSERVABLES", named.OBSERVABLES | more)
    derivation = derive_drift(bn.Problem("relu", scheme="pn"))
    y = np.array([0.7, 0.25, 1.1])
    shown = executed(flow_source(derivation))["observables"](y)
    angle = math.acos(0.25)
    product = 0.7 * (math.sqrt(1 - 0.25**2) + 0.25 * (math.pi - angle)) / (2 * math.pi)
    error = (0.5 + 0.5 * 0.7**2) / 2 - product  # E g(v)^2 = 1/2 of a rectifier
    assert shown == pytest.approx((0.7, error, 0.75, 0.5, product), rel=1e-14)
    js = MiniRacer()
    js.eval(runtime("special"))
    js.eval(f"const flow = ({javascript_flow(derivation)})((moments) => moments);")
    printed = json.loads(js.eval("JSON.stringify(flow.observables([0.7, 0.25, 1.1]))"))
    assert printed == pytest.approx(shown, rel=1e-14)


def test_a_scale_that_quadratures_do_not_resolve_is_no_number():
    names = executed(
        flow_source(derive_drift(bn.Problem("sin(h)", scheme="wn"))),
        **{n: v for n, v in vars(normal_quadrature).items() if n != "kernel"},
    )
    largest = names["LARGEST_SCALE"]
    assert 1 < largest < math.inf
    p, dy = parameters(bn.Problem("sin(h)", scheme="wn")), np.empty(3)
    for scale, finite in ((largest, True), (1.01 * largest, False)):
        names["rhs"](0.0, np.array([scale, 0.5, 1.0]), p, dy)
        assert np.isfinite(dy).all() == finite
