"""The JavaScript of a flow against its Python: both are prints of one model."""

import json
import math
from functools import cache

import bntheory as bn
import numpy as np
import pytest
from bntheory.odes.derivation.drift import derive_drift
from bntheory.odes.equations.javascript import javascript_flow, runtime
from bntheory.odes.flow.flow_kernels import parameters
from bntheory.odes.source.flow_source import flow_source
from bntheory.odes.source.system_module import RENAMED
from bntheory.odes.tables.chebyshev import look_up, scale_axis
from bntheory.teacher_student import normal_quadrature
from hypothesis import given, settings
from hypothesis import strategies as st
from py_mini_racer import MiniRacer

#: Closed forms, a schedule, tables of one and of two axes, quadratures smooth and with kinks.
CASES = {
    "closed": bn.Problem("relu", scheme="pn", noise=0.2, batch_size=4),
    "own formula": bn.Problem("erf", scheme="gamma*a/sqrt(n2/N+1)+beta", train_beta=True),
    "schedule": bn.Problem("identity", scheme="sgd", eta="1/(1+t)"),
    "table": bn.Problem("relu", scheme="bn", batch_size=8),
    "table of two axes": bn.Problem("tanh", scheme="bn", batch_size=8),
    "quadrature": bn.Problem("tanh", scheme="wn", noise=0.1),
    "kinks": bn.Problem("min(max(h,-1),1)", scheme="sgd"),
}


@cache
def both(case):
    """The functions of the Python text, run by Python, and an engine that holds the other."""
    derivation = derive_drift(CASES[case])
    names = {"math": math, "np": np, "kernel": lambda f: f, "look_up": look_up}
    names |= {"scale_axis": scale_axis} | vars(normal_quadrature) | {"kernel": lambda f: f}
    exec(flow_source(derivation), names)
    js = MiniRacer()
    js.eval(runtime("special", "quadrature", "chebyshev"))
    js.eval(f"const flow = ({javascript_flow(derivation)})((moments) => moments);")
    p = parameters(CASES[case])
    record = dict(zip((s.name for s in RENAMED.values()), p.tolist(), strict=False))
    js.eval(f"const p = {json.dumps(record | {'table': p[len(record) :].tolist()})};")
    js.eval("""function all(t, y) {
      const dy = new Float64Array(flow.size), J = y.map(() => new Float64Array(flow.size));
      flow.rhs(t, y, p, dy);
      if (flow.hasJacobian) flow.jacobian(t, y, p, J);
      return [[...dy], J.map((row) => [...row]), flow.observables(y)];
    }""")
    return names, js, p


@pytest.mark.parametrize("case", CASES)
@settings(max_examples=5, deadline=None)
@given(
    st.floats(0, 3),
    st.lists(st.floats(0.1, 1.5), min_size=2, max_size=2),
    st.floats(-0.99, 0.99),
    st.floats(0.4, 2),
)
def test_two_languages_compute_one_flow(case, t, scalars, R, L):
    names, js, p = both(case)
    size = names["SIZE"]
    y = np.array([*scalars[: size - 2], R, L])
    dy, J = np.empty(size), np.zeros((size, size))
    names["rhs"](t, y, p, dy)
    if names["HAS_JACOBIAN"]:
        names["jacobian"](t, y, p, J)
    found = json.loads(js.eval(f"JSON.stringify(all({t!r}, {y.tolist()}))"))
    # Rounding errors; closed forms lose digits as |R| comes close to 1, and so may derivatives.
    for ours, theirs in zip(found, (dy, J, names["observables"](y)), strict=True):
        assert np.array(ours, float) == pytest.approx(np.array(theirs), rel=1e-9, abs=1e-10)


def test_a_page_is_told_what_a_flow_has():
    _, js, _ = both("table of two axes")
    facts = "names, size, place, shown, hasJacobian, hasTable, hasRange"
    told = json.loads(js.eval(f"(({{{facts}}}) => JSON.stringify({{{facts}}}))(flow)"))
    assert told == {
        "names": ["gamma", "R", "L"],
        "size": 3,
        "place": {"gamma": 0, "R": 1, "L": 2},
        "shown": ["Q", "error"],
        "hasJacobian": False,
        "hasTable": True,
        "hasRange": True,
    }


def test_averages_that_are_remembered_are_those_of_their_own_rho_and_node():
    js = MiniRacer()
    js.eval(runtime("quadrature"))
    js.eval("let asked = 0; const f = remembered((rho, u) => { asked++; return [rho, u]; });")
    js.eval("const [u, w] = SMOOTH_NODES;")
    asked = "[[0.5, u], [0.5, w], [0.1, u], [0.5, u], [0.5, 0.123], [0.5, 0.123]]"
    js.eval(f"const same = {asked}.every(([rho, x]) => f(rho, x)[0] === rho && f(rho, x)[1] === x)")
    assert js.eval("same")
    # Three of the smooth rule's, once each; what is no node of it is asked for every time.
    assert js.eval("asked") == 3 + 2 * 2
